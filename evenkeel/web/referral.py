"""Referring a patient, and the details, medicines and allergies that may change later."""

from datetime import date
from typing import Any, ClassVar, Final

from django import forms
from django.urls import path, reverse

from evenkeel.clinical.screening import INDICATIONS
from evenkeel.journey import referral as use_cases
from evenkeel.journey.acting import Act
from evenkeel.journey.referral import AGE_MAX_YEARS
from evenkeel.journey.rules import book, clinic_day
from evenkeel.record.patients import PatientState
from evenkeel.record.referral import (
    AllergiesRecorded,
    Allergy,
    Contact,
    Demographics,
    Medicine,
    MedicinesRecorded,
    Referrer,
)
from evenkeel.store import reading
from evenkeel.store.queries import patients
from evenkeel.values.ids import StreamId, reference_of
from evenkeel.web import pages
from evenkeel.web.banner import SEX_WORDS, banner
from evenkeel.web.indications import indication_words
from evenkeel.web.lines import Column, GrowingForm, GrowingPage, Lines
from evenkeel.web.pages import FormPage

CONTACTS: Final = Lines(
    name="contact",
    word="Contact",
    columns=(
        Column(name="name", label="Name", is_needed=True),
        Column(name="relation", label="Relation"),
        Column(name="phone", label="Telephone", is_needed=True),
    ),
    blank=1,
)
MEDICINES: Final = Lines(
    name="medicine",
    word="Medicine",
    columns=(
        Column(name="name", label="Name", is_needed=True),
        Column(name="dose", label="Dose and times"),
    ),
    blank=3,
)
ALLERGIES: Final = Lines(
    name="allergy",
    word="Allergy",
    columns=(
        Column(name="substance", label="Substance", is_needed=True),
        Column(name="reaction", label="What happens"),
    ),
)


def _today() -> date:
    return clinic_day(pages.now())


def _birth_years() -> list[int]:
    this_year = _today().year
    return list(range(this_year, this_year - AGE_MAX_YEARS - 2, -1))


class BirthDateField(forms.DateField):
    """A birth date in three boxes."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            widget=forms.SelectDateWidget(years=_birth_years()),
            error_messages={"invalid": "Birth date: write a day, a month and a year that exist."},
            **kwargs,
        )


class DetailsFields(forms.Form):
    """Who the patient is."""

    given_name = forms.CharField(label="Given name", max_length=200)
    family_name = forms.CharField(label="Family name", max_length=200)
    birth_date = BirthDateField(label="Birth date", help_text="For example, 14 3 1982 for 14 March 1982.")
    sex = forms.ChoiceField(
        label="Sex",
        choices=[(key, word.capitalize()) for key, word in SEX_WORDS.items()],
        widget=forms.RadioSelect,
    )
    record_number = forms.CharField(
        label="Record number", max_length=40, help_text="The clinic's own number: the second identifier."
    )
    phone = forms.CharField(label="Telephone", max_length=60)
    email = forms.EmailField(label="E-mail", required=False)
    address = forms.CharField(label="Address", widget=forms.Textarea, required=False)


class CourseFields(forms.Form):
    """What is asked for, and by whom."""

    indication = forms.ChoiceField(
        label="Indication",
        choices=[("", "Choose"), *((each.key, each.label) for each in INDICATIONS.values())],
    )
    referrer_name = forms.CharField(label="Referrer", max_length=200)
    referrer_practice = forms.CharField(label="Practice", max_length=200, required=False)
    referrer_phone = forms.CharField(label="Referrer's telephone", max_length=60, required=False)
    reason = forms.CharField(
        label="Reason for the referral",
        help_text="What is asked for and what was tried.",
        widget=forms.Textarea,
    )
    received_date = forms.DateField(label="Referral received", widget=forms.DateInput)


class ReferralForm(GrowingForm, DetailsFields, CourseFields):
    """A referral on one page."""

    lists = (CONTACTS, MEDICINES, ALLERGIES)
    medicines_none = forms.BooleanField(label="Asked: takes no medicines", required=False)
    allergies_none = forms.BooleanField(label="Asked: no known allergies", required=False)
    known_duplicate_confirmed = forms.BooleanField(label="This is another person", required=False)


class DetailsForm(GrowingForm, DetailsFields):
    """Changed details."""

    lists = (CONTACTS,)


class MedicinesForm(GrowingForm):
    """The whole medicine list."""

    lists = (MEDICINES,)
    medicines_none = forms.BooleanField(label="Asked: takes no medicines", required=False)


class AllergiesForm(GrowingForm):
    """The whole allergy list."""

    lists = (ALLERGIES,)
    allergies_none = forms.BooleanField(label="Asked: no known allergies", required=False)


class EndForm(forms.Form):
    """Why a course ends."""

    reason = forms.CharField(label="Reason", help_text="Why the course ends.", widget=forms.Textarea)


def _demographics(form: GrowingForm) -> Demographics:
    typed = form.cleaned_data
    return Demographics(
        given_name=typed["given_name"],
        family_name=typed["family_name"],
        birth_date=typed["birth_date"],
        sex=typed["sex"],
        record_number=typed["record_number"],
        phone=typed["phone"],
        email=typed["email"],
        address=typed["address"],
        contacts=tuple(Contact(**line) for line in form.written("contact")),
    )


def _medicines(form: GrowingForm) -> MedicinesRecorded:
    return MedicinesRecorded(
        medicines=tuple(Medicine(**line) for line in form.written("medicine")),
        none_taken=form.cleaned_data["medicines_none"],
    )


def _allergies(form: GrowingForm) -> AllergiesRecorded:
    return AllergiesRecorded(
        allergies=tuple(Allergy(**line) for line in form.written("allergy")),
        none_known=form.cleaned_data["allergies_none"],
    )


def _referrer(form: forms.Form) -> Referrer:
    typed = form.cleaned_data
    return Referrer(
        name=typed["referrer_name"], practice=typed["referrer_practice"], phone=typed["referrer_phone"]
    )


def _evidence() -> list[dict[str, Any]]:
    """What is known about each indication, and whether this clinic offers it today."""
    today = _today()
    offered = book().limits("SCR-IND-001", today).offered
    return [indication_words(each.key, is_offered=each.key in offered) for each in INDICATIONS.values()]


class ReferPage(GrowingPage):
    """A new patient with a new course."""

    action = "patient.refer"
    template = "referral/refer.html.jinja"
    form_class = ReferralForm
    done_sentence = "The referral is taken. Next comes the screening."

    def form_arguments(self) -> dict[str, Any]:
        """Suggest the next free record number, and today as the day the referral came."""
        return {"initial": {"record_number": patients.next_record_number(), "received_date": _today()}}

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add what is known about each indication."""
        return super().context(evidence=_evidence(), cancel_url=reverse("patients"), **extra)

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Refer; a list that nobody wrote anything in was not asked for yet."""
        assert isinstance(form, GrowingForm), "the form of this page has lines"
        typed = form.cleaned_data
        medicines, allergies = _medicines(form), _allergies(form)
        return use_cases.refer(
            act,
            demographics=_demographics(form),
            indication=typed["indication"],
            referrer=_referrer(form),
            reason=typed["reason"],
            received_date=typed["received_date"],
            medicines=medicines if medicines.medicines or medicines.none_taken else None,
            allergies=allergies if allergies.allergies or allergies.none_known else None,
            known_duplicate_confirmed=typed["known_duplicate_confirmed"],
        )

    def done_address(self, stream: StreamId) -> str:
        """Go to the patient."""
        return _patient_address(reading.course(stream).referral.patient)


def _patient_address(patient: StreamId) -> str:
    return reverse("patient", args=[reference_of(patient)])


class OfPatient(GrowingPage):
    """A form about one known patient."""

    heading: ClassVar[str]

    @property
    def patient(self) -> PatientState:
        """The patient that the address names."""
        return reading.patient(self.stream("patient"))

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add the banner, and how far the record went."""
        state = self.patient
        return super().context(
            patient=banner(state),
            seen=state.seq,
            heading=self.heading,
            cancel_url=_patient_address(state.stream),
            **extra,
        )

    def done_address(self, stream: StreamId) -> str:
        """Go back to the patient."""
        return _patient_address(stream)


class DetailsPage(OfPatient):
    """A move, a new number, another contact."""

    action = "patient.change_details"
    template = "referral/details.html.jinja"
    form_class = DetailsForm
    heading = "Change details"
    done_sentence = "The details are changed."

    def form_arguments(self) -> dict[str, Any]:
        """Start from what stands now."""
        details = self.patient.demographics
        names = (
            "given_name",
            "family_name",
            "birth_date",
            "sex",
            "record_number",
            "phone",
            "email",
            "address",
        )
        contacts = [
            {"name": each.name, "relation": each.relation, "phone": each.phone} for each in details.contacts
        ]
        return {
            "initial": {name: getattr(details, name) for name in names},
            "given": {"contact": contacts},
        }

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Write the details down."""
        assert isinstance(form, GrowingForm), "the form of this page has lines"
        return use_cases.change_details(act, patient=self.stream("patient"), demographics=_demographics(form))


class MedicinesPage(OfPatient):
    """The whole medicine list as it stands now."""

    action = "patient.record_medicines"
    template = "referral/list.html.jinja"
    form_class = MedicinesForm
    heading = "Medicines"
    done_sentence = "The medicine list is saved."

    def form_arguments(self) -> dict[str, Any]:
        """Start from the list that stands now."""
        recorded = self.patient.medicines
        lines = [{"name": each.name, "dose": each.dose} for each in recorded.medicines] if recorded else []
        return {
            "initial": {"medicines_none": recorded.none_taken if recorded else False},
            "given": {"medicine": lines},
        }

    def context(self, **extra: Any) -> dict[str, Any]:
        """Say which list this is."""
        return super().context(
            list_name="medicine",
            none_name="medicines_none",
            word="medicine",
            columns=["Name", "Dose and times"],
            **extra,
        )

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Write the list down."""
        assert isinstance(form, GrowingForm), "the form of this page has lines"
        return use_cases.record_medicines(act, patient=self.stream("patient"), medicines=_medicines(form))


class AllergiesPage(OfPatient):
    """The whole allergy list as it stands now."""

    action = "patient.record_medicines"
    template = "referral/list.html.jinja"
    form_class = AllergiesForm
    heading = "Allergies"
    done_sentence = "The allergy list is saved."

    def form_arguments(self) -> dict[str, Any]:
        """Start from the list that stands now."""
        recorded = self.patient.allergies
        lines = [
            {"substance": each.substance, "reaction": each.reaction}
            for each in (recorded.allergies if recorded else ())
        ]
        return {
            "initial": {"allergies_none": recorded.none_known if recorded else False},
            "given": {"allergy": lines},
        }

    def context(self, **extra: Any) -> dict[str, Any]:
        """Say which list this is."""
        return super().context(
            list_name="allergy",
            none_name="allergies_none",
            word="allergy",
            columns=["Substance", "What happens"],
            **extra,
        )

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Write the list down."""
        assert isinstance(form, GrowingForm), "the form of this page has lines"
        return use_cases.record_allergies(act, patient=self.stream("patient"), allergies=_allergies(form))


class ReferAgainPage(FormPage):
    """Another course for a known patient."""

    action = "patient.refer"
    template = "referral/refer_again.html.jinja"
    form_class = CourseFields
    done_sentence = "The referral is taken. Next comes the screening."

    def form_arguments(self) -> dict[str, Any]:
        """Today is the day that the referral came, unless somebody says otherwise."""
        return {"initial": {"received_date": _today()}}

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add the banner, and what is known about each indication."""
        state = reading.patient(self.stream("patient"))
        return super().context(
            patient=banner(state), evidence=_evidence(), cancel_url=_patient_address(state.stream), **extra
        )

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Open the course."""
        typed = form.cleaned_data
        return use_cases.refer_again(
            act,
            patient=self.stream("patient"),
            indication=typed["indication"],
            referrer=_referrer(form),
            reason=typed["reason"],
            received_date=typed["received_date"],
        )

    def done_address(self, stream: StreamId) -> str:
        """Go to the patient."""
        return _patient_address(reading.course(stream).referral.patient)


class EndPage(FormPage):
    """The end of a course."""

    action = "course.end"
    template = "referral/end.html.jinja"
    form_class = EndForm
    done_sentence = "The course has ended."

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add the banner and what the course is for."""
        course = reading.course(self.stream("course"))
        patient = reading.patient(course.referral.patient)
        return super().context(
            patient=banner(patient),
            indication=INDICATIONS[course.referral.indication].label,
            seen=course.seq,
            cancel_url=_patient_address(patient.stream),
            **extra,
        )

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """End it."""
        return use_cases.end_course(act, course=self.stream("course"), reason=form.cleaned_data["reason"])

    def done_address(self, stream: StreamId) -> str:
        """Go to the patient."""
        return _patient_address(reading.course(stream).referral.patient)


urlpatterns = [
    path("patients/refer/", ReferPage.as_view(), name="refer"),
    path("patients/<uuid:patient>/refer/", ReferAgainPage.as_view(), name="refer_again"),
    path("patients/<uuid:patient>/details/", DetailsPage.as_view(), name="patient_details"),
    path("patients/<uuid:patient>/medicines/", MedicinesPage.as_view(), name="patient_medicines"),
    path("patients/<uuid:patient>/allergies/", AllergiesPage.as_view(), name="patient_allergies"),
    path("courses/<uuid:course>/end/", EndPage.as_view(), name="course_end"),
]
