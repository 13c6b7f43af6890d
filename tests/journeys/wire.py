"""The network between a tablet and the clinic, as a test cuts it, mends it and lets it lose an answer."""

import contextlib
import socket
import threading
from typing import Final

_CHUNK: Final = 65536
_ACCEPT_SECONDS: Final = 0.2


class Wire:
    """Passes a browser's connections on to a clinic on this machine, until it is cut.

    A cut wire takes no byte in either direction, for pages, scripts and the service worker alike.
    """

    def __init__(self, port: int) -> None:
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(_ACCEPT_SECONDS)
        self.address = f"http://localhost:{self._listener.getsockname()[1]}"
        self._is_cut = self._is_over = False
        self._loses: bytes | None = None
        # Set once an answer was lost.
        self.has_lost = threading.Event()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Break every connection, and let none through."""
        self._is_cut = True
        with self._lock:
            opened = list(self._open)
        for each in opened:
            _close(each)

    def mend(self) -> None:
        """Let connections through again."""
        self._is_cut = False

    def lose_the_answer_to(self, request_line: str) -> None:
        """Let the next request that begins like this through, and cut the wire when the clinic answers it."""
        self._loses = request_line.encode()

    def close(self) -> None:
        """End it."""
        self._is_over = True
        self.cut()
        self._listener.close()

    def _accept(self) -> None:
        while not self._is_over:
            try:
                near, _ = self._listener.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            if self._is_cut:
                _close(near)
                continue
            far = socket.create_connection(("127.0.0.1", self._to))
            with self._lock:
                self._open |= {near, far}
            loses = threading.Event()
            threading.Thread(target=self._there, args=(near, far, loses), daemon=True).start()
            threading.Thread(target=self._back, args=(far, near, loses), daemon=True).start()

    def _there(self, near: socket.socket, far: socket.socket, loses: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while part := near.recv(_CHUNK):
                if self._loses is not None and part.startswith(self._loses):
                    self._loses = None
                    loses.set()
                far.sendall(part)
        self._end(near, far)

    def _back(self, far: socket.socket, near: socket.socket, loses: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while part := far.recv(_CHUNK):
                if loses.is_set():
                    # The clinic answers after its commit, so what was asked for is done.
                    self.cut()
                    self.has_lost.set()
                    return
                near.sendall(part)
        self._end(near, far)

    def _end(self, *sockets: socket.socket) -> None:
        for each in sockets:
            _close(each)
        with self._lock:
            self._open -= set(sockets)


def _close(each: socket.socket) -> None:
    with contextlib.suppress(OSError):
        each.shutdown(socket.SHUT_RDWR)
    each.close()
