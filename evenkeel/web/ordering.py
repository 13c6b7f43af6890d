"""Pages of the order, the second check and the time-out."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import path

from evenkeel.clinical.ordering import Days
from evenkeel.clinical.series import planned_infusion
from evenkeel.journey import infusion, ordering
from evenkeel.journey.acting import Act
from evenkeel.journey.policy import may
from evenkeel.journey.rules import book, clinic_day
from evenkeel.record.verdict import Verdict
from evenkeel.record.visits import VisitState
from evenkeel.store import reading
from evenkeel.values.dosing_weight import BASIS_WORDS
from evenkeel.values.drug import Strength
from evenkeel.values.ids import StreamId
from evenkeel.values.issues import UnableTo
from evenkeel.values.quantities import FlowRate, Height, Volume, Weight
from evenkeel.web import ordering_view, pages, visit_drug
from evenkeel.web.chairside import VisitForm, VisitFormPage
from evenkeel.web.devices_view import device_words
from evenkeel.web.fields import HappenedAtField, QuantityField
from evenkeel.web.infusion_steps import step_words
from evenkeel.web.jinja import clinic_time
from evenkeel.web.second_person import SecondPersonFields, proof_of
from evenkeel.web.step_fields import StepFields, in_boxes
from evenkeel.web.verdicts import findings, overrides_of


class OrderForm(StepFields, VisitForm):
    """An order as it is worked out and signed."""

    protocol = forms.CharField(widget=forms.HiddenInput)
    product = forms.ChoiceField(
        label="Vial",
        choices=ordering_view.product_choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Vial: choose one from stock."},
    )
    bag = QuantityField(Volume, label="Bag, total volume")
    basis = forms.ChoiceField(
        label="Worked out on",
        choices=tuple(BASIS_WORDS.items()),
        widget=forms.RadioSelect,
        required=False,
    )
    height = QuantityField(Height, label="Height", required=False)
    height_date = forms.DateField(label="Height measured on", required=False, widget=forms.DateInput)
    day = forms.IntegerField(label="Day", required=False, min_value=1)
    of_days = forms.IntegerField(label="of how many days", required=False, min_value=1)
    note = forms.CharField(label="Note for the nurse", required=False, max_length=1000, widget=forms.Textarea)
    password = forms.CharField(
        label="Your password",
        strip=False,
        widget=forms.PasswordInput,
        error_messages={"required": "Password: type it to sign."},
    )

    @property
    def asked(self) -> ordering.AskedWeight:
        """Which weight the dose is on; the scale's unless another one was chosen."""
        of = self.cleaned_data
        return ordering.AskedWeight(
            basis=of["basis"] or "actual", height=of["height"], height_date=of["height_date"]
        )

    def clean(self) -> dict[str, Any]:
        """A day is one of several."""
        cleaned = super().clean()
        if (cleaned.get("day") is None) != (cleaned.get("of_days") is None):
            missing = "day" if cleaned.get("day") is None else "of_days"
            self.add_error(missing, "Write which day it is and of how many, or leave both empty.")
        return cleaned

    @property
    def days(self) -> Days | None:
        """Which day of how many it is, where that was written."""
        day, of_days = self.cleaned_data["day"], self.cleaned_data["of_days"]
        return Days(day=day, of_days=of_days) if day is not None and of_days is not None else None

    @property
    def is_on_another_weight(self) -> bool:
        """Whether another weight was asked for, or is wrong, so that its boxes are not folded away."""
        boxes = (self["height"], self["height_date"])
        return self["basis"].value() in ("ideal", "adjusted") or any(box.errors for box in boxes)


class OrderPage(VisitFormPage):
    """The order, which reads like a sentence; worked out as often as wanted, then signed."""

    action = "order.sign"
    template = "ordering/order.html.jinja"
    form_class = OrderForm
    done_sentence = "The order is signed."

    def form_arguments(self) -> dict[str, Any]:
        """Start from what the series plans, or the protocol that was chosen; no vial is chosen."""
        state = self.state
        course = reading.course(state.booking.payload.course)
        planned = planned_infusion(course, state.booking.payload.number)
        protocol = ordering_view.protocol_for(course, self.request.GET.get("protocol"), planned)
        days = ordering.days_by_record(state, protocol.key, pages.now())
        return {
            "initial": {
                "day": days.day if days else None,
                "of_days": days.of_days if days else None,
                "protocol": protocol.key,
                "basis": "actual",
                **ordering_view.height_of_screening(course),
                "bag": protocol.bag.number,
                **in_boxes(ordering_view.stages_to_start_from(protocol, planned)),
            }
        }

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Work the order out and show it again, or sign it."""
        if "work_out" not in request.POST:
            return super().post(request, **kwargs)
        form = OrderForm(request.POST)
        form.fields["password"].required = False
        is_valid = form.is_valid()
        form.fields["password"].required = True
        if not is_valid:
            return self.show(self.context(form=form), status=pages.REFUSED)
        try:
            proposal = self._proposal(form)
        except UnableTo as refusal:
            return self.refuse(form, refusal)
        form.ask_reasons(proposal.verdicts)
        return self.show(self.context(form=form, proposal=proposal))

    def _proposal(self, form: forms.Form) -> ordering.Proposal:
        assert isinstance(form, OrderForm), "this page has one form"
        cleaned = form.cleaned_data
        return ordering.propose_order(
            self.state,
            protocol=cleaned["protocol"],
            stages=form.stages,
            product=cleaned["product"],
            bag=cleaned["bag"],
            at=pages.now(),
            asked=form.asked,
            days=form.days,
        )

    def verdicts_on(self, form: forms.Form) -> tuple[Verdict, ...]:
        """What the rules say of the order as it was typed; nothing when it makes no dose."""
        try:
            return self._proposal(form).verdicts
        except (UnableTo, KeyError):
            return ()

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Sign."""
        assert isinstance(form, OrderForm), "this page has one form"
        cleaned = form.cleaned_data
        return ordering.sign_order(
            act,
            visit=self.visit,
            protocol=cleaned["protocol"],
            stages=form.stages,
            product=cleaned["product"],
            bag=cleaned["bag"],
            note=cleaned["note"].strip(),
            overrides=overrides_of(form),
            password=cleaned["password"],
            asked=form.asked,
            days=form.days,
        )

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add the dose sentence, and every rule's answer, whenever the numbers make a dose."""
        form = extra.get("form")
        proposal = extra.pop("proposal", None)
        if proposal is None and form is not None and form.is_bound:
            try:
                proposal = self._proposal(form)
            except (UnableTo, KeyError):
                proposal = None
        state = self.state
        return super().context(
            **{
                "proposal": _proposal_values(state, proposal) if proposal else None,
                **extra,
            }
        )

    def about(self, state: VisitState) -> dict[str, Any]:
        """Add what the prescriber looks at before writing a number."""
        course = reading.course(state.booking.payload.course)
        planned = planned_infusion(course, state.booking.payload.number)
        chosen = self.request.POST.get("protocol") or self.request.GET.get("protocol")
        protocol = ordering_view.protocol_for(course, chosen, planned)
        previous = course.infusions[-1].payload if course.infusions else None
        return {
            "order": ordering_view.order_summary(state.order) if state.order else None,
            "is_open": state.phase == "checked_in",
            "weight": str(state.weight) if state.weight else None,
            "last_dose": ordering_view.last_dose(previous),
            "planned": ordering_view.planned_words(planned),
            "caps": ordering_view.caps(book(), pages.now()),
            "bmi": book().limits("ORD-WGT-004", clinic_day(pages.now())).bmi,
            "height_date": ordering_view.height_of_screening(course).get("height_date"),
            "protocols": ordering_view.protocols(protocol),
            "protocol": protocol,
            "number": state.booking.payload.number,
            "meaning": ordering.SIGNING_MEANS,
        }


def _proposal_values(state: VisitState, proposal: ordering.Proposal) -> dict[str, Any]:
    return {
        "dose": proposal.plan.dose,
        "steps": ordering_view.step_sentences(proposal.plan),
        "weight_words": proposal.plan.on.words if proposal.plan.on else "",
        "notes": ordering_view.notes(state, proposal),
        "findings": findings(book(), proposal.verdicts),
        "clear_count": sum(verdict.answer == "clear" for verdict in proposal.verdicts),
    }


class CancelOrderForm(VisitForm):
    """Why an order no longer stands."""

    reason = forms.CharField(label="Why the order no longer stands", max_length=500, widget=forms.Textarea)


class CancelOrderPage(VisitFormPage):
    """Taking an order back before the pump runs."""

    action = "order.cancel"
    template = "ordering/cancel.html.jinja"
    form_class = CancelOrderForm
    done_sentence = "The order is cancelled. What was drawn on it is not to be given."

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Cancel."""
        return ordering.cancel_order(act, visit=self.visit, reason=form.cleaned_data["reason"])

    def about(self, state: VisitState) -> dict[str, Any]:
        """Add the order, and what is in hand of it."""
        return {
            "order": ordering_view.order_summary(state.order) if state.order else None,
            "drug": visit_drug.notice_of(state) if may(self.author.role, "custody.waste") else None,
        }


class DoubleCheckForm(VisitForm):
    """What the second person reads for themselves."""

    record_number = forms.CharField(
        label="Record number", max_length=40, help_text="Read it from the wristband."
    )
    weight = QuantityField(
        Weight, label="Weight", help_text="Read it from the scale's slip or ask the patient."
    )
    strength = forms.ChoiceField(
        label="Strength",
        choices=ordering_view.strength_choices,
        widget=forms.RadioSelect,
        help_text="Read it from the vial.",
        error_messages={"required": "Strength: choose the one on the vial."},
    )
    volume = QuantityField(Volume, label="In the syringe", help_text="Read it from the syringe.")
    bag = QuantityField(Volume, label="Bag, total volume", help_text="Read it from the bag's label.")
    rate = QuantityField(FlowRate, label="Rate", help_text="Read it from the pump.")
    happened_at = HappenedAtField()

    def __init__(self, *args: Any, steps: int, is_on_scale: bool, **kwargs: Any) -> None:
        """`steps` is how many the run has; `is_on_scale` says that the dose is on the scale's weight."""
        super().__init__(*args, **kwargs)
        self.step_count = steps
        if steps > 1:
            self.fields["rate"].label = "Rate of step 1"
        for number in range(2, steps + 1):
            self.fields[f"rate_{number}"] = QuantityField(
                FlowRate, label=f"Rate of step {number}", help_text="Read it from the label of the bag."
            )
        if not is_on_scale:
            self.fields["dosing_weight"] = QuantityField(
                Weight, label="Weight of the dose", help_text="Read it from the label of the bag."
            )

    @property
    def rate_boxes(self) -> list[forms.BoundField]:
        """A box for the rate of each step."""
        return [self["rate" if number == 1 else f"rate_{number}"] for number in range(1, self.step_count + 1)]

    @property
    def rates(self) -> tuple[FlowRate, ...]:
        """What was read of each step."""
        return tuple(self.cleaned_data[box.name] for box in self.rate_boxes)


class DoubleCheckPage(VisitFormPage):
    """The second person's own readings. Nothing that the first person wrote is on the page."""

    action = "dose.double_check"
    template = "ordering/double_check.html.jinja"
    form_class = DoubleCheckForm

    def form_arguments(self) -> dict[str, Any]:
        """As many boxes for rates as the order has steps; how many there are gives no number away."""
        order = self.state.order
        if order is None:
            return {"steps": 1, "is_on_scale": True}
        return {"steps": len(order.payload.stages), "is_on_scale": order.payload.on.basis == "actual"}

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Record the readings, and say whether they agree."""
        form = DoubleCheckForm(request.POST, **self.form_arguments())
        if not form.is_valid():
            return self.show(self.context(form=form), status=pages.REFUSED)
        try:
            self.carry_out(form, self.act(form))
        except UnableTo as refusal:
            return self.refuse(form, refusal)
        check = self.state.double_check
        if check is not None and not check.payload.agrees:
            messages.error(request, "Recorded. The two readings do not agree, so nothing may be given yet.")
            return redirect(self.address("double_check"))
        messages.success(request, "Two people agree. The time-out comes next.")
        return redirect(self.address("chart"))

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Record what was read."""
        assert isinstance(form, DoubleCheckForm), "this page has one form"
        cleaned = form.cleaned_data
        return ordering.double_check(
            act,
            visit=self.visit,
            record_number=cleaned["record_number"],
            strength=Strength(mcg_per_ml=int(cleaned["strength"])),
            volume=cleaned["volume"],
            bag=cleaned["bag"],
            rates=form.rates,
            weight=cleaned["weight"],
            dosing_weight=cleaned.get("dosing_weight"),
        )

    def about(self, state: VisitState) -> dict[str, Any]:
        """Add who drew, and where the last check did not agree; no weight, no dose and no number."""
        patient = self.patient_of(state).demographics
        check = state.double_check
        return {
            "patient": None,
            "dose": None,
            "who": {"name": patient.full_name, "born_date": patient.birth_date},
            "is_open": state.phase == "drawn",
            "basis": BASIS_WORDS[state.order.payload.on.basis] if state.order else None,
            "drawn_by": state.draw.by.printed_name if state.draw else None,
            "is_own_draw": state.draw is not None and state.draw.by.id == self.author.id,
            "disagreements": check.payload.disagreements if check and not check.payload.agrees else (),
        }


class TimeOutForm(SecondPersonFields, VisitForm):
    """What was read aloud, and the second person's proof."""

    second_may = "infusion.run"

    confirmed = forms.MultipleChoiceField(
        label="Read aloud, both looking",
        choices=tuple(infusion.TIME_OUT.items()),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    happened_at = HappenedAtField()


class TimeOutPage(VisitFormPage):
    """Both people stop before the pump runs."""

    action = "infusion.run"
    template = "ordering/time_out.html.jinja"
    form_class = TimeOutForm
    done_sentence = "The time-out is recorded."

    def form_arguments(self) -> dict[str, Any]:
        """Everybody may be the second person but whoever is signed in."""
        return {"me": self.author.id}

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Record it."""
        assert isinstance(form, TimeOutForm)
        return infusion.hold_time_out(
            act,
            visit=self.visit,
            second=form.second,
            proof_of_second=proof_of(form, self.request),
            confirmed=tuple(form.cleaned_data["confirmed"]),
        )

    def done_address(self, stream: StreamId) -> str:
        """The start comes next."""
        return self.address("start")

    def about(self, state: VisitState) -> dict[str, Any]:
        """Add what is read aloud: patient, mg, mL, mL/h and the expected end."""
        order, draw = state.order, state.draw
        if order is None or draw is None:
            return {"is_open": False, "order": None, "aloud": []}
        drawn, steps = draw.payload, order.payload.plan.steps
        minutes = float(drawn.bag.value / drawn.rate.value) * 60 if drawn.rate.value else 0
        if len(steps) > 1:
            minutes = float(sum(step.duration.value for step in steps))
        ends_at = pages.now() + timedelta(minutes=minutes)
        patient = self.patient_of(state).demographics
        return {
            "is_open": state.phase == "double_checked",
            "order": ordering_view.order_summary(order),
            "devices": device_words(state),
            "aloud": [
                {"key": "Patient", "value": f"{patient.full_name}, {patient.record_number}"},
                *(
                    [{"key": "Weight of the dose", "value": f"{order.payload.dose.weight}: {on.words}"}]
                    if (on := order.payload.on).words
                    else []
                ),
                {"key": "Ketamine in the bag", "value": drawn.drawn.shown()},
                {"key": "Bag", "value": str(drawn.bag)},
                {"key": "Pump", "value": str(drawn.rate)},
                *(
                    {"key": f"Step {number}", "value": step_words(step)}
                    for number, step in enumerate(steps, start=1)
                    if len(steps) > 1
                ),
                {"key": "Expected end, started now", "value": clinic_time(ends_at)},
            ],
        }


urlpatterns = [
    path("visits/<uuid:visit>/order/", OrderPage.as_view(), name="order"),
    path("visits/<uuid:visit>/order/cancel/", CancelOrderPage.as_view(), name="order_cancel"),
    path("visits/<uuid:visit>/double-check/", DoubleCheckPage.as_view(), name="double_check"),
    path("visits/<uuid:visit>/time-out/", TimeOutPage.as_view(), name="time_out"),
]
