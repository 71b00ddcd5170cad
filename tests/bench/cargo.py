"""Cargo in a temporary folder, and what it takes."""

import os
import pathlib
import resource
import subprocess
import sys
import time

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent.parent


def unhelped():
    """Takes out of the environment what would build less than a user's first build does."""
    for name in ("CARGO_INCREMENTAL", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER"):
        os.environ.pop(name, None)


def run(arguments, folder):
    """What cargo prints; what it says besides is shown only if it fails."""
    # A target folder of its own, whatever else is set.
    environment = {**os.environ, "CARGO_TARGET_DIR": str(folder / "target")}
    done = subprocess.run(["cargo", *arguments], cwd=folder, capture_output=True, text=True, env=environment)
    if done.returncode != 0:
        sys.exit(f"cargo {' '.join(arguments)} failed in {folder}:\n{done.stderr}")
    return done.stdout


def _rustc(*arguments):
    return subprocess.run(["rustc", *arguments], capture_output=True, text=True, check=True).stdout.strip()


def fetch(folder):
    """Has the dependencies here, so that no time is one of a network."""
    # Those of other systems are not built, and need not be here.
    host = next(line.removeprefix("host: ") for line in _rustc("-vV").splitlines() if line.startswith("host: "))
    offline = subprocess.run(["cargo", "fetch", "--offline", "--target", host], cwd=folder, capture_output=True, text=True)
    if offline.returncode != 0:
        print(f"{folder.name}: some crates have to be downloaded first", file=sys.stderr)
        run(["fetch", "--target", host], folder)


def _processor_time():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def timed(arguments, folder):
    """Seconds by the clock, and seconds of processors."""
    before, used = time.monotonic(), _processor_time()
    run(arguments, folder)
    return time.monotonic() - before, _processor_time() - used


def age(path):
    """Dates a file later: one that was changed within the same tick looks as it did."""
    later = time.time() + 1
    os.utime(path, (later, later))


def setting():
    """What was measured with."""
    return f"{_rustc('--version')}, {os.cpu_count()} processors"
