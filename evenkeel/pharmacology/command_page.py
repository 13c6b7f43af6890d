"""The page of docs/ that lists the `evenkeel pk` commands, made from the commands themselves."""

import inspect
import types
from pathlib import Path
from typing import Annotated, Any, Final, Union, get_args, get_origin

from typer.models import ArgumentInfo, OptionInfo

from evenkeel.pharmacology.command_options import DOSING
from evenkeel.pharmacology.commands import app

HEAD: Final = """# Commands

`evenkeel pk` computes on any machine where Evenkeel is installed; it needs no clinic, database or setting.
Plots and Parquet need the extra `science`. Bad input ends with one sentence and the code 2, and nothing half
written is left behind. A table of levels has one row for each value, with its unit, its model, the model's
sampling site and the status of the estimate.

This page is made from the code by `evenkeel pages`. Do not edit it.
"""


def render() -> str:
    """The page as Markdown: every command with its arguments and options, those of a regimen once."""
    parts: list[str] = [HEAD]
    dosing: list[inspect.Parameter] = []
    for command in app.registered_commands:
        assert command.callback is not None
        asked = inspect.signature(command.callback, eval_str=True).parameters.values()
        regimen = [one for one in asked if getattr(_info(one), "rich_help_panel", None) == DOSING]
        own = [one for one in asked if one not in regimen]
        dosing = dosing or regimen
        takes = " It takes the options of a regimen too." if regimen else ""
        parts += [
            f"## pk {command.callback.__name__}\n",
            f"{command.callback.__doc__}{takes}\n",
            *_table(own),
            "",
        ]
    parts += [
        "## A regimen\n",
        "What is given is told by these options; [regimens](regimens.md) tells more.\n",
    ]
    return "\n".join([*parts, *_table(dosing), ""])


def _table(parameters: list[inspect.Parameter]) -> list[str]:
    rows = [f"| {' | '.join(_cells(one))} |" for one in parameters]
    return ["| Option | Takes | Without it | What it is |", "|---|---|---|---|", *rows]


def _cells(parameter: inspect.Parameter) -> tuple[str, str, str, str]:
    info, kind = _info(parameter), _kind(parameter)
    is_option = isinstance(info, OptionInfo)
    name = f"`--{parameter.name.replace('_', '-')}`" if is_option else f"{parameter.name}, the first word"
    default = parameter.default
    if default is inspect.Parameter.empty:
        shown = "needed"
    elif default is None or default is False:
        shown = ""
    else:
        shown = f"{default:g}" if isinstance(default, float) else str(default)
    assert info.help, f"{parameter.name} has no help"
    return name, kind, shown, info.help.replace("|", "\\|")


def _info(parameter: inspect.Parameter) -> OptionInfo | ArgumentInfo:
    found = get_args(parameter.annotation)[-1]
    assert isinstance(found, OptionInfo | ArgumentInfo), f"{parameter.name} has no help"
    return found


def _kind(parameter: inspect.Parameter) -> str:
    """The kind of value in a word: nothing for a switch."""
    assert get_origin(parameter.annotation) is Annotated
    kind: Any = get_args(parameter.annotation)[0]
    if get_origin(kind) in (Union, types.UnionType):
        kind = next(one for one in get_args(kind) if one is not type(None))
    if get_origin(kind) is list:
        return "words, repeatable"
    return {float: "a number", int: "a whole number", str: "words", Path: "a file", bool: ""}[kind]
