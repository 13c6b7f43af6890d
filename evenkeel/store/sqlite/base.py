"""SQLite, where the threads of one process take turns to write.

One connection writes to an SQLite file at a time. By itself SQLite lets the others sleep and look again, up
to a tenth of a second later each (`sqliteDefaultBusyCallback` in its src/main.c), in no order: with many
chairs the file is free while everybody sleeps, and somebody is passed over until only an error is left. Here
a transaction waits for its turn first. Another process is waited for as before.
"""

from typing import Any, Final

from django.db.backends.sqlite3 import base
from django.db.utils import OperationalError

from evenkeel.store.turns import Turns

# One for each file: tests and tools open several.
_TURNS: Final[dict[str, Turns]] = {}


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's own, with a turn taken from the beginning of a transaction to its end."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._turns: Turns | None = None

    def _start_transaction_under_autocommit(self) -> None:
        # Two threads that come first at the same moment get the same one.
        turns = _TURNS.setdefault(str(self.settings_dict["NAME"]), Turns())
        if not turns.take(self.settings_dict["OPTIONS"]["timeout"]):
            raise OperationalError("database is locked")
        self._turns = turns
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]  # Django's own, without a stub
        except BaseException:
            self._end_turn()
            raise

    def _end_turn(self) -> None:
        turns, self._turns = self._turns, None
        if turns is not None:
            turns.give()

    def _commit(self) -> None:
        super()._commit()  # type: ignore[misc]  # Django's own, without a stub
        self._end_turn()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]  # Django's own, without a stub
        finally:
            self._end_turn()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]  # Django's own, without a stub
        finally:
            self._end_turn()
