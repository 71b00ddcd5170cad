"""An application that `bench serve` serves, its visitors, and what it has to answer."""

import contextlib
import http.client
import json
import os
import pathlib
import subprocess
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent.parent
PLAIN = "plain"
OURS = "muffin-session"

# What a browser sends with each request to its own site.
OWN_SITE = {"Host": "localhost", "Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}

TICKS = os.sysconf("SC_CLK_TCK")


def build():
    """The program, built: its path."""
    command = ["cargo", "build", "--release", "-p", "muffin-session-bench", "--features", "stores"]
    done = subprocess.run([*command, "--message-format=json-render-diagnostics"], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed")
    for line in done.stdout.splitlines():
        message = json.loads(line)
        if message.get("executable") and message["target"]["name"] == "bench":
            return message["executable"]
    sys.exit("cargo did not say where it has built `bench`")


def libraries(program):
    """What can be served: the application without sessions, ours, the peers."""
    return subprocess.run([program, "libraries"], stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()


def on_processor(number):
    """For a process to begin with: it and its threads stay there, so that the server and the generator do not take turns on one."""
    return lambda: os.sched_setaffinity(0, {number}) if number is not None else None


class Visitor:
    """One browser on one kept connection."""

    def __init__(self, port):
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        self._jar = {}
        # Where the last answer has sent it.
        self.location = None

    def ask(self, method, path, form=None):
        """The status and the text of the answer; its cookies are kept."""
        headers = dict(OWN_SITE)
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        if self._jar:
            headers["Cookie"] = self.cookies()
        self._connection.request(method, path, body=form, headers=headers)
        answer = self._connection.getresponse()
        self.location = answer.headers.get("Location")
        for cookie in answer.headers.get_all("Set-Cookie", []):
            pair, _, attributes = cookie.partition(";")
            name, _, value = pair.partition("=")
            if "Max-Age=0" in attributes:
                self._jar.pop(name, None)
            else:
                self._jar[name] = value
        return answer.status, answer.read().decode()

    def forget(self):
        """As if it had never been here."""
        self._jar.clear()

    def cookies(self):
        return "; ".join(f"{name}={value}" for name, value in self._jar.items())


class Served:
    """A server of one library in a process of its own."""

    def __init__(self, program, library, store=None, name=None, processor=None):
        self.library = library
        self.name = name or library
        arguments = [library, *([store] if store else []), "127.0.0.1:0"]
        self._process = subprocess.Popen(
            [program, "serve", *arguments], stdout=subprocess.PIPE, text=True, preexec_fn=on_processor(processor)
        )
        address = self._process.stdout.readline().strip()
        if not address:
            sys.exit(f"the server of {self.name} has not started: what it said stands above")
        self.port = int(address.rpartition(":")[2])

    def stop(self):
        self._process.terminate()
        self._process.wait()

    def processor_time(self):
        """Seconds of a processor that it has taken so far, in all its threads."""
        text = pathlib.Path(f"/proc/{self._process.pid}/stat").read_text()
        user, system = text.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / TICKS

    def visitor(self):
        return Visitor(self.port)

    def logged_in_and_not(self, count):
        """The Cookie headers of so many guests who have a value, and of so many users."""
        visitor = self.visitor()
        headers = []
        for path in ("/begin", "/login"):
            headers.append([])
            for _ in range(count):
                visitor.forget()
                status, text = visitor.ask("POST", path)
                self._expect("POST " + path, (status, text), (200, "ok"))
                headers[-1].append(visitor.cookies())
                if not headers[-1][-1]:
                    sys.exit(f"{self.name}: POST {path} has set no cookie")
        return headers

    def check(self):
        """Ends the program unless every workload is answered as its name says."""
        guest = self.visitor()
        if self.library != PLAIN:
            self._expect("no cookie, GET /value", guest.ask("GET", "/value"), (200, "none"))
            status, _ = guest.ask("GET", "/users")
            if status not in (302, 303, 307, 401):
                sys.exit(f"{self.name}: GET /users by nobody is answered with {status}")
            guest.forget()
            self._expect("POST /begin", guest.ask("POST", "/begin"), (200, "ok"))
        self._expect("GET /value", guest.ask("GET", "/value"), (200, "7"))
        self._expect("GET /untouched", guest.ask("GET", "/untouched"), (200, "untouched"))
        self._expect("POST /value", guest.ask("POST", "/value"), (200, "ok"))
        user = self.visitor()
        if self.library != PLAIN:
            self._expect("GET /value after it", guest.ask("GET", "/value"), (200, "8"))
            self._expect("POST /login", user.ask("POST", "/login"), (200, "ok"))
        self._expect("GET /users", user.ask("GET", "/users"), (200, "ann"))

    def _expect(self, what, answer, wanted):
        if answer != wanted:
            sys.exit(f"{self.name}: {what} is answered with {answer}, and not with {wanted}")


@contextlib.contextmanager
def stopped_at_the_end():
    """A list of what is to be stopped, whatever happens."""
    running = []
    try:
        yield running
    finally:
        for one in running:
            one.stop()
