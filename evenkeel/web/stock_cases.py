"""Cases of missing and surplus drug: the list, one case with its clock, and what is done in it."""

from datetime import datetime
from fractions import Fraction
from typing import Any, ClassVar

from django import forms
from django.http import Http404
from django.urls import path, reverse

from evenkeel.journey.acting import Act
from evenkeel.journey.custody import cases
from evenkeel.journey.custody.cases import TEXT_CHARACTERS_MAX, is_reportable
from evenkeel.journey.policy import may
from evenkeel.record.counting import CaseState
from evenkeel.store import reading
from evenkeel.store.queries import custody, people
from evenkeel.store.queries.custody import Balance
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import ClinicianId, StreamId
from evenkeel.values.issues import Issue, UnableTo
from evenkeel.values.quantities import Volume
from evenkeel.web import pages, stock_count_view, timeline
from evenkeel.web.fields import QuantityField
from evenkeel.web.jinja import clinic_datetime
from evenkeel.web.pages import FormPage, Page
from evenkeel.web.second_person import SecondPersonFields, proof_of
from evenkeel.web.stock_count import SitePage
from evenkeel.web.stock_count_view import (
    case_line,
    case_url,
    clock,
    difference_words,
    held_words,
    where_words,
)

# Closed cases below the open ones; older ones stand in the reports.
CLOSED_SHOWN = 50


def text_field(label: str, **more: Any) -> forms.CharField:
    """A text of some lines."""
    return forms.CharField(label=label, max_length=TEXT_CHARACTERS_MAX, widget=forms.Textarea, **more)


def owner_choices() -> list[tuple[str, str]]:
    """Everybody who may work on a case."""
    workers = [person for person in people.every() if may(person.role, "case.work")]
    return [("", "Choose"), *((str(person.id), person.printed_name) for person in workers)]


class CaseList(SitePage):
    """Every open case, oldest first, and those that were closed last."""

    action = "stock.read"
    template = "stock/cases.html.jinja"

    def context(self, **extra: Any) -> dict[str, Any]:
        """Lay the cases out with what is due."""
        at = pages.now()
        found = custody.cases(site=self.site.id)
        closed = sorted(
            (each for each in found if each.closed_at is not None),
            key=lambda each: each.closed_at or at,
            reverse=True,
        )
        return super().context(
            open_cases=[_line(each.stream, at) for each in found if each.closed_at is None],
            closed_cases=[_line(each.stream, at) for each in closed[:CLOSED_SHOWN]],
            **extra,
        )


def _line(case: StreamId, at: datetime) -> dict[str, Any]:
    return case_line(reading.case(case), at)


class CaseBase(Page):
    """A page about one case."""

    @property
    def state(self) -> CaseState:
        """The case as it now reads."""
        return reading.case(self.stream("case"))

    def context(self, **extra: Any) -> dict[str, Any]:
        """What every page of a case says of it."""
        state = self.state
        opened = state.opened.payload
        return super().context(
            **{
                "case": case_line(state, pages.now()),
                "case_url": case_url(state.stream),
                "seen": state.seq,
                "is_open": state.closed is None,
                "difference": difference_words(opened.account, opened.item, state.difference_mcg),
                **extra,
            }
        )


class CasePage(CaseBase):
    """One case: what was found, what is due, what was done, and what can be done now."""

    action = "stock.read"
    template = "stock/case.html.jinja"

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add facts, clock, history, and the ways on for whoever may work on it."""
        state = self.state
        may_work = may(self.author.role, "case.work")
        return super().context(
            facts=_facts(state),
            clock=clock(state, pages.now()),
            history=timeline.lines(state, can_amend=False),
            ways=_ways(state) if may_work else [],
            form_pdf=self._address("stock_case_form_106_pdf") if may_work and _has_form(state) else None,
            **extra,
        )

    def _address(self, name: str) -> str:
        return reverse(name, args=[self.kwargs["case"]])


def _has_form(state: CaseState) -> bool:
    return is_reportable(state) or state.form is not None


def _facts(state: CaseState) -> list[dict[str, Any]]:
    opened, closed = state.opened.payload, state.closed
    noticed = f"{state.opened.by.printed_name}, {clinic_datetime(opened.discovered_at)}"
    rows = [
        {"key": "Drug", "value": f"{opened.item.label}, lot {opened.item.lot}"},
        {"key": "Where", "value": where_words(opened.account)},
        {"key": "Expected", "value": held_words(opened.account, opened.item, opened.expected)},
        {"key": "Found", "value": held_words(opened.account, opened.item, opened.found)},
        {"key": "Discovered by", "value": noticed},
        {"key": "Who finds out", "value": state.owner[1]},
    ]
    if opened.visit is not None:
        rows.append({"key": "Visit", "value": stock_count_view.visit_words(opened.visit)})
    if opened.note:
        rows.append({"key": "Note", "value": opened.note})
    if closed is not None:
        outcome = stock_count_view.OUTCOME_WORDS[closed.payload.outcome].capitalize()
        by = f"{closed.by.printed_name} and {closed.payload.second_name}"
        rows.append({"key": "Outcome", "value": f"{outcome}. {closed.payload.explanation}"})
        rows.append({"key": "Closed by", "value": f"{by}, {clinic_datetime(closed.at)}"})
    return rows


def _ways(state: CaseState) -> list[dict[str, str]]:
    """What can be done in the case as it stands: the words on the button, its kind and its route."""
    ways = [("Write a note", "secondary", "stock_case_note")]
    if state.closed is None:
        ways.insert(0, ("Close the case", "main", "stock_case_close"))
        ways.append(("Hand it over", "secondary", "stock_case_hand_over"))
    if is_reportable(state):
        if state.notice is None:
            ways.append(("Note the written notice", "secondary", "stock_case_notice"))
        if state.form is None:
            ways.append(("Note that form 106 was filed", "secondary", "stock_case_form"))
        if state.notice is None and state.form is None and state.not_significant is None:
            ways.append(("Judge it not significant", "secondary", "stock_case_judge"))
    reference = str(state.stream).partition(":")[2]
    return [
        {"words": words, "kind": kind, "url": reverse(name, args=[reference])} for words, kind, name in ways
    ]


# --- what is done in a case --------------------------------------------------------------------------------


class CaseFormPage(CaseBase, FormPage):
    """One step in a case. `heading`, `lead` and `button` are its words."""

    action = "case.work"
    template = "stock/case_form.html.jinja"
    heading: ClassVar[str]
    lead: ClassVar[str] = ""
    button: ClassVar[str] = "Save"

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add the words of the page."""
        return super().context(heading=self.heading, lead=self.lead, button=self.button, **extra)

    def done_address(self, stream: StreamId) -> str:
        """The case."""
        return case_url(stream)


class NoteForm(forms.Form):
    """What was found out."""

    text = text_field("Note", help_text="Who was asked, where somebody looked, what the papers say.")


class NotePage(CaseFormPage):
    """Write down what was found out."""

    form_class = NoteForm
    heading = "Write a note"
    done_sentence = "The note is in the case."

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Write it."""
        return cases.note_case(act, case=self.stream("case"), text=form.cleaned_data["text"])


class HandOverForm(forms.Form):
    """Who finds out from now on."""

    owner = forms.ChoiceField(label="Who finds out from now on")
    reason = forms.CharField(label="Reason", max_length=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen: Any = self.fields["owner"]
        chosen.choices = owner_choices()


class HandOverPage(CaseFormPage):
    """Let somebody else find out."""

    form_class = HandOverForm
    heading = "Hand the case over"
    done_sentence = "The case is handed over."

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Hand it over."""
        owner = ClinicianId(form.cleaned_data["owner"])
        reason = form.cleaned_data["reason"]
        return cases.hand_over_case(act, case=self.stream("case"), owner=owner, reason=reason)


class NoticeForm(forms.Form):
    """When and how the field office was told."""

    sent_date = forms.DateField(label="Sent on", widget=forms.DateInput(attrs={"type": "date"}))
    how = text_field("How, and to which office")


class NoticePage(CaseFormPage):
    """Write down that the field office was told."""

    form_class = NoticeForm
    heading = "Note the written notice"
    lead = (
        "The field office is told of a theft or significant loss in writing, within one business day. "
        "A person sends it; this page keeps that it was sent."
    )
    done_sentence = "The notice is in the case."

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Write it down."""
        said = form.cleaned_data
        return cases.note_notice(act, case=self.stream("case"), sent_date=said["sent_date"], how=said["how"])


class FiledForm(forms.Form):
    """When form 106 was filed, and under which number."""

    filed_date = forms.DateField(label="Filed on", widget=forms.DateInput(attrs={"type": "date"}))
    reference = forms.CharField(
        label="Reference", max_length=80, help_text="The number that the agency's site gave it."
    )


class FiledPage(CaseFormPage):
    """Write down that form 106 was filed."""

    form_class = FiledForm
    heading = "Note that form 106 was filed"
    lead = "A person files form 106 at the agency's own site, within 45 days. Nothing is sent from here."
    done_sentence = "The form is in the case."

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Write it down, and the reported loss in the ledger with it."""
        said = form.cleaned_data
        return cases.note_form(
            act, case=self.stream("case"), filed_date=said["filed_date"], reference=said["reference"]
        )


class JudgeForm(forms.Form):
    """Why it is no loss that must be reported."""

    reason = text_field(
        "Why it is neither a theft nor significant",
        help_text="Weigh how much and of what is lost, who had access, whether losses repeat, and what was "
        "done about it (21 CFR 1301.76(b)).",
    )


class JudgePage(CaseFormPage):
    """Write down why nothing is reported."""

    form_class = JudgeForm
    heading = "Judge the loss not significant"
    lead = (
        "This ends the clock of the case. The judgment is yours, and it stands in the record under your name."
    )
    button = "I judge it not significant"
    done_sentence = "The judgment is in the case."

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Write it down."""
        return cases.judge_not_significant(act, case=self.stream("case"), reason=form.cleaned_data["reason"])


class CloseForm(SecondPersonFields):
    """How it ended, why, and who looked into it as well."""

    outcome = forms.ChoiceField(
        label="How did it end?",
        choices=[
            ("recounted", "Counted again: nothing differs"),
            ("misrecorded", "Wrongly recorded: a movement was corrected"),
            ("found", "Found"),
            ("lost", "Lost"),
        ],
        widget=forms.RadioSelect,
    )
    explanation = text_field("Explanation")


def _hints(is_missing: bool, was_told: bool) -> dict[str, str]:
    """What each outcome needs, and what it tells the ledger."""
    if was_told:
        wasted = "It is taken back from what is missing and wasted, since what was opened cannot be used."
        return {
            "recounted": f"It was measured again. {wasted}",
            "misrecorded": "What went to the missing was taken back, and the wrong entry corrected.",
            "found": wasted,
            "lost": "It stays with what is missing; once form 106 is filed, with the reported losses.",
        }
    taken_in = "What is too much is taken into the ledger, where it was found."
    return {
        "recounted": "A count after the discovery found it right. The ledger stays as it is.",
        "misrecorded": "The wrong movement was taken back in the lot; the ledger says what was found.",
        "found": "It was there at a later count. The ledger stays as it is." if is_missing else taken_in,
        "lost": "It is moved to what is missing; once form 106 is filed, to the reported losses.",
    }


class ClosePage(CaseFormPage):
    """Close a case with an explanation, by two; the ledger is told in the same moment."""

    template = "stock/case_close.html.jinja"
    form_class = CloseForm
    heading = "Close the case"
    done_sentence = "The case is closed."

    def form_arguments(self) -> dict[str, Any]:
        """Whoever closes it cannot be the second person."""
        return {"me": self.author.id}

    def context(self, **extra: Any) -> dict[str, Any]:
        """Say beside each outcome what it needs and what it tells the ledger."""
        state = self.state
        was_told = bool(cases.told_at_once(reading.lot(state.opened.payload.lot), state))
        return super().context(hints=_hints(state.difference_mcg < 0, was_told), **extra)

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Close it."""
        assert isinstance(form, CloseForm), "this page has one form"
        return cases.close_case(
            act,
            case=self.stream("case"),
            outcome=form.cleaned_data["outcome"],
            explanation=form.cleaned_data["explanation"],
            second=form.second,
            proof_of_second=proof_of(form, self.request),
        )


# --- a case without a count --------------------------------------------------------------------------------


class NewCaseForm(forms.Form):
    """What somebody noticed: where, and how much is there."""

    account = forms.ChoiceField(label="Where something is missing or too much")
    found = QuantityField(
        Volume,
        label="How much is there now",
        help_text="Sealed vials as a number of vials; what is opened, or in a bag or syringe, in mL.",
    )
    note = text_field("What was noticed")
    owner = forms.ChoiceField(label="Who finds out", help_text="A registrant or lead.")

    def __init__(self, *args: Any, held: dict[str, Balance], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.held = held
        account: Any = self.fields["account"]
        account.choices = [("", "Choose"), *((key, _account_words(each)) for key, each in held.items())]
        owner: Any = self.fields["owner"]
        owner.choices = owner_choices()


def _account_words(balance: Balance) -> str:
    item = balance.lot.item
    return f"{where_words(balance.account)}: {item.label}, lot {item.lot}"


class NewCasePage(SitePage, FormPage):
    """Open a case for what was noticed without a count."""

    action = "stock.count"
    template = "stock/case_new.html.jinja"
    form_class = NewCaseForm
    done_sentence = "The case is open."

    def form_arguments(self) -> dict[str, Any]:
        """Everything that holds drug."""
        held = custody.balances(self.site.id, "safe", "cabinet", "vial", "bag", "syringe")
        return {"held": {f"{each.lot.stream}/{each.account.place}/{each.account.ref}": each for each in held}}

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Open it."""
        assert isinstance(form, NewCaseForm), "this page has one form"
        chosen = form.held[form.cleaned_data["account"]]
        return cases.open_case(
            act,
            lot=chosen.lot.stream,
            account=chosen.account,
            found=_amount(chosen, form.cleaned_data["found"]),
            owner=ClinicianId(form.cleaned_data["owner"]),
            note=form.cleaned_data["note"],
        )

    def done_address(self, stream: StreamId) -> str:
        """The case."""
        return case_url(stream)


def _amount(chosen: Balance, number: Volume) -> DrugMass:
    """What is there: a number of vials where vials are sealed, else a volume of the lot's strength."""
    item = chosen.lot.item
    exact = item.strength.mass_in(number)
    sentence = "How much is there now: write milliliters with at most three decimals."
    if chosen.account.place in ("safe", "cabinet"):
        exact = Fraction(number.value) * item.vial.mcg
        sentence = "How much is there now: sealed vials are counted whole."
    if exact.denominator != 1:
        raise UnableTo([Issue(sentence=sentence, code="found-unreadable", field="found")])
    return DrugMass(mcg=exact.numerator)


def reportable_case(case: StreamId) -> CaseState:
    """A case that form 106 is about; raises Http404 for any other."""
    state = reading.case(case)
    if not _has_form(state):
        raise Http404
    return state


urlpatterns = [
    path("stock/cases/", CaseList.as_view(), name="stock_cases"),
    path("stock/cases/new/", NewCasePage.as_view(), name="stock_case_new"),
    path("stock/cases/<uuid:case>/", CasePage.as_view(), name="stock_case"),
    path("stock/cases/<uuid:case>/note/", NotePage.as_view(), name="stock_case_note"),
    path("stock/cases/<uuid:case>/hand-over/", HandOverPage.as_view(), name="stock_case_hand_over"),
    path("stock/cases/<uuid:case>/notice/", NoticePage.as_view(), name="stock_case_notice"),
    path("stock/cases/<uuid:case>/form/", FiledPage.as_view(), name="stock_case_form"),
    path("stock/cases/<uuid:case>/not-significant/", JudgePage.as_view(), name="stock_case_judge"),
    path("stock/cases/<uuid:case>/close/", ClosePage.as_view(), name="stock_case_close"),
]
