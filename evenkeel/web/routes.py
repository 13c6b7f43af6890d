"""What every address asks of the person who opens it.

An address that is not named here or by its view is nobody's.

Our own views name their `action` (and `post_action`, where sending asks for more than looking). Allauth's
views are named in the one table below.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, Literal

from django.urls import URLPattern, URLResolver, get_resolver

from evenkeel.journey.policy import Action, may
from evenkeel.record.entry import Role
from evenkeel.values.shape import frozen

# "anybody" may be opened without signing in; "closed" is for nobody, because this clinic does not use it.
Asked = Action | Literal["anybody", "closed"]

ACCOUNT_ROUTES: Final[dict[str, Asked]] = {
    "account_login": "anybody",
    "account_logout": "anybody",
    "account_inactive": "anybody",
    "mfa_authenticate": "anybody",
    "mfa_login_webauthn": "anybody",
    "account_reauthenticate": "own_account.use",
    "account_change_password": "own_account.use",
    "mfa_index": "own_account.use",
    "mfa_reauthenticate": "own_account.use",
    "mfa_activate_totp": "own_account.use",
    "mfa_deactivate_totp": "own_account.use",
    "mfa_view_recovery_codes": "own_account.use",
    "mfa_generate_recovery_codes": "own_account.use",
    "mfa_download_recovery_codes": "own_account.use",
    "mfa_list_webauthn": "own_account.use",
    "mfa_add_webauthn": "own_account.use",
    "mfa_remove_webauthn": "own_account.use",
    "mfa_edit_webauthn": "own_account.use",
    "mfa_reauthenticate_webauthn": "own_account.use",
    # An administrator adds people and gives new passwords; this version sends no e-mail.
    "account_signup": "closed",
    "account_email": "closed",
    "account_email_verification_sent": "closed",
    "account_confirm_email": "closed",
    "account_set_password": "closed",
    "account_reset_password": "closed",
    "account_reset_password_done": "closed",
    "account_reset_password_from_key": "closed",
    "account_reset_password_from_key_done": "closed",
    "account_confirm_login_code": "closed",
}


@frozen
class Route:
    """One address: its name, its pattern and what looking at it and sending to it ask for."""

    name: str
    pattern: str
    to_look: Asked
    to_send: Asked
    parameters: tuple[str, ...]


def asked_by(view: Callable[..., Any], name: str | None, method: str) -> Asked:
    """What a view asks for; "closed" when nothing says."""
    if name in ACCOUNT_ROUTES:
        return ACCOUNT_ROUTES[name]
    cls = getattr(view, "view_class", view)
    to_look: Asked = getattr(cls, "action", "closed")
    if method in ("GET", "HEAD", "OPTIONS"):
        return to_look
    to_send: Asked = getattr(cls, "post_action", to_look)
    return to_send


def is_permitted(asked: Asked, role: Role | None) -> bool:
    """Whether somebody of this role, or nobody in particular, may do what is asked."""
    if asked == "anybody":
        return True
    if asked == "closed" or role is None:
        return False
    return may(role, asked)


def every_route() -> Iterator[Route]:
    """Every address that the clinic answers, in the order in which they are looked up."""
    yield from _routes(get_resolver().url_patterns, "", ())


def _routes(
    patterns: Sequence[URLPattern | URLResolver], before: str, parameters: tuple[str, ...]
) -> Iterator[Route]:
    for each in patterns:
        # Both sorts of pattern, paths and regular expressions, are regular expressions underneath.
        pattern, own = before + str(each.pattern), (*parameters, *each.pattern.regex.groupindex)
        if isinstance(each, URLResolver):
            yield from _routes(each.url_patterns, pattern, own)
            continue
        yield Route(
            name=each.name or "",
            pattern=pattern,
            to_look=asked_by(each.callback, each.name, "GET"),
            to_send=asked_by(each.callback, each.name, "POST"),
            parameters=own,
        )
