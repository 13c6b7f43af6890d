"""The scales: their codes are well formed, and they score as their published keys say."""

from decimal import Decimal

import pytest

from evenkeel.clinical.outcomes import UnableToScore, score
from evenkeel.clinical.scales import Scale, scale, scale_for, scales
from evenkeel.values.quantities import Percent, Score

PHQ9 = scale("phq9")
PAIN = scale("nrs11")


def check_digit(body: str) -> int:
    """The mod-10 digit that a LOINC code ends in."""
    total = 0
    for place, digit in enumerate(reversed(body)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return -total % 10


def is_well_formed(code: str) -> bool:
    body, _, digit = code.partition("-")
    return body.isdigit() and digit.isdigit() and check_digit(body) == int(digit)


def test_the_check_digit_tells_a_code_from_an_invention() -> None:
    # 8480-6 is systolic pressure; 93243-5 is one of six codes that were invented for the ASQ (SPiER).
    assert is_well_formed("8480-6")
    assert not is_well_formed("93243-5")


@pytest.mark.parametrize("of", scales().values(), ids=lambda of: of.id)
def test_every_loinc_code_has_its_check_digit(of: Scale) -> None:
    codes = [of.loinc_total, *(item.loinc for item in of.items), *filter(None, [of.loinc_panel])]
    assert [code for code in codes if not is_well_formed(code)] == []


def test_the_phq9_codes_are_not_those_it_is_often_given() -> None:
    # 55758-7 is the PHQ-2 total and 69737-5 the GAD-7 panel; both were seen on other scales.
    assert (PHQ9.loinc_panel, PHQ9.loinc_total) == ("44249-1", "44261-6")
    assert len({item.loinc for item in PHQ9.items}) == 10


@pytest.mark.parametrize(
    ("answers", "total", "band", "risk_items"),
    [
        # US Core, Questionnaire-phq-9-example.
        ((2, 2, 2, 2, 1, 1, 2, 0, 0), 12, "moderate", ()),
        # HL7 Personal Health Record Format, PHQ-9 example.
        ((0, 0, 1, 1, 1, 0, 0, 0, 0), 3, "none or minimal", ()),
        # Question 9 alerts from 1 on, whatever the total (Kroenke 2001).
        ((0, 0, 0, 0, 0, 0, 0, 0, 1), 1, "none or minimal", (9,)),
        ((3, 3, 3, 3, 3, 3, 3, 3, 3), 27, "severe", (9,)),
    ],
)
def test_the_phq9_scores_as_published(
    answers: tuple[int, ...], total: int, band: str, risk_items: tuple[int, ...]
) -> None:
    scored = score(PHQ9, answers)
    assert (scored.total, scored.band, scored.risk_items) == (Decimal(total), band, risk_items)


@pytest.mark.parametrize(
    ("total", "band"),
    [
        # Kroenke 2001: 5, 10, 15 and 20 begin the bands.
        (4, "none or minimal"),
        (5, "mild"),
        (9, "mild"),
        (10, "moderate"),
        (14, "moderate"),
        (15, "moderately severe"),
        (19, "moderately severe"),
        (20, "severe"),
    ],
)
def test_the_phq9_bands_begin_where_they_were_published(total: int, band: str) -> None:
    assert PHQ9.band_of(Decimal(total)) == band


def test_the_tenth_question_is_never_scored() -> None:
    nine = (2, 2, 2, 2, 1, 1, 2, 0, 0)
    assert score(PHQ9, (*nine, 3)).total == 12
    assert score(PHQ9, (*nine, None)).total == 12


def test_half_a_scale_has_no_score_but_still_alerts() -> None:
    scored = score(PHQ9, (None, 3, 3, 3, 3, 3, 3, 3, 2))
    assert (scored.total, scored.band, scored.risk_items) == (None, None, (9,))


def test_an_unanswered_risk_question_does_not_count_as_no() -> None:
    scored = score(PHQ9, (3, 3, 3, 3, 3, 3, 3, 3, None))
    assert (scored.total, scored.risk_items) == (None, ())


def test_an_answer_that_is_not_offered_is_refused_by_its_field() -> None:
    with pytest.raises(UnableToScore) as refusal:
        score(PHQ9, (4, 0, 0, 0, 0, 0, 0, 0, -1))
    assert [issue.field for issue in refusal.value.issues] == ["answer_1", "answer_9"]


@pytest.mark.parametrize("count", [0, 8, 11])
def test_another_number_of_answers_is_refused(count: int) -> None:
    with pytest.raises(UnableToScore):
        score(PHQ9, (0,) * count)


@pytest.mark.parametrize("rating", range(11))
def test_the_pain_rating_is_its_own_total(rating: int) -> None:
    scored = score(PAIN, (rating,))
    assert (scored.total, scored.band, scored.risk_items) == (Decimal(rating), None, ())


def test_a_pain_rating_above_ten_is_refused() -> None:
    with pytest.raises(UnableToScore):
        score(PAIN, (11,))


def test_the_thresholds_are_those_of_their_sources() -> None:
    # PHQ-9: half, below 5 (CMS159), 6 points (PMID 33261932). Pain: 30 percent, 2 points (Farrar 2001).
    assert (PHQ9.response_fall, PHQ9.worse_from) == (Percent.of(50), Score.of(6))
    assert PHQ9.remission_below == Score.of(5)
    assert (PAIN.response_fall, PAIN.worse_from) == (Percent.of(30), Score.of(2))
    assert PAIN.remission_below is None


def test_the_phq9_carries_the_credit_it_asks_for() -> None:
    assert PHQ9.credit.startswith("Developed by Drs. Robert L. Spitzer, Janet B.W. Williams, Kurt Kroenke")
    assert "No permission required" in PHQ9.credit


def test_a_course_is_judged_by_the_scale_of_its_family() -> None:
    assert (scale_for("mood").id, scale_for("pain").id) == ("phq9", "nrs11")
