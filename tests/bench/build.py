#!/usr/bin/env python3
"""What sessions cost to build, and what is built: the README's program, the same with axum-login, and its pages without sessions.

    python3 tests/bench/build.py [--quick] [--rounds N] [--clean-rounds N]

It writes the three crates into a temporary folder, with the dependencies that their documentations say and the versions of this
repository's `Cargo.lock`, downloads what is missing, and builds each in turns: from nothing, and after an edit. Each is started and seen
to do the same. Then it measures what guards cost an application of 200 handlers (`compile_time.py`, which runs alone too).

It takes a quarter of an hour. Wall times mean something on a machine that does nothing else; processor times do elsewhere too.
"""

import argparse
import os
import pathlib
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time

import cargo
import compile_time
from figures import Figures, table, verdict
from served import Visitor

PROGRAMS = pathlib.Path(__file__).with_name("programs")
PLAIN, OURS, PEER = "plain axum", "muffin-session", "axum-login"
ADDRESS = "127.0.0.1:3000"
PROFILES = {"dev": ([], "debug"), "release": (["--release"], "release")}

MANIFEST = """\
[package]
name = "app"
version = "0.0.0"
edition = "2024"

[workspace]

[dependencies]
axum = "0.8"
serde = { version = "1", features = ["derive"] }
tokio = { version = "1", features = ["macros", "net", "rt-multi-thread"] }
"""


class Program:
    """One of the three, in a folder of its own."""

    def __init__(self, name, folder, source, dependencies):
        self.name = name
        self.folder = folder / name.replace(" ", "-")
        self.main = self.folder / "src" / "main.rs"
        self._target = self.folder / "target"
        self.main.parent.mkdir(parents=True)
        (self.folder / "Cargo.toml").write_text(MANIFEST + dependencies)
        shutil.copy(cargo.REPOSITORY / "Cargo.lock", self.folder / "Cargo.lock")
        self.source = source.read_text()
        if self.source.count(ADDRESS) != 1:
            sys.exit(f"{source} does not listen at {ADDRESS}")
        self.port = free_port()
        self.text = self.source.replace(ADDRESS, f"127.0.0.1:{self.port}")
        self.main.write_text(self.text)
        cargo.fetch(self.folder)

    def lines(self):
        lines = (line.strip() for line in self.source.splitlines())
        return sum(1 for line in lines if line and not line.startswith("//"))

    def crates(self):
        """The crates that it is built of, but for itself."""
        tree = cargo.run(["tree", "--offline", "--edges", "normal,build", "--prefix", "none"], self.folder)
        return {line.split()[0] for line in tree.splitlines() if line} - {"app"}

    def binary(self, profile):
        return self._target / PROFILES[profile][1] / "app"

    def build(self, profile):
        """Seconds by the clock, and of processors."""
        return cargo.timed(["build", "--offline", *PROFILES[profile][0]], self.folder)

    def build_from_nothing(self, profile):
        shutil.rmtree(self._target / PROFILES[profile][1], ignore_errors=True)
        return self.build(profile)

    def build_after_edit(self, profile, number):
        """A handler says something else."""
        edited = self.text.replace("0 for Ann, 1 for Bob", f"0 for Ann, 1 for Bob, edit {number}")
        if edited == self.text:
            sys.exit(f"{self.name}: its login page has changed, so that it cannot be edited")
        self.main.write_text(edited)
        cargo.age(self.main)
        return self.build(profile)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def programs(folder):
    session = (cargo.REPOSITORY / "session").as_posix()
    return (
        Program(PLAIN, folder, PROGRAMS / "plain.rs", ""),
        Program(OURS, folder, cargo.REPOSITORY / "examples/minimal/src/main.rs", f'muffin-session = {{ path = "{session}" }}\n'),
        Program(PEER, folder, PROGRAMS / "axum_login.rs", 'axum-login = "0.18"\ntower-sessions = "0.14"\n'),
    )


def check(program):
    """Ends everything unless a program does what the README's does."""
    environment = {**os.environ, "SESSION_SECRET": secrets.token_urlsafe(48)}
    process = subprocess.Popen([program.binary("release")], env=environment)
    try:
        visitor = Visitor(program.port)
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", program.port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        else:
            sys.exit(f"{program.name} has not started: what it said stands above")
        steps = [
            (("GET", "/login"), 200, "<form", None),
            (("POST", "/login?next=%2Fadmin", "id=0"), 303, "", "/admin"),
            (("GET", "/"), 200, "Hello, Ann", None),
            (("GET", "/admin"), 200, "Admins only", None),
            (("POST", "/logout"), 303, "", "/login"),
        ]
        if program.name != PLAIN:
            refused = (303, 307)
            steps = [
                (("GET", "/admin"), refused, "", "/login?next=%2Fadmin"),
                *steps,
                (("GET", "/"), refused, "", "/login?next=%2F"),
                (("POST", "/login?next=%2F", "id=1"), 303, "", "/"),
                (("GET", "/"), 200, "Hello, Bob", None),
                (("GET", "/admin"), refused, "", "/login"),
            ]
        for request, status, text, location in steps:
            answer = visitor.ask(*request)
            statuses = status if isinstance(status, tuple) else (status,)
            goes = visitor.location if location else None
            is_there = location is None or goes is not None and goes.startswith(location)
            if answer[0] not in statuses or text not in answer[1] or not is_there:
                sys.exit(f"{program.name}: {' '.join(request)} is answered with {answer}, location {goes}; wanted: {status} {text!r} {location}")
    finally:
        process.terminate()
        process.wait()


def measure(all_programs, build, rounds):
    """What building takes, by program: times by the clock, and of processors."""
    taken = {program.name: [] for program in all_programs}
    for number in range(rounds):
        turn = number % len(all_programs)
        for program in all_programs[turn:] + all_programs[:turn]:
            taken[program.name].append(build(program, number))
    return {name: [Figures(times) for times in zip(*taken)] for name, taken in taken.items()}


def time_rows(title, measured):
    rows = []
    for place, unit in enumerate(("clock", "processors")):
        plain, ours, peer = (measured[name][place] for name in (PLAIN, OURS, PEER))
        ratio = f"{ours.median / peer.median:.2f}"
        rows.append([title, unit, plain.show(2), ours.show(2), peer.show(2), ratio, verdict(ours, peer)])
    return rows


def print_builds(all_programs, options):
    rows = []
    for profile in PROFILES:
        print(f"from nothing, {profile}", file=sys.stderr)
        clean = measure(all_programs, lambda program, _: program.build_from_nothing(profile), options.clean_rounds)
        rows += time_rows(f"from nothing, {profile}", clean)
    for program in all_programs:
        check(program)
    sizes = size_rows(all_programs)
    for profile in PROFILES:
        print(f"after an edit, {profile}", file=sys.stderr)
        edited = measure(all_programs, lambda program, number: program.build_after_edit(profile, number), options.rounds)
        rows += time_rows(f"after an edit, {profile}", edited)
    print("\n## The README's program: seconds to build")
    print(f"\nMedians of {options.clean_rounds} from nothing, {options.rounds} after an edit, ± half of what the middle half of them lies in.")
    table(["a build", "time", PLAIN, OURS, PEER, "ours / its", ""], rows, words=2)
    print("\n## The README's program: what is built")
    table(["", PLAIN, OURS, PEER, "ours / its"], sizes)


def size_rows(all_programs):
    plain, ours, peer = all_programs
    rows = []

    def row(title, values):
        rows.append([title, *(f"{value:,}" for value in values), f"{values[1] / values[2]:.2f}"])

    row("lines of code", [program.lines() for program in all_programs])
    base = plain.crates()
    row("crates over plain axum", [len(program.crates() - base) for program in all_programs])
    row("kB, release, stripped", [stripped(program) // 1000 for program in all_programs])
    row("kB, release", [program.binary("release").stat().st_size // 1000 for program in all_programs])
    row("kB, dev", [program.binary("dev").stat().st_size // 1000 for program in all_programs])
    only = sorted(ours.crates() - base), sorted(peer.crates() - base)
    for program, names in zip((ours, peer), only):
        print(f"{program.name} adds: {', '.join(names)}", file=sys.stderr)
    return rows


def stripped(program):
    copy = program.folder / "stripped"
    subprocess.run(["strip", "-o", copy, program.binary("release")], check=True)
    return copy.stat().st_size


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one build of each kind, to see that it works")
    parser.add_argument("--rounds", type=int, help="builds after an edit (5)")
    parser.add_argument("--clean-rounds", type=int, help="builds from nothing (3)")
    options = parser.parse_args()
    options.rounds = options.rounds or (1 if options.quick else 5)
    options.clean_rounds = options.clean_rounds or (1 if options.quick else 3)
    if min(options.rounds, options.clean_rounds) < 1:
        parser.error("numbers are 1 or more")
    return options


def main():
    options = arguments()
    if shutil.which("strip") is None:
        sys.exit("strip is missing: `apt-get install binutils`")
    cargo.unhelped()
    print(cargo.setting(), flush=True)
    with tempfile.TemporaryDirectory(prefix="build-") as folder:
        print_builds(programs(pathlib.Path(folder)), options)
    compile_time.print_cost(options.rounds)


if __name__ == "__main__":
    main()
