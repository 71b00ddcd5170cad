#!/usr/bin/env python3
"""What sessions cost over real HTTP, beside plain axum and the libraries that would be used instead.

    python3 tests/bench/over_http.py [--quick] [--rounds N] [--seconds N] [--connections N] [--visitors N]

It builds `bench`, starts a server for each library, logs visitors in, looks at the answers, and has wrk send requests: in rounds in
which each library has its turn, so that whatever else the machine does meets all alike. Then the same for ours with each store, and how
many round trips to a store's server a request takes.

A server has one thread on one processor, and wrk one on another. It needs Linux, two processors, and wrk (`apt-get install wrk`). Stores'
servers are looked for at REDIS_URL and POSTGRES_URL, by default on this machine; one that is not there is left out, and that is said.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from figures import Figures, table, verdict
from round_trips import print_round_trips
from served import OURS, PLAIN, Served, build, libraries, on_processor, stopped_at_the_end
from store_servers import StoreServers

SCRIPT = pathlib.Path(__file__).with_name("wrk.lua")
# The name, the method, the path, and whether users send it.
WORKLOADS = (
    ("untouched", "GET", "/untouched", False),
    ("read", "GET", "/value", False),
    ("write", "POST", "/value", False),
    ("guarded, allowed", "GET", "/users", True),
)
BESIDE_STORES = "tower-sessions, memory"
SERVER_PROCESSOR, GENERATOR_PROCESSOR = 0, 1


class Run:
    """What one run of wrk has measured."""

    def __init__(self, server, requests, seconds, p99, processor_time):
        if requests == 0:
            sys.exit(f"{server.name}: wrk has got no answer")
        self.rate = requests / seconds
        self.p99 = p99
        # Microseconds of the server's processor: this means something on a machine that does other things too.
        self.work = processor_time / requests * 1e6
        self.busy = processor_time / seconds * 100


def wrk(server, method, path, cookies, options):
    """Sends for some seconds what a workload is."""
    url = f"http://127.0.0.1:{server.port}{path}"
    command = ["wrk", "-t1", f"-c{options.connections}", f"-d{options.seconds}s", "-s", str(SCRIPT), url, "--", method, str(cookies)]
    before = server.processor_time()
    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=on_processor(GENERATOR_PROCESSOR))
    processor_time = server.processor_time() - before
    figures = re.search(r"^FIGURES (\d+) (\d+) ([\d.]+) (\d+)$", done.stdout, re.MULTILINE)
    if done.returncode != 0 or not figures:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    requests, microseconds, p99, failed = (float(figure) for figure in figures.groups())
    if failed:
        sys.exit(f"{server.name}: {failed:.0f} of {requests:.0f} requests to {path} failed")
    return Run(server, requests, microseconds / 1e6, p99, processor_time)


def measure(servers, folder, options):
    """The runs of each workload and server, a list of rounds each."""
    headers = {}
    for server in servers:
        server.check()
        if server.library != PLAIN:
            headers[server] = server.logged_in_and_not(options.visitors)
    # The plain application is sent what ours is sent.
    as_ours = next(headers[server] for server in servers if server.library == OURS)
    files = {}
    for server in servers:
        for is_user, cookies in enumerate(headers.get(server, as_ours)):
            path = folder / f"cookies-{server.port}-{is_user}"
            path.write_text("".join(line + "\n" for line in cookies))
            files[server, bool(is_user)] = path
    runs = {}
    for workload, method, path, is_user in WORKLOADS:
        # The first round is to get there.
        for number in range(options.rounds + 1):
            turn = number % len(servers)
            for server in servers[turn:] + servers[:turn]:
                run = wrk(server, method, path, files[server, is_user], options)
                if number > 0:
                    runs.setdefault((workload, server), []).append(run)
            print(f"{workload}: round {number} of {options.rounds}", file=sys.stderr)
    for server in servers:
        server.check()
    return runs


def figures(runs, what):
    return Figures([getattr(run, what) for run in runs])


def ratio(runs, base, what):
    """Of two that ran in the same rounds, round by round."""
    return Figures([getattr(run, what) / getattr(other, what) for run, other in zip(runs, base)])


# What is compared, its name in a table, its digits, and what is the best of it.
COMPARED = (("rate", "requests a second", 0, max), ("work", "processor, µs a request", 2, min))


def report(servers, runs, ours, peers):
    """A table for each workload, and those of all: `ours` beside the best of `peers`."""
    plain = next(server for server in servers if server.library == PLAIN)
    for workload, *_ in WORKLOADS:
        of = {server: runs[workload, server] for server in servers}
        rate = {server: figures(of[server], "rate") for server in servers}
        best = max(peers, key=lambda server: rate[server].median)
        print(f"\n### {workload}")
        rows = []
        for server in sorted(servers, key=lambda server: -rate[server].median):
            rows.append([
                server.name,
                rate[server].show(),
                f"{ratio(of[server], of[plain], 'rate').median:.3f}",
                f"{ratio(of[server], of[best], 'rate').median:.3f}",
                figures(of[server], "p99").show(),
                figures(of[server], "work").show(2),
                f"{figures(of[server], 'busy').median:.0f} %",
            ])
        table(["server", "requests a second", "of plain", "of best peer", "p99, µs", "its processor, µs a request", "busy"], rows)
    for what, words, digits, best_of in COMPARED:
        print(f"\n### All: {words}")
        rows = []
        for workload, *_ in WORKLOADS:
            of = {server: runs[workload, server] for server in servers}
            measured = {server: figures(of[server], what) for server in servers}
            best = best_of(peers, key=lambda server: measured[server].median)
            for server in ours:
                beside = ratio(of[server], of[best], what)
                rows.append([
                    workload,
                    server.name,
                    best.name,
                    measured[server].show(digits),
                    measured[best].show(digits),
                    ratio(of[server], of[plain], what).show(3),
                    beside.show(3),
                    verdict(measured[server], measured[best], beside),
                ])
        table(["workload", "ours", "best peer", words, "its", "of plain", "of best peer", ""], rows, words=3)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="two rounds of a second, to see that it works")
    parser.add_argument("--rounds", type=int, help="how often each has its turn (5)")
    parser.add_argument("--seconds", type=int, help="how long a turn is (2)")
    parser.add_argument("--connections", type=int, default=16, help="how many are kept open (16)")
    parser.add_argument("--visitors", type=int, default=256, help="whose cookies are sent in turn (256)")
    options = parser.parse_args()
    options.rounds = options.rounds or (2 if options.quick else 5)
    options.seconds = options.seconds or (1 if options.quick else 2)
    if min(options.rounds, options.seconds, options.connections, options.visitors) < 1:
        parser.error("numbers are 1 or more")
    return options


def main():
    options = arguments()
    if shutil.which("wrk") is None:
        sys.exit("wrk is missing: `apt-get install wrk`, or https://github.com/wg/wrk")
    if not sys.platform.startswith("linux") or len(os.sched_getaffinity(0)) < 2:
        sys.exit("this needs Linux and two processors, one for the server and one for wrk")
    program = build()
    print(
        f"{options.rounds} rounds of {options.seconds} s, {options.connections} connections, {options.visitors} visitors. Medians, ± half "
        "of what the middle half of the rounds lies in; ratios are taken round by round. Servers and wrk have a processor each. "
        "`busy` is how much of its processor a server got and took: with less than 100 %, something else had it, or the server waited."
    )
    with tempfile.TemporaryDirectory(prefix="over-http-") as folder, stopped_at_the_end() as running:
        folder = pathlib.Path(folder)
        stores = StoreServers(folder)
        running.append(stores)

        def serve(*what, **more):
            server = Served(program, *what, processor=SERVER_PROCESSOR, **more)
            running.append(server)
            return server

        print("\n## Libraries")
        servers = [serve(library) for library in libraries(program)]
        by_library = {server.library: server for server in servers}
        peers = [server for server in servers if server.library not in (PLAIN, OURS)]
        report(servers, measure(servers, folder, options), [by_library[OURS]], peers)

        print("\n## Ours, with each store")
        for words in stores.left_out:
            print(f"\n{words}")
        for server in peers:
            if server.library != BESIDE_STORES:
                server.stop()
        ours = [serve(OURS, url, name=f"ours, {name}") for name, url in stores.urls.items()]
        beside = by_library[BESIDE_STORES]
        servers = [by_library[PLAIN], by_library[OURS], *ours, beside]
        report(servers, measure(servers, folder, options), ours, [beside])

        print("\n## Round trips to a store's server")
        print_round_trips(program, stores, 20 if options.quick else 100)


if __name__ == "__main__":
    main()
