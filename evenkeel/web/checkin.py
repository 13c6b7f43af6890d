"""Check-in: what is asked and measured on arrival, what it came to, and the prescriber's decision."""

from itertools import groupby
from typing import Any, Final

from django import forms
from django.urls import path, reverse

from evenkeel.clinical.checkin import QUESTIONS, CheckInFacts
from evenkeel.journey import checkin as use_cases
from evenkeel.journey.acting import Act
from evenkeel.journey.checkin import BEFORE_THE_ORDER
from evenkeel.journey.policy import may
from evenkeel.journey.rules import book, clinic_day
from evenkeel.record.checkin import CheckInOutcome, Escort
from evenkeel.record.signs import Signs
from evenkeel.record.visits import VisitState
from evenkeel.store.queries import visits
from evenkeel.values.ids import StreamId, reference_of
from evenkeel.values.quantities import Breaths, Hours, Pressure, Pulse, Saturation, Weight
from evenkeel.web import pages
from evenkeel.web.about import OfVisit
from evenkeel.web.chairside import next_step, steps
from evenkeel.web.deciding import DecisionForm
from evenkeel.web.fields import AskedField, HappenedAtField, QuantityField, TriField, WholeField
from evenkeel.web.verdicts import findings, overrides_of, reasons_of, source_of

OUTCOME_WORDS: Final[dict[CheckInOutcome, tuple[str, str]]] = {
    "open": ("Gate open", "ok"),
    "needs_prescriber": ("Needs prescriber", "medium"),
    "not_today": ("Not today", "stopped"),
}
DECISION_WORDS: Final[dict[use_cases.CheckInDecision, str]] = {
    "go_on": "Go on today",
    "not_today": "Not today",
}
# The rules behind the parts of the page that are not questions of their own.
SOURCES: Final = {
    "identity": ("CHK-ID-001",),
    "escort": ("CHK-ESC-001",),
    "fasting": ("CHK-FST-001", "CHK-FST-002"),
    "weight": ("CHK-WGT-001", "CHK-WGT-002", "CHK-WGT-003"),
    "signs": ("CHK-BP-001", "CHK-BP-002", "CHK-OX-001"),
}


class CheckInForm(forms.Form):
    """Everything about one arrival. Nothing is filled in from an earlier visit."""

    name_and_birth_date_agree = TriField(
        label="Name and birth date agree", help_text="The patient says both; compare them with the banner."
    )
    record_number_agrees = TriField(
        label="Record number agrees", help_text="On the wristband or card, compared with the banner."
    )
    escort_name = AskedField(label="Escort's name", max_length=200)
    escort_phone = AskedField(label="Escort's telephone", max_length=60)
    escort_relation = AskedField(label="Relation to the patient", max_length=60)
    escort_confirmed = TriField(label="The escort has confirmed that they take the patient home")
    hours_since_clear_fluid = QuantityField(
        Hours, asked=True, required=False, label="Since the last clear fluid"
    )
    hours_since_light_meal = QuantityField(
        Hours, asked=True, required=False, label="Since the last light meal"
    )
    weight = QuantityField(Weight, asked=True, required=False, label="Weight")
    weight_again = QuantityField(
        Weight,
        asked=True,
        required=False,
        label="Weight, measured again",
        help_text="Weigh the patient a second time.",
    )
    weight_measured_today = TriField(label="Measured here today")
    systolic = QuantityField(Pressure, asked=True, required=False, label="Systolic pressure")
    diastolic = QuantityField(Pressure, asked=True, required=False, label="Diastolic pressure")
    pulse = QuantityField(Pulse, asked=True, required=False, label="Pulse")
    spo2 = QuantityField(Saturation, asked=True, required=False, label="Oxygen saturation")
    breaths = QuantityField(Breaths, asked=True, required=False, label="Breaths")
    sedation = WholeField(
        lowest=0,
        highest=5,
        asked=True,
        required=False,
        label="MOAA/S",
        help_text="5: answers readily to their name.",
    )
    pain = WholeField(lowest=0, highest=10, asked=True, required=False, label="Pain, 0 to 10")
    happened_at = HappenedAtField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for question in QUESTIONS:
            self.fields[f"answer_{question.key}"] = TriField(label=question.text, help_text=question.hint)

    @property
    def facts(self) -> CheckInFacts:
        """What was typed, as the rules take it."""
        typed = self.cleaned_data
        return CheckInFacts(
            name_and_birth_date_agree=typed["name_and_birth_date_agree"],
            record_number_agrees=typed["record_number_agrees"],
            escort=Escort(
                name=typed["escort_name"],
                phone=typed["escort_phone"],
                relation=typed["escort_relation"],
                confirmed=typed["escort_confirmed"],
            ),
            hours_since_clear_fluid=typed["hours_since_clear_fluid"],
            hours_since_light_meal=typed["hours_since_light_meal"],
            weight=typed["weight"],
            weight_measured_today=typed["weight_measured_today"],
            answers={question.key: typed[f"answer_{question.key}"] for question in QUESTIONS},
            signs=Signs(
                systolic=typed["systolic"],
                diastolic=typed["diastolic"],
                pulse=typed["pulse"],
                spo2=typed["spo2"],
                breaths=typed["breaths"],
                sedation=typed["sedation"],
                pain=typed["pain"],
            ),
        )


class CheckInPage(OfVisit):
    """The check-in of a visit, or what the last one came to."""

    action = "visit.read"
    post_action = "checkin.record"
    template = "checkin/checkin.html.jinja"
    form_class = CheckInForm
    done_sentence = "The check-in is saved."

    def context(self, **extra: Any) -> dict[str, Any]:
        """Show the result, unless somebody checks the patient in."""
        state = self.visit
        may_record = may(self.author.role, "checkin.record") and state.phase in BEFORE_THE_ORDER
        last = visits.last_weight(state.booking.payload.patient, apart_from=state.stream)
        again = "again" in self.request.GET or "form" in extra or state.check_in is None
        context = super().context(**extra)
        form = context["form"]
        day = clinic_day(pages.now())
        return context | {
            "shows_form": may_record and again,
            "may_record": may_record,
            "result": _result(state) if state.check_in else None,
            "next": next_step(state, self.author.role),
            "steps": steps(state),
            "groups": [
                (name, [_asked(form, question, day) for question in questions])
                for name, questions in groupby(QUESTIONS, key=lambda question: question.group)
            ],
            "sources": {name: [source_of(book(), id_, day) for id_ in ids] for name, ids in SOURCES.items()},
            "last_weight": f"{last.weight}" if last else None,
            "last_weighed_at": last.weighed_at if last else None,
            "asks_weight_again": bool(form["weight_again"].errors or form["weight_again"].value()),
            "again_url": f"{self.request.path}?again=1",
            "visit_url": reverse("visit", args=[reference_of(state.stream)]),
        }

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Save the check-in."""
        assert isinstance(form, CheckInForm), "the form of this page is the check-in"
        return use_cases.check_in(
            act,
            visit=self.stream("visit"),
            facts=form.facts,
            weight_again=form.cleaned_data["weight_again"],
        )

    def done_address(self, stream: StreamId) -> str:
        """Show what it came to."""
        return reverse("check_in", args=[reference_of(stream)])


class CheckInDecisionPage(OfVisit):
    """What a prescriber decides on the last check-in."""

    action = "checkin.decide"
    template = "checkin/decision.html.jinja"
    form_class = DecisionForm
    done_sentence = "Your decision is signed."

    def form_arguments(self) -> dict[str, Any]:
        """Nobody goes on against a hard rule, so then it is not offered."""
        recorded = self.visit.check_in
        verdicts = recorded.payload.verdicts if recorded else ()
        hard = any(verdict.hard for verdict in verdicts)
        offered = [(key, words) for key, words in DECISION_WORDS.items() if not (hard and key == "go_on")]
        return {"book": book(), "verdicts": verdicts, "choices": offered}

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add what fires."""
        state = self.visit
        verdicts = state.check_in.payload.verdicts if state.check_in else ()
        return super().context(
            result=_result(state) if state.check_in else None,
            hard=any(verdict.hard for verdict in verdicts),
            open_still=state.phase in BEFORE_THE_ORDER,
            check_in_url=reverse("check_in", args=[reference_of(state.stream)]),
            **extra,
        )

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Sign the decision."""
        typed = form.cleaned_data
        return use_cases.decide_check_in(
            act,
            visit=self.stream("visit"),
            decision=typed["decision"],
            reason=typed["reason"],
            overrides=overrides_of(form),
            password=typed["password"],
        )

    def done_address(self, stream: StreamId) -> str:
        """Show the check-in with its decision."""
        return reverse("check_in", args=[reference_of(stream)])


def _asked(form: forms.Form, question: Any, day: Any) -> dict[str, Any]:
    return {"field": form[f"answer_{question.key}"], "source": source_of(book(), question.rule, day)}


def _result(state: VisitState) -> dict[str, Any]:
    check_in, decision = state.check_in, state.check_in_decision
    assert check_in is not None, "a result is shown of a check-in that was done"
    recorded = check_in.payload
    words, tone = OUTCOME_WORDS[recorded.outcome]
    shown = findings(book(), recorded.verdicts)
    escort, signs = recorded.escort, recorded.signs
    return {
        "outcome": recorded.outcome,
        "words": words,
        "tone": tone,
        "at": check_in.at,
        "by": check_in.by.printed_name,
        "weight": str(recorded.weight) if recorded.weight else None,
        "escort": ", ".join(filter(None, (escort.name, escort.relation, escort.phone))) or None,
        "pressure": f"{signs.systolic.number}/{signs.diastolic}"
        if signs.systolic and signs.diastolic
        else None,
        "pulse": str(signs.pulse) if signs.pulse else None,
        "spo2": str(signs.spo2) if signs.spo2 else None,
        "asking": [found for found in shown if found["outcome"] != "clear"],
        "cleared": [found for found in shown if found["outcome"] == "clear"],
        "decision": {
            "words": DECISION_WORDS[decision.payload.decision],
            "reason": decision.payload.reason,
            "overrides": reasons_of(book(), decision.payload.overrides),
            "signature": decision.payload.signature,
        }
        if decision
        else None,
    }


urlpatterns = [
    path("visits/<uuid:visit>/check-in/", CheckInPage.as_view(), name="check_in"),
    path("visits/<uuid:visit>/check-in/decision/", CheckInDecisionPage.as_view(), name="check_in_decision"),
]
