"""The page of a rescue drug: what is usual, what speaks against it, and the dose on a prescriber's order."""

from typing import Any

from django import forms
from django.urls import path

from evenkeel.clinical import rescue as rules
from evenkeel.clinical.rescue import RESCUE_DRUGS, ROUTES, RescueFacts
from evenkeel.journey import rescue
from evenkeel.journey.acting import Act
from evenkeel.journey.rules import book, clinic_day
from evenkeel.record.screening import Tri
from evenkeel.record.verdict import Verdict
from evenkeel.record.visits import VisitState
from evenkeel.store.queries import people
from evenkeel.values.ids import ClinicianId, StreamId
from evenkeel.web import pages
from evenkeel.web.chairside import VisitForm
from evenkeel.web.fields import HappenedAtField, MassField, TriField
from evenkeel.web.infusion import EntryPage
from evenkeel.web.jinja import clinic_time
from evenkeel.web.offline import Waits
from evenkeel.web.verdicts import overrides_of

CONDITION = "condition_"


class RescueForm(VisitForm):
    """A rescue drug that is given on a prescriber's order."""

    drug = forms.ChoiceField(
        label="Drug", choices=[(key, key) for key in RESCUE_DRUGS], widget=forms.RadioSelect
    )
    dose = MassField(label="Dose", max_length=20)
    route = forms.ChoiceField(
        label="Route", choices=[(route, route) for route in ROUTES], widget=forms.RadioSelect
    )
    ordered_by = forms.ChoiceField(label="Ordered by")
    read_back = forms.BooleanField(label="A spoken order was read back to them", required=False)
    reason = forms.CharField(label="Why", max_length=500)
    was_given_already = forms.BooleanField(
        label="It was given already",
        help_text="It is then written down whatever the rules say, with what they say.",
        required=False,
    )
    happened_at = HappenedAtField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice: Any = self.fields["ordered_by"]
        choice.choices = [
            ("", "Choose"),
            *((person.id, person.printed_name) for person in people.every("prescriber")),
        ]
        for question in rules.QUESTIONS:
            self.fields[f"{CONDITION}{question.key}"] = TriField(label=question.text, help_text=question.hint)

    @property
    def prescriber(self) -> ClinicianId:
        """Who ordered it."""
        return ClinicianId(self.cleaned_data["ordered_by"])

    @property
    def conditions(self) -> dict[str, Tri]:
        """The answers; one that was not given is "unknown"."""
        return {
            question.key: self.cleaned_data.get(f"{CONDITION}{question.key}", "unknown")
            for question in rules.QUESTIONS
        }

    @property
    def questions(self) -> list[forms.BoundField]:
        """The fields of the conditions."""
        return [self[f"{CONDITION}{question.key}"] for question in rules.QUESTIONS]


class RescuePage(Waits, EntryPage):
    """A rescue drug, always on a named prescriber's order, and asked of the rules before it is given."""

    action = "infusion.run"
    template = "infusion/rescue.html.jinja"
    form_class = RescueForm
    heading = "Rescue drug"
    done_sentence = "The rescue drug is recorded. If it came from the stock, take it out there too."

    def verdicts_on(self, form: forms.Form) -> tuple[Verdict, ...]:
        """What the rules say of the dose that was typed."""
        assert isinstance(form, RescueForm), "this page has one form"
        if form.cleaned_data["was_given_already"]:
            return ()
        facts = RescueFacts(
            visit=self.state,
            at=form.cleaned_data["happened_at"] or pages.now(),
            drug=form.cleaned_data["drug"],
            dose=form.cleaned_data["dose"],
            route=form.cleaned_data["route"],
            answers=rescue.conditions_of(self.state, form.conditions),
        )
        return rules.assess_rescue(book(), facts)

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Record it."""
        assert isinstance(form, RescueForm), "this page has one form"
        cleaned = form.cleaned_data
        return rescue.give_rescue(
            act,
            visit=self.visit,
            drug=cleaned["drug"],
            dose=cleaned["dose"],
            route=cleaned["route"],
            ordered_by=form.prescriber,
            read_back=cleaned["read_back"],
            reason=cleaned["reason"].strip(),
            conditions=form.conditions,
            was_given_already=cleaned["was_given_already"],
            overrides=overrides_of(form),
        )

    def about(self, state: VisitState) -> dict[str, Any]:
        """Add what is usual of each drug and its limits, as information and never as an order."""
        return {
            "drugs": {key: _hint(drug) for key, drug in RESCUE_DRUGS.items()},
            "given_here": [
                f"{clinic_time(fact.at)}: {fact.payload.drug} {fact.payload.dose} {fact.payload.route}"
                for fact in state.rescues
            ],
            "screened": rescue.known_conditions(state),
        }


def _hint(drug: rules.RescueDrug) -> str:
    day = clinic_day(pages.now())
    limits = [book().rule(id_) for id_ in drug.rules]
    said = " ".join(rule.sentence(rule.version_on(day)) for rule in limits)
    return f"For {drug.used_for}. Usual: {drug.usual}, {' or '.join(drug.routes)}. {said}"


urlpatterns = [path("visits/<uuid:visit>/rescue/", RescuePage.as_view(), name="rescue")]
