"""The pages of docs/ that are made from the code, so that they cannot say something else than it does."""

from pathlib import Path
from typing import Final

from evenkeel.clinical import rulebook_page
from evenkeel.clinical.case_tables import shipped_tables
from evenkeel.clinical.disagreements import shipped_disagreements
from evenkeel.clinical.hazards import shipped_hazards
from evenkeel.clinical.library import docs_pages, library
from evenkeel.clinical.rulebook import Rulebook
from evenkeel.clinical.rulebook_model import make_book
from evenkeel.clinical.scales import page as scales_page
from evenkeel.clinical.scales import scales
from evenkeel.journey.policy import PERMITTED, ROLES, Action
from evenkeel.pharmacology import command_page, models_page
from evenkeel.record.entry import ROLE_WORDS
from evenkeel.web.routes import Asked, Route, every_route, is_permitted

ROLE_HEADINGS: Final = " | ".join(ROLE_WORDS[role].capitalize() for role in ROLES)
ROLE_LINES: Final = "|".join("---" for _ in ROLES)

PERMISSIONS_HEAD: Final = """# Who may do what

Every address of the clinic names one action, and one table says which roles may do it; whatever is not
named is refused. Use cases ask the same table again, so that a page that forgot to ask still could not write.
A test opens every address as every role, signed out as well, and compares the answers with this table.

This page is made from the code by `evenkeel pages`. Do not edit it.
"""


def _pages() -> dict[str, str]:
    return {
        "scales.md": scales_page.render(scales()),
        **{f"rulebook/{name}": text for name, text in _rulebook().items()},
        "permissions.md": _permissions(),
        "pharmacology/commands.md": command_page.render(),
        "evidence/models.md": models_page.render(),
        **docs_pages.render_all(library()),
    }


def _rulebook() -> dict[str, str]:
    rules = Rulebook.shipped()
    # The documentation shows every rule in its newest version, so that the pages do not change with the day.
    newest = max(version.from_date for rule in rules.rules for version in rule.versions)
    return rulebook_page.render(
        make_book(rules, shipped_tables(), shipped_hazards(), shipped_disagreements(), on=newest)
    )


def write_pages(docs: Path) -> None:
    """Write every generated page into the folder."""
    for name, text in _pages().items():
        page = docs / name
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(text, encoding="utf-8")


def stale_pages(docs: Path) -> list[str]:
    """Return the pages in the folder that are missing or no longer what the code says."""
    return [
        str(docs / name)
        for name, text in _pages().items()
        if not (docs / name).is_file() or (docs / name).read_text(encoding="utf-8") != text
    ]


def _permissions() -> str:
    actions = [_row(_code(action), [role in PERMITTED[action] for role in ROLES]) for action in PERMITTED]
    routes = [line for route in every_route() for line in _route_rows(route)]
    return "\n".join(
        [
            PERMISSIONS_HEAD,
            "## Actions\n",
            f"| Action | {ROLE_HEADINGS} |",
            f"|---|{ROLE_LINES}|",
            *actions,
            "\n## Addresses\n",
            "“Anybody” needs no sign-in. “Closed” is for nobody: this clinic does not use that address.\n",
            f"| Address | Asks for | {ROLE_HEADINGS} |",
            f"|---|---|{ROLE_LINES}|",
            *routes,
            "",
        ]
    )


def _route_rows(route: Route) -> list[str]:
    address = _code(f"/{route.pattern}")
    if route.to_send == route.to_look:
        return [_row(f"{address} | {_asked(route.to_look)}", _answers(route.to_look))]
    return [
        _row(f"{address}, looking | {_asked(route.to_look)}", _answers(route.to_look)),
        _row(f"{address}, sending | {_asked(route.to_send)}", _answers(route.to_send)),
    ]


def _answers(asked: Asked) -> list[bool]:
    return [is_permitted(asked, role) for role in ROLES]


def _asked(asked: Asked) -> str:
    return asked.capitalize() if asked in ("anybody", "closed") else _code(asked)


def _code(words: str | Action) -> str:
    return f"`{words.replace('|', chr(92) + '|')}`"


def _row(head: str, answers: list[bool]) -> str:
    return f"| {head} | {' | '.join('yes' if answer else '–' for answer in answers)} |"
