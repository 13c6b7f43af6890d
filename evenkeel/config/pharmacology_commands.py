"""`evenkeel pk`, read only when it is asked for: with it comes NumPy, which no other command needs."""

from typing import Any

import typer
from typer.core import TyperGroup


class _ReadWhenAskedFor(TyperGroup):
    """The commands of evenkeel.pharmacology, which is imported for its first command or its own help."""

    def list_commands(self, ctx: Any) -> list[str]:
        return _commands().list_commands(ctx)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        return _commands().get_command(ctx, cmd_name)


def _commands() -> TyperGroup:
    from evenkeel.pharmacology.commands import app

    return typer.main.get_group(app)


pharmacology = typer.Typer(
    cls=_ReadWhenAskedFor,
    no_args_is_help=True,
    help="Ketamine's pharmacology: estimates, never measurements.",
)
