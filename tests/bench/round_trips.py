"""How many round trips to a store's server a request takes, counted by a proxy before it."""

import statistics
import sys
import time

from figures import table
from served import OURS, Served
from store_servers import at, host_and_port
from turns import TurnCounter

# The name, the method, the path, whether the visitor is new each time, and what is promised.
REQUESTS = (
    ("asks for no session", "GET", "/untouched", False, 0),
    ("reads", "GET", "/value", False, 1),
    ("is guarded, by a user", "GET", "/users", False, 1),
    ("reads and writes", "POST", "/value", False, 2),
    ("a new visitor's first data", "POST", "/begin", True, 1),
    ("a new visitor's login", "POST", "/login", True, 1),
)


# How much longer than usual a turn takes while it is measured who waits, in seconds.
DELAY = 0.005
# For how long nobody asks after a request: what a store's client does on its own is over then.
PAUSE = 0.015
# For so long that a client may ask its connection first whether it is alive.
REST = 0.25
RESTED_COUNT = 10


def print_round_trips(program, stores, count):
    """Ends the program if a request waits for more or less than is promised."""
    rows = []
    broken = []
    for name, url in stores.servers.items():
        counter = TurnCounter(*host_and_port(url))
        server = Served(program, OURS, at(stores.urls[name], "127.0.0.1", counter.port), name=f"ours, {name}")
        try:
            for request, method, path, is_new, promised in REQUESTS:
                turns, waited, rested = measure(counter, server.visitor(), method, path, is_new, count)
                rows.append([name, request, str(promised), f"{waited:.2f}", f"{rested:.2f}", f"{turns:.2f}"])
                if round(waited) != promised:
                    broken.append(f"{name}: a request that {request} waits for {waited:.2f} round trips, and not for {promised}")
        finally:
            server.stop()
            counter.close()
    for words in stores.left_out:
        print(f"\n{words}")
    if rows:
        print(
            f"\nOf {count} requests, one after the other. `waited for` is by how much a request takes longer, the median, if each round "
            f"trip takes {DELAY * 1000:.0f} ms longer, and then the same after a rest of {REST} s. What is made besides, nobody waits for."
        )
        table(["store", "a request that", "promised", "waited for", "after a rest", "made in all"], rows, words=2)
    print("A store in memory or in a file has no server.")
    if broken:
        sys.exit("\n".join(broken))


def measure(counter, visitor, method, path, is_new, count):
    """The turns of a request, how many of them it waits for, and how many after a rest."""
    if not is_new:
        # A user with a value.
        visitor.ask("POST", "/login")
        visitor.ask("POST", "/value")

    def seconds(pause):
        if is_new:
            visitor.forget()
        begun = time.monotonic()
        status, text = visitor.ask(method, path)
        took = time.monotonic() - begun
        if status != 200:
            sys.exit(f"{method} {path} is answered with {status}: {text}")
        time.sleep(pause)
        return took

    def median(delay, pause, times):
        counter.delay = delay
        # Connections are made and statements prepared with the first ones.
        for _ in range(5):
            seconds(pause)
        before = counter.turns
        taken = [seconds(pause) for _ in range(times)]
        return statistics.median(taken), (counter.turns - before) / times

    usual, turns = median(0, PAUSE, count)
    longer, _ = median(DELAY, PAUSE, count)
    after_a_rest, _ = median(DELAY, REST, RESTED_COUNT)
    counter.delay = 0
    return turns, (longer - usual) / DELAY, (after_a_rest - usual) / DELAY
