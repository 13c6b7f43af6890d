"""The checklist of a screening as a form: questions, trials, work-up and what is measured."""

from typing import Any, Final

from django import forms

from evenkeel.clinical.medicine_classes import Listed
from evenkeel.clinical.screening import questions_for
from evenkeel.clinical.workup import STOP_BANG_MAX, TESTS, WorkupTest
from evenkeel.record.screening import Checklist, Tri, Trial, TrialResult, WorkupLine
from evenkeel.values.quantities import Height, Hours, Pressure, Weight
from evenkeel.web.fields import HappenedAtField, QuantityField, TriField, WholeField
from evenkeel.web.lines import Column, GrowingForm, Lines

# A trial of more weeks than this, ten years, is a slip of the keyboard. Proposal.
WEEKS_MAX: Final = 520

RESULT_WORDS: Final[dict[TrialResult, str]] = {
    "no_effect": "No effect",
    "too_little": "Too little effect",
    "not_tolerated": "Not tolerated",
    "helped": "Helped",
    "unknown": "Not known",
}
TRIALS: Final = Lines(
    name="trial",
    word="Treatment tried",
    columns=(
        Column(name="drug", label="Drug", is_needed=True),
        Column(name="dose", label="Highest dose"),
        Column(name="weeks", label="Weeks"),
        Column(name="result", label="Result"),
    ),
)


class ChosenField(forms.ChoiceField):
    """One of several, or nothing, which means that it is not known; it is asked for, so not "optional"."""

    asked: Final = True

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)


class DayField(forms.DateField):
    """A day that is asked for and may stay empty."""

    asked: Final = True

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, widget=forms.DateInput, **kwargs)


class ScreeningForm(GrowingForm):
    """The checklist of one indication. The pressure is the resting one, measured now."""

    lists = (TRIALS,)
    no_trials = forms.BooleanField(label="Asked: nothing was tried", required=False)
    since_substances = QuantityField(
        Hours,
        asked=True,
        required=False,
        label="Hours since the last alcohol or drug",
        help_text="Only after a yes. Left empty, the wait cannot be worked out.",
    )
    stop_bang = WholeField(
        lowest=0,
        highest=STOP_BANG_MAX,
        asked=True,
        required=False,
        label="STOP-Bang points",
        help_text=f"0 to {STOP_BANG_MAX}, from the questionnaire.",
    )
    weight = QuantityField(Weight, asked=True, required=False, label="Weight, measured")
    height = QuantityField(Height, asked=True, required=False, label="Height, measured")
    systolic = QuantityField(Pressure, asked=True, required=False, label="Systolic pressure at rest")
    diastolic = QuantityField(Pressure, asked=True, required=False, label="Diastolic pressure at rest")
    note = forms.CharField(label="Note", widget=forms.Textarea, required=False)
    happened_at = HappenedAtField()
    list_confirmed = forms.BooleanField(label="I asked again: the answers are right", required=False)
    open_confirmed = forms.BooleanField(label="Save with these left open", required=False)

    def __init__(
        self, *args: Any, indication: str, medicines: tuple[Listed, ...] = (), **kwargs: Any
    ) -> None:
        """Add what is asked for the indication; `medicines` answer yes where the list names what is asked."""
        super().__init__(*args, **kwargs)
        self.asked = questions_for(indication)
        for question in self.asked:
            named = [each for each in medicines if question.key in {of.question for of in each.classes}]
            self.fields[f"answer_{question.key}"] = TriField(
                label=question.text, help_text=question.hint, initial="yes" if named else None
            )
        for number in range(self.counts["trial"]):
            self._type_trial(number)
        for test in TESTS.values():
            self._add_test(test)

    def _type_trial(self, number: int) -> None:
        word = f"{TRIALS.word} {number + 1}"
        self.fields[f"trial_weeks_{number}"] = WholeField(
            lowest=0, highest=WEEKS_MAX, asked=True, required=False, label=f"{word}: weeks"
        )
        self.fields[f"trial_result_{number}"] = ChosenField(
            label=f"{word}: result", choices=[("", "Choose"), *RESULT_WORDS.items()]
        )

    def _add_test(self, test: WorkupTest) -> None:
        choices = [("normal", test.normal), ("abnormal", test.abnormal), ("not_done", "Not done")]
        if test.may_not_apply:
            choices.append(("does_not_apply", "Does not apply"))
        self.fields[f"workup_result_{test.key}"] = ChosenField(
            label=test.label, help_text=test.hint, choices=choices, widget=forms.RadioSelect
        )
        self.fields[f"workup_date_{test.key}"] = DayField(label=f"{test.label}: day")

    @property
    def open_names(self) -> tuple[str, ...]:
        """The fields of questions and tests that nobody has answered, in the order of the page."""
        names = [
            *(f"answer_{question.key}" for question in self.asked),
            *(f"workup_result_{key}" for key in TESTS),
        ]
        return tuple(name for name in names if not self[name].value())

    def clean(self) -> dict[str, Any]:
        """Ask once about what was left open: it is easily overlooked, and the whole list is long."""
        cleaned = super().clean()
        count = len(self.open_names)
        if count and not cleaned.get("open_confirmed"):
            what = "1 question or test has" if count == 1 else f"{count} questions or tests have"
            self.add_error(
                "open_confirmed",
                f"{what} no answer. Answer, or tick that they stay open: not known, never no.",
            )
        return cleaned

    @property
    def checklist(self) -> Checklist:
        """What was typed; what was left out is not known."""
        typed = self.cleaned_data
        answers: dict[str, Tri] = {question.key: typed[f"answer_{question.key}"] for question in self.asked}
        return Checklist(
            answers=answers,
            trials=self._trials(),
            no_trials=typed["no_trials"],
            workup={
                key: WorkupLine(
                    result=typed[f"workup_result_{key}"] or "unknown", done_date=typed[f"workup_date_{key}"]
                )
                for key in TESTS
            },
            weight=typed["weight"],
            height=typed["height"],
            stop_bang=typed["stop_bang"],
            since_substances=typed["since_substances"],
            systolic=typed["systolic"],
            diastolic=typed["diastolic"],
        )

    def _trials(self) -> tuple[Trial, ...]:
        lines: list[dict[str, Any]] = self.written("trial")
        return tuple(
            Trial(
                drug=line["drug"].strip(),
                dose=line["dose"].strip(),
                weeks=line["weeks"],
                result=line["result"] or "unknown",
            )
            for line in lines
        )
