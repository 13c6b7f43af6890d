"""The made-up patients: who they are, how their bodies answer, and how far their course has come."""

import random
from datetime import date, timedelta
from decimal import Decimal
from typing import Final, Literal

from evenkeel.record.referral import Allergy, Medicine
from evenkeel.values.shape import frozen

Story = Literal[
    "referred",
    "awaiting_prescriber",
    "not_today",
    "declined",
    "screened",
    "consented",
    "withdrawn",
    "in_series",
    "review_due",
    "response_due",
    "responder",
    "non_responder",
    "maintenance",
    "at_risk",
]

# What happens in the visit of the day on which the demo clinic is opened; None for nobody's visit that day.
Today = Literal[
    "calm",
    "surge",
    "paused",
    "nausea",
    "amended",
    "recovering",
    "waiting_for_order",
    "left",
    "later",
]


@frozen
class Part:
    """One patient's part: the story, infusions given before today, and today's visit if any.

    `minutes` is when today's visit began, counted from the opening of the demo clinic; negative is before.
    """

    story: Story
    infusions: int = 0
    today: Today | None = None
    minutes: int = 0


# About forty courses at every stage. Which parts there are is the whole of the demo clinic's shape.
PARTS: Final[tuple[Part, ...]] = (
    Part(story="in_series", infusions=2, today="amended", minutes=-57),
    Part(story="in_series", infusions=1, today="surge", minutes=-45),
    Part(story="in_series", infusions=4, today="paused", minutes=-50),
    Part(story="in_series", infusions=0, today="calm", minutes=-35),
    Part(story="in_series", infusions=3, today="recovering", minutes=-85),
    Part(story="in_series", infusions=4, today="waiting_for_order", minutes=-9),
    Part(story="in_series", infusions=1, today="left", minutes=-300),
    Part(story="maintenance", infusions=7, today="nausea", minutes=-62),
    Part(story="maintenance", infusions=8, today="left", minutes=-240),
    Part(story="in_series", infusions=2, today="later", minutes=25),
    Part(story="in_series", infusions=3, today="later", minutes=70),
    Part(story="maintenance", infusions=6, today="later", minutes=110),
    Part(story="in_series", infusions=5),
    Part(story="in_series", infusions=4),
    Part(story="review_due", infusions=3),
    Part(story="review_due", infusions=3),
    Part(story="response_due", infusions=6),
    Part(story="responder", infusions=6),
    Part(story="non_responder", infusions=6),
    Part(story="maintenance", infusions=6),
    Part(story="maintenance", infusions=7),
    Part(story="maintenance", infusions=6),
    Part(story="maintenance", infusions=8),
    Part(story="at_risk", infusions=2),
    Part(story="withdrawn", infusions=2),
    Part(story="consented"),
    Part(story="consented"),
    Part(story="screened"),
    Part(story="screened"),
    Part(story="screened"),
    Part(story="awaiting_prescriber"),
    Part(story="awaiting_prescriber"),
    Part(story="not_today"),
    Part(story="declined"),
    Part(story="referred"),
    Part(story="referred"),
    Part(story="referred"),
    Part(story="referred"),
    Part(story="referred"),
    Part(story="referred"),
)

# Who comes when the demo clinic is opened again later and nobody would be in a chair.
WAVE: Final[tuple[Part, ...]] = (
    Part(story="in_series", infusions=1, today="calm", minutes=-40),
    Part(story="in_series", infusions=2, today="surge", minutes=-45),
    Part(story="in_series", infusions=0, today="nausea", minutes=-55),
    Part(story="in_series", infusions=4, today="recovering", minutes=-80),
    Part(story="in_series", infusions=2, today="later", minutes=20),
)

_WOMEN = (
    "Amara",
    "Beatriz",
    "Chloe",
    "Dalia",
    "Esther",
    "Farah",
    "Grace",
    "Hana",
    "Ines",
    "Joy",
    "Keiko",
    "Lucia",
)
_MEN = (
    "Aaron",
    "Bo",
    "Carlos",
    "Dmitri",
    "Elias",
    "Frank",
    "Gabriel",
    "Hugo",
    "Ivan",
    "Jamal",
    "Kofi",
    "Luca",
)
_FAMILIES = (
    "Abernathy", "Bianchi", "Castellanos", "Duarte", "Eriksen", "Fitzgerald-Montgomery", "Grossman", "Hassan",
    "Iyer", "Jankowski", "Kaplan", "Lefebvre", "Murakami", "Novak", "Oyelaran", "Pereira", "Quigley",
    "Rosenthal", "Sandoval", "Thackeray", "Ustinov", "Villanueva-Echeverría", "Whitlock", "Xiong", "Yilmaz",
    "Zielinski",
)  # fmt: skip

_ALLERGIES: Final[tuple[tuple[Allergy, ...], ...]] = (
    (),
    (),
    (Allergy(substance="penicillin", reaction="rash"),),
    (Allergy(substance="latex", reaction="hives"), Allergy(substance="codeine", reaction="vomiting")),
)
_MEDICINES: Final[tuple[tuple[Medicine, ...], ...]] = (
    (Medicine(name="sertraline", dose="100 mg daily", drug_class="antidepressant"),),
    (
        Medicine(name="venlafaxine", dose="150 mg daily", drug_class="antidepressant"),
        Medicine(name="lisinopril", dose="10 mg daily", drug_class="antihypertensive"),
    ),
    (Medicine(name="bupropion", dose="300 mg daily", drug_class="antidepressant"),),
    (),
)


@frozen
class Rise:
    """How far the systolic pressure has risen so many minutes into an infusion at the ordered rate."""

    mmhg: float
    minute: float


# Who must cross a limit for the story's sake: 165 mmHg by the second check, 180 mmHg when the pump is paused.
# All others answer as they were drawn.
RISES: Final[dict[str, Rise]] = {"surge": Rise(mmhg=28, minute=20), "paused": Rise(mmhg=60, minute=15)}
# Their pressures at rest, so that they may start and do not stay above a limit for long.
RESTING: Final[dict[str, tuple[int, int]]] = {"surge": (138, 74), "paused": (126, 68)}


@frozen
class Patient:
    """One made-up patient. Pressures at rest in mmHg, pulse per minute; `rise` None is left to chance."""

    index: int
    part: Part
    given_name: str
    family_name: str
    sex: Literal["female", "male"]
    birth_date: date
    weight_kg: Decimal
    indication: Literal["depression", "bipolar_depression"]
    baseline: int
    answer: float
    systolic: int
    diastolic: int
    pulse: int
    rise: Rise | None
    allergies: tuple[Allergy, ...]
    medicines: tuple[Medicine, ...]
    escort: str

    @property
    def record_number(self) -> str:
        """The clinic's number, which says that the patient is made up."""
        return f"DEMO-{1000 + self.index}"


def make_cast(seed: int, today: date, parts: tuple[Part, ...], first: int = 0) -> tuple[Patient, ...]:
    """Make the patients of a demo clinic; the same seed, day and parts make the same people."""
    return tuple(_make(seed, today, part, first + place) for place, part in enumerate(parts))


def _make(seed: int, today: date, part: Part, index: int) -> Patient:
    chance = random.Random(f"{seed}/{index}")
    sex: Literal["female", "male"] = chance.choice(("female", "male"))
    given = (_WOMEN if sex == "female" else _MEN)[index % 12]
    family = _FAMILIES[(index * 7 + index // 26) % len(_FAMILIES)]
    resting = RESTING.get(part.today or "")
    answers = {"non_responder": 0.1, "at_risk": 0.3}.get(part.story, chance.uniform(0.62, 0.85))
    return Patient(
        index=index,
        part=part,
        given_name=given,
        family_name=family,
        sex=sex,
        birth_date=today - timedelta(days=chance.randint(22 * 365, 66 * 365)),
        weight_kg=Decimal(chance.randint(520, 1080)) / 10,
        indication="bipolar_depression" if index % 9 == 4 else "depression",
        baseline=chance.randint(17, 24),
        answer=answers,
        systolic=resting[0] if resting else chance.randint(108, 128),
        diastolic=resting[1] if resting else chance.randint(66, 80),
        pulse=chance.randint(62, 80),
        rise=RISES.get(part.today or ""),
        allergies=_ALLERGIES[index % 4],
        medicines=_MEDICINES[(index // 2) % 4],
        escort=f"{chance.choice(_WOMEN + _MEN)} {family}",
    )
