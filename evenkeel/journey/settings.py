"""The clinic's own choices."""

from typing import Final, Literal, get_args

from evenkeel.journey.acting import Act, use_case
from evenkeel.store.queries import settings
from evenkeel.values.ids import StreamId
from evenkeel.values.issues import Issue, UnableTo

CLINIC_NAME_CHARACTERS_MAX = 80
CLINIC_PHONE_CHARACTERS_MAX = 40
Choices = dict[str, str | bool | int]
VialReuse = Literal["single_patient", "multi_dose"]
# The longest that an opened vial of several doses is used: 28 days. Proposal, to be signed by a pharmacist.
VIAL_HOURS_MAX: Final = 28 * 24
# A night is too short to look into what happened; ten years is for ever. Proposal.
FULL_DAYS_MIN: Final = 1
FULL_DAYS_MAX: Final = 3650


class UnableToChangeSettings(UnableTo):
    """The settings cannot be changed like this."""


@use_case("settings.change")
def change_settings(
    act: Act, *, clinic_name: str, predicted_level_shown: bool, reason: str, clinic_phone: str = ""
) -> StreamId:
    """Change the clinic's name and telephone number, and whether charts show the predicted level.

    A choice left as it is writes nothing.
    """
    clinic_name, clinic_phone = " ".join(clinic_name.split()), " ".join(clinic_phone.split())
    issues: list[Issue] = []
    if not 0 < len(clinic_name) <= CLINIC_NAME_CHARACTERS_MAX:
        sentence = f"Clinic name: write 1 to {CLINIC_NAME_CHARACTERS_MAX} characters."
        issues.append(Issue(sentence=sentence, code="length", field="clinic_name"))
    if len(clinic_phone) > CLINIC_PHONE_CHARACTERS_MAX:
        sentence = f"Clinic telephone: write at most {CLINIC_PHONE_CHARACTERS_MAX} characters."
        issues.append(Issue(sentence=sentence, code="length", field="clinic_phone"))
    wanted: Choices = {
        "clinic_name": clinic_name,
        "clinic_phone": clinic_phone,
        "predicted_level_shown": predicted_level_shown,
    }
    _choose(act, wanted, issues, reason)
    return StreamId("setting:clinic")


@use_case("settings.change")
def change_drug_settings(
    act: Act, *, vial_reuse: VialReuse, vial_hours: int, may_waste_alone: bool, reason: str
) -> StreamId:
    """Choose whether an opened vial serves several visits and how long, and whether one may waste alone.

    What is chosen counts from now on; what moved before stays as it was written.
    """
    assert vial_reuse in get_args(VialReuse), "a page offers only known ways"
    issues: list[Issue] = []
    if not 1 <= vial_hours <= VIAL_HOURS_MAX:
        sentence = f"Hours: write a whole number from 1 to {VIAL_HOURS_MAX}."
        issues.append(Issue(sentence=sentence, code="out-of-range", field="vial_hours"))
    wanted: Choices = {
        "vial_reuse": vial_reuse,
        "vial_hours": vial_hours,
        "may_waste_alone": may_waste_alone,
    }
    _choose(act, wanted, issues, reason)
    return StreamId("setting:drug")


@use_case("settings.change")
def change_device_settings(act: Act, *, confirmed_per_visit: bool, full_days: int, reason: str) -> StreamId:
    """Choose whose a device's values are without a person's word, and how long every sample is kept."""
    issues: list[Issue] = []
    if not FULL_DAYS_MIN <= full_days <= FULL_DAYS_MAX:
        sentence = f"Days: write a whole number from {FULL_DAYS_MIN} to {FULL_DAYS_MAX}."
        issues.append(Issue(sentence=sentence, code="out-of-range", field="full_days"))
    wanted: Choices = {
        "devices_confirmed_per_visit": confirmed_per_visit,
        "samples_full_days": full_days,
    }
    _choose(act, wanted, issues, reason)
    return StreamId("setting:devices")


def _choose(act: Act, wanted: Choices, issues: list[Issue], reason: str) -> None:
    """Set what differs from what is set now; where nothing does, or something is wrong, refuse."""
    if not reason.strip():
        issues.append(Issue(sentence="Reason: write why this is changed.", code="required", field="reason"))
    was = settings.current()
    changed = {key: value for key, value in wanted.items() if getattr(was, key) != value}
    if not changed and not issues:
        issues.append(Issue(sentence="Nothing is different from what is set now.", code="unchanged"))
    if issues:
        raise UnableToChangeSettings(issues)
    for key, value in changed.items():
        settings.choose(key, value, by=act.by, at=act.recorded_at, reason=reason)
