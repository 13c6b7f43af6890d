"""Who the patient is, what they take and react to, and the referral that opens a course."""

from datetime import date
from typing import Literal

from evenkeel.record.codec import payload
from evenkeel.values.ids import StreamId
from evenkeel.values.shape import frozen

Sex = Literal["female", "male", "other", "unknown"]


@frozen
class Contact:
    """A person to reach about the patient."""

    name: str
    relation: str
    phone: str


@frozen
class Referrer:
    """The clinician who asked for the course."""

    name: str
    practice: str
    phone: str


@frozen
class Medicine:
    """One medicine as the patient takes it; `drug_class` is a key of the interaction rules, or None."""

    name: str
    dose: str
    drug_class: str | None = None


@frozen
class Allergy:
    """One substance and what it does to this patient."""

    substance: str
    reaction: str


@frozen
class Demographics:
    """Who the patient is.

    `record_number` is the clinic's own number, the second identifier at every check.
    """

    given_name: str
    family_name: str
    birth_date: date
    sex: Sex
    record_number: str
    phone: str
    email: str = ""
    address: str = ""
    contacts: tuple[Contact, ...] = ()

    @property
    def full_name(self) -> str:
        """Given name, then family name, as it is printed."""
        return f"{self.given_name} {self.family_name}"


@payload("patient.registered")
class PatientRegistered:
    """A patient becomes known to the clinic."""

    demographics: Demographics


@payload("patient.details_changed")
class PatientDetailsChanged:
    """The patient's details have changed (a move, a new number); a wrong entry is amended instead."""

    demographics: Demographics


@payload("patient.medicines_recorded")
class MedicinesRecorded:
    """The whole medicine list as it stands now. An empty list counts only with `none_taken`."""

    medicines: tuple[Medicine, ...]
    none_taken: bool = False


@payload("patient.allergies_recorded")
class AllergiesRecorded:
    """The whole allergy list as it stands now. An empty list counts only with `none_known`."""

    allergies: tuple[Allergy, ...]
    none_known: bool = False


@payload("course.referred")
class CourseReferred:
    """One indication, from this referral to the course's end."""

    patient: StreamId
    indication: str
    referrer: Referrer
    reason: str
    received_date: date


@payload("course.ended")
class CourseEnded:
    """The course is over."""

    reason: str
