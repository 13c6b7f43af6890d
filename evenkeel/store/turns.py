"""Turns: a lock that is handed on in the order in which it was asked for."""

from collections import deque
from threading import Lock


class Turns:
    """Who may go on next, among the threads of one process; as many at once as there are places."""

    def __init__(self, places: int = 1) -> None:
        self._guard = Lock()
        self._free = places
        self._waiting: deque[Lock] = deque()

    def take(self, seconds: float) -> bool:
        """Wait for a turn, at most so long; whether it came. Who took one must give it back."""
        with self._guard:
            if self._free:
                self._free -= 1
                return True
            called = Lock()
            called.acquire()
            self._waiting.append(called)
        if called.acquire(timeout=seconds):
            return True
        with self._guard:
            if called in self._waiting:
                self._waiting.remove(called)
                return False
        # It was called in the moment in which it stopped waiting.
        return True

    def give(self) -> None:
        """Hand the turn to whoever has waited longest."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1
