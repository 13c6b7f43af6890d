"""The `evenkeel` command: serve a clinic, play a demo one, verify the record; `pk` is for science."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from evenkeel.config.dose_command import dose
from evenkeel.config.pharmacology_commands import pharmacology

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
app.add_typer(pharmacology, name="pk")
app.command()(dose)
console = Console()

Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(help="Port to listen on.")]


def _django() -> None:
    """Load settings and apps; left until a command needs them, since they take a second."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evenkeel.config.settings")
    import django

    django.setup()


def _migrate() -> None:
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)


@app.command()
def migrate() -> None:
    """Make or update the tables."""
    _django()
    _migrate()
    console.print("The database is up to date.")


def _serve_or_explain(host: str, port: int, before: Callable[[], None] = lambda: None) -> None:
    from evenkeel.clinical.limits import RulebookError
    from evenkeel.clinical.scales.tables import ScaleError
    from evenkeel.config.monitor_socket import UnsafeSocket
    from evenkeel.config.serving import serve as serve_clinic
    from evenkeel.store.durability import UnsafeDatabase, require_durable

    try:
        require_durable()
        before()
        serve_clinic(host, port)
    except (UnsafeDatabase, UnsafeSocket, RulebookError, ScaleError) as unsafe:
        console.print(f"[red]Not started.[/red] {unsafe}")
        raise typer.Exit(1) from unsafe
    except OSError as taken:
        console.print(f"[red]Not started.[/red] {taken.strerror or taken}. Is another clinic running?")
        raise typer.Exit(1) from taken


@app.command()
def serve(host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Serve the clinic's pages and its monitors' socket."""
    _django()
    _migrate()
    _serve_or_explain(
        host, port, lambda: console.print(f"Evenkeel is at http://{host}:{port}/ (stop with Ctrl-C).")
    )


@app.command()
def demo(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    rebuild: Annotated[bool, typer.Option(help="Throw the demo clinic away and make a new one.")] = False,
    still: Annotated[bool, typer.Option(help="Serve the demo clinic without playing on.")] = False,
) -> None:
    """Make a clinic of made-up people, serve it, and let its day go on."""
    os.environ["EVENKEEL_DEMO"] = "1"
    _django()
    from django.conf import settings

    if rebuild:
        _throw_demo_away()
    _migrate()
    _prepare_demo()
    _print_sign_ins(f"http://{host}:{port}/")
    players: list[subprocess.Popen[bytes]] = []

    def play() -> None:
        if not still:
            command = [sys.executable, "-m", "evenkeel.simulate", "--mllp-port", str(settings.MLLP_PORT)]
            players.append(subprocess.Popen(command))  # noqa: S603  # our own interpreter and module

    try:
        _serve_or_explain(host, port, play)
    finally:
        for player in players:
            player.terminate()
            player.wait(timeout=10)


def _throw_demo_away() -> None:
    """Remove the demo clinic's database file; anything that is not a demo clinic's is left alone."""
    from django.db import connection

    from evenkeel.simulate import demo as demonstration

    if not demonstration.is_built():
        return
    if connection.vendor != "sqlite":
        console.print("[red]Not thrown away.[/red] Only a demo clinic on SQLite can be made anew by itself.")
        raise typer.Exit(1)
    for suffix in ("", "-wal", "-shm"):
        Path(f"{connection.settings_dict['NAME']}{suffix}").unlink(missing_ok=True)
    demonstration.Playbill().forget()


def _prepare_demo() -> None:
    """Make the demo clinic, or open it again; never among real people."""
    from evenkeel.simulate import demo as demonstration
    from evenkeel.web.pages import now

    if demonstration.is_real():
        console.print(
            "[red]Not started.[/red] This database is a real clinic's; made-up people stay out of it."
        )
        raise typer.Exit(1)
    if demonstration.is_built():
        demonstration.open_again(now, progress=_progress)
        return
    console.print("Making a demo clinic of made-up people (about a minute) ...")
    demonstration.build(now, progress=_progress)


def _progress(words: str) -> None:
    console.print(f"  {words}", highlight=False)


def _print_sign_ins(address: str) -> None:
    from evenkeel.simulate import demo as demonstration

    table = Table(title="Demo people (all made up)")
    for heading in ("Name", "Role", "User name", "Password"):
        table.add_column(heading)
    for person in demonstration.sign_ins():
        table.add_row(*person)
    console.print(table)
    console.print(f"Evenkeel is at [bold]{address}[/bold] (stop with Ctrl-C).")


@app.command()
def verify() -> None:
    """Walk every hash chain again and say which entry, if any, is not what was written."""
    _django()
    from evenkeel.jobs.verify import verify as walk

    found = walk()
    for tampering in found.tamperings:
        console.print(f"[red]{tampering.stream}[/red]: {tampering.sentence}", highlight=False)
    for stream in found.stale_rows:
        console.print(
            f"[red]{stream}[/red]: its row in the lists is not what the record says", highlight=False
        )
    if not found.holds:
        raise typer.Exit(1)
    console.print(f"{found.entries} entries in {found.streams} streams are what was written.")


@app.command("thin-samples")
def thin_samples() -> None:
    """Thin what monitors sent in visits that are long over; what was charted, or led to an alert, stays."""
    _django()
    from evenkeel.jobs.thin import thin_samples as thin
    from evenkeel.web.pages import now

    _migrate()
    done = thin(now())
    kept = f"{done.samples_kept} of {done.samples_before} values are kept"
    console.print(f"{done.visits} visits thinned: {kept}.")


@app.command("downtime-pack")
def downtime_pack(
    folder: Annotated[
        Path | None, typer.Argument(help="Where it is put; the clinic's own folder when left out.")
    ] = None,
) -> None:
    """Write the pack with which a clinic goes on on paper: who is in which chair, and empty forms."""
    _django()
    from evenkeel.web import downtime_pack as packs
    from evenkeel.web.pages import now

    _migrate()
    attempt = packs.refresh(now(), folder)
    if attempt.kept is None:
        console.print(f"[red]Not written.[/red] {attempt.problem}")
        raise typer.Exit(1)
    console.print(str(attempt.kept.path), highlight=False, soft_wrap=True)


@app.command()
def rulebook(folder: Annotated[Path, typer.Argument(help="Where the files are put.")]) -> None:
    """Print this clinic's rule book, with the limits that it has set, as HTML and PDF."""
    _django()
    from evenkeel.clinical.case_tables import shipped_tables
    from evenkeel.config.rulebook_command import NAMES, write_book
    from evenkeel.journey.rules import book
    from evenkeel.store.queries.settings import current

    _migrate()
    ran = "run when this version of Evenkeel was made"
    write_book(folder, book(), shipped_tables(), clinic=current().clinic_name, cases_run=ran)
    for name in NAMES:
        console.print(str(folder / name), highlight=False, soft_wrap=True)


@app.command("add-person")
def add_person(
    username: str,
    printed_name: Annotated[str, typer.Option(help="As it stands under a signature.")],
    role: Annotated[
        str, typer.Option(help="front_desk, nurse, prescriber, registrant, lead or administrator.")
    ],
) -> None:
    """Add a person who may sign in; asks for their first password."""
    _django()
    import uuid
    from datetime import UTC, datetime

    from evenkeel.journey import people
    from evenkeel.journey.acting import Act
    from evenkeel.values.ids import IdempotencyKey
    from evenkeel.values.issues import UnableTo

    password = typer.prompt("First password", hide_input=True, confirmation_prompt=True)
    now = datetime.now(UTC)
    key = IdempotencyKey(str(uuid.uuid4()))
    act = Act(by=people.COMMAND_LINE, happened_at=now, recorded_at=now, key=key)
    reason = "Added from the command line"
    try:
        people.add_person(
            act, username=username, printed_name=printed_name, role=role, new_password=password, reason=reason
        )
    except UnableTo as refusal:
        for issue in refusal.issues:
            console.print(f"[red]Not added.[/red] {issue.sentence}")
        raise typer.Exit(1) from refusal
    console.print(f"{printed_name} may now sign in as {username}.")


@app.command()
def pages(check: Annotated[bool, typer.Option(help="Only say whether they are current.")] = False) -> None:
    """Write the pages of docs/ that are made from the code: the rulebook, and who may do what."""
    _django()
    from evenkeel.config.generated_pages import stale_pages, write_pages

    if not check:
        write_pages(Path("docs"))
        return
    stale = stale_pages(Path("docs"))
    for page in stale:
        console.print(f"[red]{page} is stale.[/red] Run: evenkeel pages")
    if stale:
        raise typer.Exit(1)
