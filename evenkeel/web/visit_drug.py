"""Pages of one visit's drug: what became of it, and the waste of what is left before a witness."""

from collections.abc import Sequence
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import path, reverse

from evenkeel.journey.acting import Act
from evenkeel.journey.custody import opened, waste
from evenkeel.journey.custody.waste import Measured
from evenkeel.journey.custody.witnessing import refuse_to_witness
from evenkeel.journey.policy import may
from evenkeel.record.custody import Account, Place
from evenkeel.record.visits import VisitState
from evenkeel.store.queries import custody, settings
from evenkeel.values.ids import ClinicianId, StreamId, reference_of
from evenkeel.values.issues import Issue, UnableTo
from evenkeel.values.quantities import Volume
from evenkeel.values.shape import frozen
from evenkeel.web import pages, visit_drug_view
from evenkeel.web.chairside import VisitForm, VisitFormPage, VisitPage
from evenkeel.web.fields import AskedField, HappenedAtField, QuantityField
from evenkeel.web.second_person import SecondPersonFields, proof_of

CAUSES: Final = (
    ("left_over", "Left over: the infusion ended or was stopped"),
    ("spilled", "Spilled"),
    ("broken", "A vial or bag broke"),
    ("cancelled", "The order or the visit was cancelled"),
    ("expired", "Expired, or open for too long"),
    ("recalled", "Recalled"),
)
_PREFIX: Final = "rest_"
_SEPARATOR: Final = "_"


@frozen
class Container:
    """A bag, syringe or vial that something is left in; `hint` is what its label reads."""

    place: Place
    ref: str
    words: str
    hint: str = ""

    @property
    def field(self) -> str:
        """The name of its box. A lot's name may hold any letter, so a vial's number travels in hex."""
        return f"{_PREFIX}{self.place}{_SEPARATOR}{self.ref.encode().hex()}"


def containers(state: VisitState) -> tuple[Container, ...]:
    """What has to be measured, in the order in which the use case asks; nothing says how much is expected."""
    return tuple(
        _container(each.account, each.parts[0].lot.item.label) for each in waste.expected_rests(state)
    )


def _container(account: Account, label: str = "") -> Container:
    words = f"Left in the {visit_drug_view.where(account)}"
    hint = "Draw it up or weigh it, and read it. Write 0 if it is empty."
    if account.place == "vial" and label:
        hint = f"{label}. {hint}"
    return Container(place=account.place, ref=account.ref, words=words, hint=hint)


def _named(field: str) -> Container | None:
    """The container of a box that was sent; None for a name that no page made."""
    place, _, ref = field.removeprefix(_PREFIX).partition(_SEPARATOR)
    known: dict[str, Place] = {"bag": "bag", "syringe": "syringe", "vial": "vial"}
    try:
        return _container(Account(site="", place=known[place], ref=bytes.fromhex(ref).decode()))
    except (KeyError, ValueError, AssertionError):
        return None


class WasteForm(SecondPersonFields, VisitForm):
    """What was measured of everything in hand, why it is wasted, and who saw it."""

    cause = forms.ChoiceField(
        label="Why it is wasted",
        choices=CAUSES,
        widget=forms.RadioSelect,
        error_messages={"required": "Why it is wasted: choose one."},
    )
    explanation = AskedField(label="Explanation", max_length=1000)
    reason = AskedField(label="Why it cannot be confirmed", max_length=500)
    alone_because = AskedField(label="Nobody else is here, because", max_length=500)
    happened_at = HappenedAtField()

    def __init__(
        self,
        *args: Any,
        containers: Sequence[Container],
        may_be_alone: bool,
        **kwargs: Any,
    ) -> None:
        """Boxes for what is in hand now and was when the page was made: a form sent twice is the same."""
        super().__init__(*args, **kwargs)
        self.in_hand = tuple(containers)
        sent = {name: _named(name) for name in self.data if name.startswith(_PREFIX)}
        boxes = {each.field: each for each in self.in_hand} | {
            name: each for name, each in sent.items() if each is not None
        }
        self.boxes = {name: boxes[name] for name in sorted(boxes)}
        for name, each in boxes.items():
            self.fields[name] = QuantityField(Volume, label=each.words, required=False, asked=True)
        self.order_fields([each.field for each in self.in_hand])
        if not may_be_alone:
            del self.fields["alone_because"]
        elif str(self.data.get("alone_because", "")).strip():
            self.fields["second_person"].required = False

    def full_clean(self) -> None:
        """Whoever will not witness is not asked for what the other would have had to write."""
        super().full_clean()
        if self.is_bound and self.is_refused:
            asked = {"second_person", "password_of_second", "passkey_of_second", "reason"}
            for name in [name for name in self.errors if name not in asked]:
                del self.errors[name]

    def clean(self) -> dict[str, Any]:
        """Everything in hand is measured; an empty one is 0, and not left out."""
        said = super().clean() or self.cleaned_data
        for each in self.in_hand:
            if said.get(each.field) is None and each.field not in self.errors:
                self.add_error(each.field, f"{each.words}: measure it and write it down; 0 if it is empty.")
        return said

    @property
    def rests(self) -> list[tuple[forms.BoundField, str]]:
        """The boxes of what is in hand, each with its hint: the bag before the vials."""
        ordered = sorted(self.in_hand, key=lambda each: visit_drug_view.HELD.index(each.place))
        return [(self[each.field], each.hint) for each in ordered]

    @property
    def measured(self) -> tuple[Measured, ...]:
        """What was measured, in an order that does not depend on what is still in hand."""
        return tuple(
            Measured(place=each.place, ref=each.ref, volume=self.cleaned_data[name])
            for name, each in self.boxes.items()
            if self.cleaned_data.get(name) is not None
        )

    @property
    def second_or_none(self) -> ClinicianId | None:
        """Who was chosen, or None where one acts alone."""
        return ClinicianId(self.cleaned_data["second_person"]) or None

    @property
    def what(self) -> str:
        """The sentence that the second person is asked to confirm."""
        rests = ", ".join(f"{each.volume} in the {_called(each)}" for each in self.measured)
        cause = dict(CAUSES).get(self.cleaned_data.get("cause", ""), "")
        said = "; ".join(part for part in (rests, cause[:1].lower() + cause[1:]) if part)
        return f"the waste of what is left of this visit's drug{f' ({said})' if said else ''}"


def _called(measured: Measured) -> str:
    return visit_drug_view.where(Account(site="", place=measured.place, ref=measured.ref))


class DrugOfVisit(VisitPage):
    """What pages of a visit's drug share: a registrant opens them too, who meets no patients."""

    def context(self, **extra: Any) -> dict[str, Any]:
        """Leave links away that the person may not follow."""
        found = super().context(**extra)
        role = self.author.role
        if not may(role, "patient.read") and found["patient"]:
            found["patient"] = {**found["patient"], "url": None}
        return {**found, "may_read_visit": may(role, "visit.read"), "drug_url": self.address("visit_drug")}


class VisitDrugPage(DrugOfVisit):
    """Drawn, given, wasted, missing and in hand, by bag and vial, with every movement."""

    action = "custody.waste"
    template = "visit_drug/drug.html.jinja"

    def about(self, state: VisitState) -> dict[str, Any]:
        """Add the accounts, and the button for what comes next."""
        view, role = visit_drug_view, self.author.role
        lots = custody.lots_of_visit(state.stream)
        movements = custody.movements(visits=(state.stream,))
        return {
            "rows": view.table(state, movements),
            "columns": view.COLUMNS,
            "kept": view.kept(state),
            "pump": view.pump(state),
            "accounts": view.accounts_given(state, movements),
            "rest_columns": view.REST_COLUMNS,
            "movements": view.movement_lines(state, movements),
            "refusals": view.refusals(lots, state.stream),
            "cases": view.cases(state.stream, may_open=may(role, "case.work")),
            "has_ledger": bool(lots),
            "is_drawn": state.last_draw is not None,
            "is_ordered": state.order is not None,
            "is_on_the_pump": state.phase in waste.ON_THE_PUMP,
            "open_issues": [issue.sentence for issue in waste.accounting_issues(state)],
            "next": self._next(state),
            "other_url": self._other(state),
        }

    def _other(self, state: VisitState) -> str | None:
        """Where another drug is taken from stock, for who may while the patient is here."""
        here = state.phase in opened.HERE and may(self.author.role, "infusion.run")
        return self.address("visit_drug_other") if here else None

    def _next(self, state: VisitState) -> dict[str, str] | None:
        """What is done next about the drug, for who may do it."""
        role = self.author.role
        if state.phase in waste.ON_THE_PUMP:
            return None
        if waste.accounting_issues(state):
            return {"words": "Account for the drug", "url": self.address("visit_waste")}
        if state.phase == "ordered" and may(role, "dose.draw"):
            return {"words": "Draw up", "url": self.address("draw")}
        if state.phase == "recovery" and may(role, "discharge.sign"):
            return {"words": "Discharge", "url": self.address("discharge")}
        return None


class WastePage(DrugOfVisit, VisitFormPage):
    """Two people measure what is left, and one of them sees the other waste it.

    Nothing on the page says how much should be left: the measure is a check.
    """

    action = "custody.waste"
    template = "visit_drug/waste.html.jinja"
    form_class = WasteForm

    def form_arguments(self) -> dict[str, Any]:
        """What is in hand, and whether the clinic lets one person act alone."""
        return {
            "me": self.author.id,
            "containers": containers(self.state),
            "may_be_alone": settings.current().may_waste_alone,
        }

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Waste it, or write down that the second person did not see it."""
        form = WasteForm(request.POST, **self.form_arguments())
        if not form.is_valid():
            return self.show(self.context(form=form), status=pages.REFUSED)
        try:
            act = self.act(form)
            if form.is_refused:
                self._write_refusal(form, act)
            else:
                self.carry_out(form, act)
        except UnableTo as refusal:
            return self.refuse(form, refusal)
        if form.is_refused:
            messages.warning(request, "It is written down that this was not confirmed. Nothing was wasted.")
        else:
            messages.success(request, "The drug is accounted for. Below stands what was expected.")
        return redirect(self.address("visit_drug"))

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Waste everything in hand."""
        assert isinstance(form, WasteForm), "the page's own form"
        cleaned = form.cleaned_data
        return waste.waste_rest(
            act,
            visit=self.visit,
            measured=form.measured,
            cause=cleaned["cause"],
            explanation=cleaned["explanation"].strip(),
            second=form.second_or_none,
            proof_of_second=proof_of(form, self.request),
            alone_because=cleaned.get("alone_because", "").strip(),
        )

    def _write_refusal(self, form: WasteForm, act: Act) -> StreamId:
        lots = custody.lots_of_visit(self.visit)
        if not lots:
            sentence = "The ledger holds nothing of this visit's drug, so there is nothing to refuse."
            raise waste.UnableToWaste([Issue(sentence=sentence, code="nothing-left")])
        return refuse_to_witness(
            act,
            lots=lots,
            visit=self.visit,
            what=form.what,
            second=form.second_or_none,
            proof_of_second=proof_of(form, self.request),
            reason=form.cleaned_data["reason"].strip(),
        )

    def place(self, form: forms.Form, issue: Issue) -> None:
        """The use case counts the boxes; here each has the name of what it is about."""
        assert isinstance(form, WasteForm), "the page's own form"
        number = (issue.field or "").removeprefix(_PREFIX)
        field = issue.field
        if number.isdecimal() and int(number) < len(form.in_hand):
            field = form.in_hand[int(number)].field
        form.add_error(field if field in form.fields else None, issue.sentence)

    def about(self, state: VisitState) -> dict[str, Any]:
        """Add what is in the way. Neither the dose nor any amount is on this page."""
        is_measured = bool(waste.expected_rests(state))
        return {
            "dose": None,
            "is_on_the_pump": state.phase in waste.ON_THE_PUMP,
            "is_nothing_left": not is_measured and not waste.accounting_issues(state),
            "is_variance_alone": not is_measured,
        }


def notice_of(state: VisitState) -> dict[str, Any] | None:
    """For other pages of a visit: where drug is still in hand, and the address that accounts for it."""
    if not waste.accounting_issues(state):
        return None
    return {
        "where": visit_drug_view.in_hand_words(state.stream),
        "url": reverse("visit_waste", args=[reference_of(state.stream)]),
    }


urlpatterns = [
    path("visits/<uuid:visit>/drug/", VisitDrugPage.as_view(), name="visit_drug"),
    path("visits/<uuid:visit>/drug/waste/", WastePage.as_view(), name="visit_waste"),
]
