"""A patient, as the record now reads."""

from datetime import date

from evenkeel.record.referral import (
    AllergiesRecorded,
    Demographics,
    MedicinesRecorded,
    PatientDetailsChanged,
    PatientRegistered,
)
from evenkeel.record.state import State
from evenkeel.values.shape import frozen


def age_on(birth_date: date, day: date) -> int:
    """Completed years; somebody born on 29 February has their birthday on 1 March in other years."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


@frozen
class PatientState(State):
    """Who the patient is, what they take and react to."""

    @property
    def demographics(self) -> Demographics:
        """The details as they now stand; a patient stream always begins with them."""
        changed = self.latest(PatientDetailsChanged)
        registered = self.latest(PatientRegistered)
        assert registered is not None, "a patient stream begins with a registration"
        if changed is not None and changed.seq > registered.history[-1].seq:
            return changed.payload.demographics
        return registered.payload.demographics

    @property
    def medicines(self) -> MedicinesRecorded | None:
        """The medicine list, or None when nobody has taken it yet."""
        fact = self.latest(MedicinesRecorded)
        return fact.payload if fact else None

    @property
    def allergies(self) -> AllergiesRecorded | None:
        """The allergy list, or None when nobody has taken it yet: that is not "no allergies"."""
        fact = self.latest(AllergiesRecorded)
        return fact.payload if fact else None

    def age_on(self, day: date) -> int:
        """Completed years on a day."""
        return age_on(self.demographics.birth_date, day)
