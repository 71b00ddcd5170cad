"""The stores that ours is measured with: where they are, and that nothing of it stays there."""

import os
import shutil
import socket
import subprocess
import urllib.parse

DEFAULT_PORTS = {"redis": 6379, "rediss": 6379, "postgres": 5432, "postgresql": 5432}
SERVERS = (
    ("PostgreSQL", "POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/postgres"),
    ("Redis", "REDIS_URL", "redis://127.0.0.1:6379"),
)
# Names of their own, so that nobody else's sessions are met. The process's number keeps two runs apart.
TABLE = f"muffin_session_bench_{os.getpid()}"
PREFIX = f"muffin-session-bench-{os.getpid()}:"


def host_and_port(url):
    parts = urllib.parse.urlsplit(url)
    return parts.hostname or "127.0.0.1", parts.port or DEFAULT_PORTS.get(parts.scheme, 0)


def at(url, host, port):
    """The same URL with another place."""
    parts = urllib.parse.urlsplit(url)
    user, at_sign, _ = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user}{at_sign}{host}:{port}").geturl()


def with_parameter(url, name, value):
    parts = urllib.parse.urlsplit(url)
    query = "&".join(filter(None, [parts.query, f"{name}={value}"]))
    # A slash before the parameters, for URLs that end with the port.
    return parts._replace(path=parts.path or "/", query=query).geturl()


class StoreServers:
    """URLs of stores by their names, and why others are left out."""

    def __init__(self, folder):
        self.urls = {"memory": "memory:", "SQLite": f"sqlite:{folder / 'sessions.db'}"}
        # Those with a server.
        self.servers = {}
        self.left_out = []
        for name, variable, default in SERVERS:
            url = os.environ.get(variable, default)
            host, port = host_and_port(url)
            try:
                socket.create_connection((host, port), timeout=2).close()
            except OSError as error:
                self.left_out.append(f"LEFT OUT: {name}. Nothing answers at {host}, port {port} ({error}); {variable} says another place.")
                continue
            parameter = ("table", TABLE) if name == "PostgreSQL" else ("prefix", PREFIX)
            self.servers[name] = url
            self.urls[name] = with_parameter(url, *parameter)

    def stop(self):
        """Removes what was kept."""
        if url := self.servers.get("PostgreSQL"):
            self._remove("psql", url, "-qc", f"drop table if exists {TABLE}", stays=f"the table {TABLE}")
        if url := self.servers.get("Redis"):
            # Keys of all slots of a cluster are not on one server, but then the URL would be another.
            remove = "for _, key in ipairs(redis.call('keys', ARGV[1] .. '*')) do redis.call('unlink', key) end"
            self._remove("redis-cli", "-u", url, "eval", remove, "0", PREFIX, stays=f"keys that begin with {PREFIX}")

    @staticmethod
    def _remove(*command, stays):
        if shutil.which(command[0]) is None:
            print(f"{command[0]} is not here: {stays} stay at the server, until somebody removes them.")
            return
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            print(f"{stays} stay at the server: {done.stderr.strip()}")
