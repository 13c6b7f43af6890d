"""People: who they are to the record, and asking for their credential again before they sign."""

from evenkeel.journey.acting import Act
from evenkeel.record.verdict import Signature
from evenkeel.store.queries import people
from evenkeel.values.issues import refuse


def sign(act: Act, *, password: str, meaning: str) -> Signature:
    """Ask for the credential again and return the signature; raises UnableTo when the password is not theirs."""
    if not people.password_is_right(act.by.id, password, at=act.recorded_at):
        raise refuse(
            "The password is not right, so nothing was signed. Type it again.",
            code="signature-refused",
            field="password",
        )
    return Signature(
        printed_name=act.by.printed_name, signed_at=act.recorded_at, meaning=meaning, method="password"
    )
