"""The clinic's own choices."""

from evenkeel.journey.acting import Act, use_case
from evenkeel.store.queries import settings
from evenkeel.values.ids import StreamId
from evenkeel.values.issues import Issue, UnableTo

CLINIC_NAME_CHARACTERS_MAX = 80
CLINIC_PHONE_CHARACTERS_MAX = 40


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
    issues = []
    if not 0 < len(clinic_name) <= CLINIC_NAME_CHARACTERS_MAX:
        sentence = f"Clinic name: write 1 to {CLINIC_NAME_CHARACTERS_MAX} characters."
        issues.append(Issue(sentence=sentence, code="length", field="clinic_name"))
    if len(clinic_phone) > CLINIC_PHONE_CHARACTERS_MAX:
        sentence = f"Clinic telephone: write at most {CLINIC_PHONE_CHARACTERS_MAX} characters."
        issues.append(Issue(sentence=sentence, code="length", field="clinic_phone"))
    if not reason.strip():
        issues.append(Issue(sentence="Reason: write why this is changed.", code="required", field="reason"))
    was = settings.current()
    wanted: dict[str, str | bool] = {
        "clinic_name": clinic_name,
        "clinic_phone": clinic_phone,
        "predicted_level_shown": predicted_level_shown,
    }
    changed = {key: value for key, value in wanted.items() if getattr(was, key) != value}
    if not changed and not issues:
        issues.append(Issue(sentence="Nothing is different from what is set now.", code="unchanged"))
    if issues:
        raise UnableToChangeSettings(issues)
    for key, value in changed.items():
        settings.choose(key, value, by=act.by, at=act.recorded_at, reason=reason)
    return StreamId("setting:clinic")
