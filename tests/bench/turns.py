"""A proxy before a server that counts turns: how often a client speaks after the server did. Each is a round trip that somebody waits for."""

import socket
import threading
import time


class TurnCounter:
    """Listens on a free port, and passes on to `host` and `port` what comes. It is for requests one after the other.

    `delay` is how many seconds each turn takes longer than it would: who waits for one is seen by how long that takes.
    """

    def __init__(self, host, port):
        self.delay = 0
        self._server = (host, port)
        self._lock = threading.Lock()
        self._turns = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def turns(self):
        with self._lock:
            return self._turns

    def close(self):
        self._listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # closed
                return
            server = socket.create_connection(self._server)
            for one in (client, server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # Who spoke last on this connection; both pumps change it.
            last = {"speaker": None}
            for source, target, speaker in ((client, server, "client"), (server, client, "server")):
                threading.Thread(target=self._pump, args=(source, target, speaker, last), daemon=True).start()

    def _pump(self, source, target, speaker, last):
        try:
            while data := source.recv(1 << 16):
                with self._lock:
                    begins = speaker == "client" and last["speaker"] != "client"
                    self._turns += begins
                    last["speaker"] = speaker
                if begins:
                    time.sleep(self.delay)
                target.sendall(data)
        except OSError:
            pass
        finally:
            for one in (source, target):
                try:
                    one.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
