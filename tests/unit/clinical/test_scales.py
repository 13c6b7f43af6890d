"""The scales score as their published keys say. Expected numbers are the sources', named beside them."""

from decimal import Decimal

import pytest

from evenkeel.clinical.scales import scale, scale_for, scales
from evenkeel.clinical.scales.scoring import PartScore, Scored, UnableToScore, component_points, score
from evenkeel.values.quantities import Percent, Score

PHQ9 = scale("phq9")
PAIN = scale("nrs11")

MAJOR = "major depressive syndrome by the PHQ-9's own rule"
OTHER = "other depressive syndrome by the PHQ-9's own rule"
PROVISIONAL = "provisional PTSD by the four clusters"


def scored(scale_id: str, *answers: int | None) -> Scored:
    return score(scale(scale_id), answers)


# --- the published vectors ----------------------------------------------------------------------------------

VECTORS = [
    # US Core, Questionnaire-phq-9-example.
    ("phq9", (2, 2, 2, 2, 1, 1, 2, 0, 0), "12", "moderate", ()),
    # HL7 Personal Health Record Format, PHQ-9 example.
    ("phq9", (0, 0, 1, 1, 1, 0, 0, 0, 0), "3", "none or minimal", ()),
    # Question 9 alerts from 1 on, whatever the total (derived from Kroenke 2001).
    ("phq9", (0, 0, 0, 0, 0, 0, 0, 0, 1), "1", "none or minimal", (9,)),
    ("phq9", (3,) * 9, "27", "severe", (9,)),
    # HL7 Personal Health Record Format, GAD-7 example.
    ("gad7", (0, 0, 1, 1, 0, 1, 0), "3", "minimal", ()),
    # QIDS: 3 + 2 + 3 + 1 + 1 + 1 + 2 + 2 + 1 (ids-qids.org: the highest of 1-4, of 6-9 and of 15-16).
    ("qids_sr16", (3, 1, 0, 0, 2, 0, 3, 0, 1, 1, 1, 1, 2, 2, 0, 1), "16", "severe", (12,)),
    # PCL-5: two in B, one in C, two in D and two in E; 12 is below the screen.
    ("pcl5", (2, 0, 0, 0, 0, 2, 0, 2, 2, 0, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0), "12", None, ()),
    # PEG is a mean (Krebs 2009).
    ("peg", (6, 7, 8), "7", None, ()),
    ("peg", (6, 7, 7), "6.67", None, ()),
    # US Core, Questionnaire-AUDIT-C.
    ("audit_c", (0, 0, 0), "0", None, ()),
    # DAST-10: the third is reversed, so ten times no is 1.
    ("dast10", (0,) * 10, "1", "low", ()),
    ("dast10", (1, 1, 0, *(1,) * 7), "10", "severe", ()),
    ("dast10", (0, 0, 1, *(0,) * 7), "0", "none", ()),
    # SPiER's tests of the C-SSRS screener; 1 low, 3 high.
    ("cssrs_screener", (1, 0, None, None, None, 0, None), "1", "low", (1,)),
    ("cssrs_screener", (0, 0, None, None, None, 1, 1), "3", "high", (6, 7)),
    # A yes to 4 alone is high by three clinical guides (SPiER's own mapper says moderate).
    ("cssrs_screener", (1, 1, 0, 1, 0, 0, None), "3", "high", (1, 2, 4)),
    # Behavior longer ago than three months is moderate.
    ("cssrs_screener", (0, 0, None, None, None, 1, 0), "2", "moderate", (6,)),
    ("cssrs_screener", (0, 1, 1, 0, 0, 0, None), "2", "moderate", (2, 3)),
    ("cssrs_screener", (0, 0, None, None, None, 0, None), "0", "none", ()),
    # ASQ (NIMH): any yes is positive, question 5 makes it acute.
    ("asq", (0, 0, 0, 0, None), "0", "negative", ()),
    ("asq", (0, 0, 0, 1, 0), "1", "non-acute positive", (4,)),
    ("asq", (1, 0, 0, 0, 1), "2", "acute positive", (1, 5)),
    # The fail-safe: question 5 alone is acute, and a refused answer is positive.
    ("asq", (0, 0, 0, 0, 1), "2", "acute positive", (5,)),
    ("asq", (0, 2, 0, 0, 0), "1", "non-acute positive", (2,)),
    # HAM-D17: a sixteenth of 3 means not assessed and adds 0 (CamCOPS).
    ("hamd17", (1,) * 17, "17", "moderate", (3,)),
    ("hamd17", (*(1,) * 15, 3, 1), "16", "mild", (3,)),
    # RASS is one number from -5 to 4.
    ("rass", (-3,), "-3", None, ()),
    ("moaas", (5,), "5", None, ()),
    ("aldrete", (2, 2, 2, 2, 1), "9", None, ()),
    ("csq8", (4,) * 8, "32", None, ()),
    ("bprs", (1,) * 18, "18", None, ()),
    # WSAS: of 40 for whoever works; 2 to 5 alone, of 32 and without a range, for whoever does not.
    ("wsas", (8, 2, 2, 2, 2, 0), "16", "significant impairment", ()),
    ("wsas", (None, 2, 2, 2, 2, 1), "8", None, ()),
    ("wsas", (8, 2, 2, 2, 2, 1), "8", None, ()),
    # EQ-5D-5L: the five levels make a profile, health today is the number.
    ("eq5d5l", (2, 1, 2, 3, 2, 65), "65", "profile 21232", ()),
]


@pytest.mark.parametrize(("scale_id", "answers", "total", "band", "risk_items"), VECTORS)
def test_a_scale_scores_as_published(
    scale_id: str, answers: tuple[int | None, ...], total: str, band: str | None, risk_items: tuple[int, ...]
) -> None:
    found = scored(scale_id, *answers)
    assert (found.total, found.band, found.risk_items) == (Decimal(total), band, risk_items)


# Every range's ends, as published; between them the totals are gapless by the check that reads the files.
BANDS = {
    "phq9": ["0-4", "5-9", "10-14", "15-19", "20-27"],
    "gad7": ["0-4", "5-9", "10-14", "15-21"],
    "qids_sr16": ["0-5", "6-10", "11-15", "16-20", "21-27"],
    "madrs": ["0-6", "7-19", "20-34", "35-60"],
    "hamd17": ["0-7", "8-16", "17-23", "24-52"],
    "bdi2": ["0-13", "14-19", "20-28", "29-63"],
    "wsas": ["0-9", "10-20", "21-40"],
    "ybocs": ["0-7", "8-15", "16-23", "24-31", "32-40"],
    "dast10": ["0-0", "1-2", "3-5", "6-8", "9-10"],
    "isi": ["0-7", "8-14", "15-21", "22-28"],
    "stop_bang": ["0-2", "3-4", "5-8"],
    "asq": ["0-0", "1-1", "2-2"],
    "cssrs_screener": ["0-0", "1-1", "2-2", "3-3"],
}
# Scores from their lowest to their highest, as published or, where unread, as proposed.
SPANS = {
    "phq9": (0, 27),
    "phq2": (0, 6),
    "gad7": (0, 21),
    "qids_sr16": (0, 27),
    "madrs": (0, 60),
    "madrs_s": (0, 54),
    "hamd17": (0, 52),
    "bdi2": (0, 63),
    "pcl5": (0, 80),
    "cssrs_screener": (0, 3),
    "asq": (0, 2),
    "wsas": (0, 40),
    "whodas12": (12, 60),
    "peg": (0, 10),
    "nrs11": (0, 10),
    "bpi_sf": (0, 10),
    "promis_depression": (0, 100),
    "ybocs": (0, 40),
    "ymrs": (0, 60),
    "asrm": (0, 20),
    "audit_c": (0, 12),
    "dast10": (0, 10),
    "cadss": (0, 92),
    "cadss6": (0, 24),
    "moaas": (0, 5),
    "rass": (-5, 4),
    "aldrete": (0, 10),
    "padss": (0, 10),
    "kset": (0, 0),
    "meq30": (0, 150),
    "isi": (0, 28),
    "psqi": (0, 21),
    "cgi": (1, 7),
    "bprs": (18, 126),
    "eq5d5l": (0, 100),
    "stop_bang": (0, 8),
    "csq8": (8, 32),
}


def test_all_thirty_seven_are_there() -> None:
    assert {id_: (int(of.low), int(of.high)) for id_, of in scales().items()} == SPANS
    assert len(SPANS) == 37


def test_the_ranges_are_those_that_were_published() -> None:
    found = {
        id_: [f"{band.low}-{band.high}" for band in of.bands] for id_, of in scales().items() if of.bands
    }
    assert found == BANDS


# --- what a form says beside its score ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scale_id", "answers", "marks"),
    [
        # PHQ-9: five symptoms of "more than half the days", one of them 1 or 2; question 9 counts from 1 on.
        ("phq9", (2, 0, 2, 2, 2, 0, 0, 0, 1), (MAJOR,)),
        ("phq9", (2, 0, 2, 2, 2, 0, 0, 0, 0), (OTHER,)),
        ("phq9", (0, 1, 2, 2, 2, 2, 2, 0, 0), ("screen positive (10 or more)",)),
        ("phq9", (3, 1, 1, 1, 1, 1, 1, 0, 0), ()),
        ("phq9", (3, 0, 2, 0, 0, 0, 0, 0, 0), (OTHER,)),
        ("phq2", (1, 2), ("screen positive (3 or more)",)),
        ("phq2", (1, 1), ()),
        ("gad7", (3, 3, 3, 1, 0, 0, 0), ("screen positive (10 or more)",)),
        ("gad7", (3, 3, 3, 0, 0, 0, 0), ()),
        # PCL-5: 1, 1, 2 and 2 symptoms of "moderately" in the four clusters, whatever the total.
        ("pcl5", (2, 0, 0, 0, 0, 2, 0, 2, 2, 0, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0), (PROVISIONAL,)),
        ("pcl5", (2, 0, 0, 0, 0, 2, 0, 2, 1, 0, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0), ()),
        ("pcl5", (*(1,) * 13, *(3,) * 7), ("screen positive (33 or more)",)),
        ("audit_c", (2, 1, 0), ("positive in women (3 or more)",)),
        ("audit_c", (2, 1, 1), ("positive in women (3 or more)", "positive in men (4 or more)")),
        ("asrm", (1, 1, 1, 1, 1), ()),
        ("asrm", (2, 1, 1, 1, 1), ("mania or hypomania likely (6 or more)",)),
        ("aldrete", (2, 2, 2, 1, 1), ()),
        ("aldrete", (2, 2, 2, 2, 1), ("criterion met (9 or more)",)),
        ("padss", (2, 2, 2, 2, 1), ("criterion met (9 or more)",)),
    ],
)
def test_a_form_says_what_its_rules_say(
    scale_id: str, answers: tuple[int, ...], marks: tuple[str, ...]
) -> None:
    assert scored(scale_id, *answers).marks == marks


@pytest.mark.parametrize(
    ("answers", "band"),
    [
        # UHN's form: also high with two of STOP and male sex, BMI over 35 or a large neck.
        ((1, 1, 0, 0, 0, 0, 0, 0), "low"),
        ((1, 1, 0, 0, 0, 0, 0, 1), "high"),
        ((1, 1, 0, 0, 1, 0, 0, 0), "high"),
        ((1, 1, 0, 0, 0, 0, 1, 0), "high"),
        ((1, 1, 0, 0, 0, 1, 0, 0), "intermediate"),
        ((1, 0, 0, 0, 1, 1, 1, 0), "intermediate"),
        ((1, 0, 0, 0, 1, 1, 1, 1), "high"),
    ],
)
def test_stop_bang_is_also_high_by_combination(answers: tuple[int, ...], band: str) -> None:
    assert scored("stop_bang", *answers).band == band


def part(found: Scored, name: str) -> PartScore:
    return next(each for each in found.parts if each.name == name)


def test_the_clusters_of_the_pcl5_are_added_each() -> None:
    found = scored("pcl5", *(1,) * 5, *(2,) * 2, *(3,) * 7, *(4,) * 6)
    assert [each.score for each in found.parts] == [5, 4, 21, 24]


def test_obsessions_and_compulsions_are_added_each() -> None:
    found = scored("ybocs", 1, 1, 1, 1, 1, 2, 2, 2, 2, 2)
    assert [each.score for each in found.parts] == [5, 10]


def test_the_parts_of_the_meq30_are_in_percent_of_75_30_30_and_15() -> None:
    found = scored("meq30", *(5,) * 30)
    assert [(each.score, each.percent) for each in found.parts] == [(Decimal(100), True)] * 4
    halves = scored("meq30", *(1,) * 30)
    assert [each.score for each in halves.parts] == [20, 20, 20, 20]


def test_severity_and_interference_of_the_bpi_are_means() -> None:
    found = scored("bpi_sf", 8, 2, 5, 5, 1, 2, 3, 4, 5, 6, 7)
    assert (found.total, part(found, "interference").score) == (Decimal(5), Decimal(4))


def test_the_cgi_keeps_severity_and_leaves_change_open() -> None:
    assert scored("cgi", 6, None).total == 6
    assert scored("cgi", 6, 2).total == 6
    assert scored("cgi", None, 2).total is None


# --- PSQI: seven components ---------------------------------------------------------------------------------

# In bed at 23:00, asleep after 15 min, up at 7:00, 7 h 30 min asleep, no disturbance at all.
GOOD_SLEEP = (23 * 60, 15, 7 * 60, 450, *(0,) * 14)


def psqi(**changed: int) -> Decimal | None:
    """The total with some answers changed, by their place."""
    answers = list(GOOD_SLEEP)
    for name, value in changed.items():
        answers[int(name.removeprefix("q")) - 1] = value
    return scored("psqi", *answers).total


def test_good_sleep_is_zero_and_the_worst_is_twenty_one() -> None:
    assert psqi() == 0
    assert scored("psqi", 22 * 60, 90, 8 * 60, 200, *(3,) * 14).total == 21


@pytest.mark.parametrize(
    ("changed", "total"),
    [
        # Latency: up to 15 min 0, to 30 min 1, to 60 min 2, more 3; with 5a: 1-2 is 1, 3-4 is 2, 5-6 is 3.
        ({"q2": 16}, 1),
        ({"q2": 30}, 1),
        ({"q2": 31}, 1),
        ({"q2": 61}, 2),
        ({"q2": 61, "q5": 2}, 3),
        ({"q5": 1}, 1),
        ({"q5": 3}, 2),
        # Efficiency: 8 h in bed; 408 min are 85 %, 407 less, 360 are 75 %, 312 are 65 %. Duration counts too:
        # 6 to 7 h 1, 5 to 6 h 2, below 5 h 3.
        ({"q4": 421}, 0),
        ({"q4": 420}, 1),
        ({"q4": 408}, 1),
        ({"q4": 407}, 2),
        ({"q4": 360}, 2),
        ({"q4": 359}, 4),
        ({"q4": 312}, 4),
        ({"q4": 311}, 5),
        ({"q4": 299}, 6),
        # Disturbances 5b to 5j: 0, 1-9, 10-18, 19-27.
        ({f"q{n}": 1 for n in range(6, 15)}, 1),
        ({**{f"q{n}": 1 for n in range(6, 15)}, "q6": 2}, 2),
        ({f"q{n}": 2 for n in range(6, 15)}, 2),
        ({**{f"q{n}": 2 for n in range(6, 15)}, "q6": 3}, 3),
        # Quality (6) and medicines (7) as answered; daytime 8 and 9: 1-2 is 1, 3-4 is 2, 5-6 is 3.
        ({"q15": 3}, 3),
        ({"q16": 2}, 2),
        ({"q17": 1, "q18": 1}, 1),
        ({"q17": 3}, 2),
        ({"q17": 3, "q18": 3}, 3),
    ],
)
def test_each_component_of_the_psqi_has_its_steps(changed: dict[str, int], total: int) -> None:
    assert psqi(**changed) == total


def test_sleep_after_midnight_and_no_time_in_bed_are_counted_too() -> None:
    efficiency = next(each for each in scale("psqi").scoring.components if each.share)
    assert component_points(efficiency, {4: 360, 1: 30, 3: 7 * 60}) == 0
    assert component_points(efficiency, {4: 360, 1: 30, 3: 30}) == 3


# --- what is missing ----------------------------------------------------------------------------------------


def test_half_a_scale_has_no_score_but_still_alerts() -> None:
    found = score(PHQ9, (None, 3, 3, 3, 3, 3, 3, 3, 2))
    assert (found.total, found.band, found.risk_items, found.missing) == (None, None, (9,), (1,))
    assert found.marks == ()


def test_an_unanswered_risk_question_does_not_count_as_no() -> None:
    found = score(PHQ9, (3, 3, 3, 3, 3, 3, 3, 3, None))
    assert (found.total, found.risk_items, found.missing) == (None, (), (9,))


def test_the_tenth_question_is_never_scored() -> None:
    nine = (2, 2, 2, 2, 1, 1, 2, 0, 0)
    assert score(PHQ9, (*nine, 3)).total == 12
    assert score(PHQ9, (*nine, None)).total == 12


@pytest.mark.parametrize(
    ("scale_id", "answers", "missing"),
    [
        # C-SSRS: 1, 2 and 6 are always asked, 3 to 5 after a yes to 2, the seventh after a yes to 6.
        ("cssrs_screener", (0, 0, None, None, None, None, None), (6,)),
        ("cssrs_screener", (0, 1, 0, None, 0, 0, None), (4,)),
        ("cssrs_screener", (0, 0, None, None, None, 1, None), (7,)),
        ("cssrs_screener", (0, None, None, None, None, 0, None), (2,)),
        # ASQ: question 5 after any yes.
        ("asq", (0, 0, 1, 0, None), (5,)),
        ("asq", (0, 0, None, 0, None), (3,)),
        # AUDIT-C: who drinks is asked all three.
        ("audit_c", (1, None, 0), (2,)),
        ("wsas", (None, 2, 2, 2, 2, 0), (1,)),
        ("wsas", (None, 2, None, 2, 2, 1), (3,)),
        ("eq5d5l", (2, 1, None, 3, 2, 65), (3,)),
        ("bpi_sf", (8, None, 5, 5, 1, 2, 3, 4, 5, 6, 7), (2,)),
        ("bpi_sf", (8, 2, 5, 5, 1, 2, 3, None, None, None, None), (8, 9, 10, 11)),
    ],
)
def test_an_open_question_leaves_the_form_without_a_score(
    scale_id: str, answers: tuple[int | None, ...], missing: tuple[int, ...]
) -> None:
    found = scored(scale_id, *answers)
    assert (found.total, found.band, found.missing) == (None, None, missing)


def test_who_never_drinks_is_asked_nothing_more() -> None:
    assert scored("audit_c", 0, None, None).total == 0
    # What was answered all the same counts 0, by the scale's own rule.
    assert scored("audit_c", 0, 4, 4).total == 0


def test_an_answer_on_suicide_counts_though_it_was_not_to_be_asked() -> None:
    found = scored("cssrs_screener", 0, 0, None, 1, None, 0, None)
    assert (found.band, found.risk_items) == ("high", (4,))


def test_interference_is_prorated_from_four_of_seven_and_says_so() -> None:
    # ePPOC: at least 4 of 7 questions must be completed; the mean is of those.
    found = scored("bpi_sf", 8, 2, 5, 5, 1, 2, 3, 6, None, None, None)
    interference = part(found, "interference")
    assert (interference.score, interference.prorated) == (Decimal(3), True)
    assert (found.total, found.missing) == (Decimal(5), (9, 10, 11))
    assert not part(found, "severity").prorated


def test_no_other_scale_is_prorated() -> None:
    assert [id_ for id_, of in scales().items() if any(each.at_least for each in of.scoring.parts)] == [
        "bpi_sf"
    ]


# --- answers that are not offered ---------------------------------------------------------------------------


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
    found = score(PAIN, (rating,))
    assert (found.total, found.band, found.risk_items) == (Decimal(rating), None, ())


def test_a_pain_rating_above_ten_is_refused() -> None:
    with pytest.raises(UnableToScore):
        score(PAIN, (11,))


def test_the_ymrs_lets_four_of_its_ratings_go_to_eight() -> None:
    assert [item.values[-1] for item in scale("ymrs").items] == [4, 4, 4, 4, 8, 8, 4, 8, 8, 4, 4]


# --- thresholds ---------------------------------------------------------------------------------------------

# Fall in percent that is response, score below which is remission, rise in points that is worse.
THRESHOLDS = {
    "phq9": (50, 5, 6),  # CMS159; PMID 33261932
    "gad7": (50, 5, 4),  # conventions; Toussaint 2020
    "qids_sr16": (50, 6, None),
    "madrs": (50, 10, 6),  # Hawley 2002; Turkoz 2021
    "hamd17": (50, 8, None),  # 7 or less
    "bdi2": (50, None, None),
    "pcl5": (None, None, 10),
    "peg": (30, None, 1),  # Reed 2024
    "nrs11": (30, None, 2),  # Farrar 2001
    "ybocs": (35, 15, None),  # Farris 2013: 35 percent, 14 or less
    "isi": (None, 8, None),
}


def test_the_thresholds_are_those_of_their_sources() -> None:
    found = {
        id_: (of.response_fall, of.remission_below, of.worse_from)
        for id_, of in scales().items()
        if of.response_fall or of.remission_below or of.worse_from
    }
    assert found == {
        id_: (
            None if fall is None else Percent.of(fall),
            None if below is None else Score.of(below),
            None if rise is None else Score.of(rise),
        )
        for id_, (fall, below, rise) in THRESHOLDS.items()
    }


def test_the_changes_that_matter_are_those_that_were_found() -> None:
    found = {id_: [change.points for change in of.changes] for id_, of in scales().items() if of.changes}
    assert found == {
        "phq9": [-6, -3, -6],
        "gad7": [-4, -6],
        "madrs": [-10, -6, -12],
        "pcl5": [-5, -10, -12],
        "peg": [-1],
        "nrs11": [-2],
        "isi": [Decimal("-8.4")],
    }


# Which questions alert, and from which answer on.
RISKS = {
    "phq9": {9: 1},
    "qids_sr16": {12: 1},
    "madrs": {10: 1},
    "madrs_s": {9: 1},
    "hamd17": {3: 1},
    "bdi2": {9: 1},
    "cssrs_screener": dict.fromkeys(range(1, 8), 1),
    "asq": dict.fromkeys(range(1, 6), 1),
}


def test_the_questions_on_suicide_alert_and_no_other() -> None:
    found = {
        id_: {item.number: item.risk_from for item in of.items if item.risk_from is not None}
        for id_, of in scales().items()
    }
    assert {id_: risks for id_, risks in found.items() if risks} == RISKS


def test_a_course_is_judged_by_the_scale_of_its_family() -> None:
    assert (scale_for("mood").id, scale_for("pain").id) == ("phq9", "nrs11")


def test_the_phq9_carries_the_credit_it_asks_for() -> None:
    assert PHQ9.credit.startswith("Developed by Drs. Robert L. Spitzer, Janet B.W. Williams, Kurt Kroenke")
    assert "No permission required" in PHQ9.credit


def test_the_codes_are_not_those_that_scales_are_often_given() -> None:
    # 55758-7 is the PHQ-2's total and 69737-5 the GAD-7's panel; both were seen on other scales.
    assert (PHQ9.loinc_panel, PHQ9.loinc_total) == ("44249-1", "44261-6")
    assert (scale("phq2").loinc_total, scale("gad7").loinc_total) == ("55758-7", "70274-6")
    assert scale("audit_c").item(1).loinc == "68518-0"
    assert scale("rass").loinc_total is None
    assert scale("asq").loinc_panel is None
