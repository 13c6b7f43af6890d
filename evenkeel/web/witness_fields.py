"""The witness on a page: a second person who proves it or says no, or a reason where one may act alone."""

from typing import Any, Final, TypedDict

from django.http import HttpRequest

from evenkeel.journey.second_person import Proof
from evenkeel.store.queries import settings
from evenkeel.values.ids import ClinicianId
from evenkeel.web.fields import AskedField
from evenkeel.web.second_person import SecondPersonFields, proof_of

WITNESS_NAMES: Final = (
    "second_person",
    "password_of_second",
    "passkey_of_second",
    "alone_because",
    "refusal_reason",
)


class WitnessFields(SecondPersonFields):
    """The fields of a witness, for a form to take as a base; made with `me`, who is signed in.

    With `witness_needed` false none of them is there: what moves is in no schedule, or all of it was given.

    Where the clinic lets one person act alone, a reason may stand in for the witness.
    """

    second_may = "custody.witness"

    alone_because = AskedField(
        label="If nobody else is there: why not",
        max_length=300,
        help_text="This clinic lets one person do this alone, with a reason.",
    )
    refusal_reason = AskedField(
        label="If they do not confirm it: why not",
        max_length=300,
        help_text="Fill this in only when the second person did not see it. Then nothing moves.",
    )

    def __init__(self, *args: Any, witness_needed: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not witness_needed:
            for name in WITNESS_NAMES:
                del self.fields[name]
        elif settings.current().may_waste_alone:
            second: Any = self.fields["second_person"]
            # A reason may stand in for it, which is said beside the reason and not as "optional".
            second.required, second.asked = False, True
        else:
            del self.fields["alone_because"]

    @property
    def has_witness(self) -> bool:
        """Whether a second person is asked for."""
        return "second_person" in self.fields

    def seen_by(self, request: HttpRequest) -> "SeenBy":
        """Who saw it, as use cases take it; nobody where none is asked for."""
        if not self.has_witness:
            return {"second": None, "proof_of_second": None, "alone_because": ""}
        return {
            "second": self.second or None,
            "proof_of_second": proof_of(self, request),
            "alone_because": self.cleaned_data.get("alone_because", ""),
        }


class SeenBy(TypedDict):
    """Keyword arguments of every use case that asks for a witness."""

    second: ClinicianId | None
    proof_of_second: Proof | None
    alone_because: str
