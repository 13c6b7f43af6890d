"""The mood model against published averages: those of its fit, those held out, and what it misses.

Expected values are the published ones, and what the reference run of the model gave with 6,000 virtual
patients. That run's own chance is at most 0.12 points for a mean fall and 0.0065 for a fraction (one standard
error), so three of them and the rounding of the printed value are 0.4 points and 0.025. Here are 40,000.
"""

from typing import Final

import numpy as np
import pytest
from numpy.typing import NDArray

from evenkeel.pharmacology.mood import VirtualPatients, draw_patients, infusions_on
from evenkeel.pharmacology.mood_design import narrowing
from evenkeel.pharmacology.mood_forecast import relapsed_by_visit, weibull_still_well

pytestmark = pytest.mark.reference

PATIENTS: Final = 40_000
POINTS: Final = 0.4
FRACTION: Final = 0.025
# Three a week for two weeks, as in Murrough 2013b; two a week as in Singh 2016 and ELEKT-D.
SIX: Final = (0, 2, 4, 7, 9, 11)
TWO_A_WEEK: Final = (0, 3, 7, 10)
TWO_A_WEEK_FOR_THREE: Final = (0, 3, 7, 10, 14, 17)
# MADRS, as the trials of the fit count remission.
REMISSION_AT_OR_BELOW: Final = 10


@pytest.fixture(scope="module")
def patients() -> VirtualPatients:
    return draw_patients(PATIENTS, seed=20_261_122)


def fall(patients: VirtualPatients, on_days: tuple[int, ...], day: float, dose: float = 0.5) -> float:
    scores = patients.scores(infusions_on(on_days, dose), [day], "madrs")[:, 0]
    return float((patients.baseline["madrs"] - scores).mean())


def responding(
    patients: VirtualPatients, on_days: tuple[int, ...], day: float, dose: float = 0.5, occasion: int = 0
) -> NDArray[np.bool_]:
    scores = patients.scores(infusions_on(on_days, dose), [day], "madrs", occasion=occasion)[:, 0]
    return scores <= 0.5 * patients.baseline["madrs"]


class TestFitted:
    """The table of the fit: what the reference run gave."""

    def test_fall_after_24_hours_on_ketamine_and_on_midazolam(self, patients: VirtualPatients) -> None:
        # Published (Murrough 2013a): 16.5 and 8.8; the fit aimed at 15.5 and 8.0.
        assert fall(patients, (0,), 1) == pytest.approx(16.1, abs=POINTS)
        assert fall(patients, (0,), 1, dose=0) == pytest.approx(7.6, abs=POINTS)

    @pytest.mark.parametrize(("day", "share"), [(1, 0.53), (3, 0.46), (7, 0.32)])
    def test_response_to_one_infusion(self, patients: VirtualPatients, day: float, share: float) -> None:
        # Published (Han 2016): 0.52, 0.48 and 0.40.
        assert responding(patients, (0,), day).mean() == pytest.approx(share, abs=FRACTION)

    def test_response_and_remission_after_six(self, patients: VirtualPatients) -> None:
        # Published, pooled by eye: about 0.66 and 0.42.
        scores = patients.scores(infusions_on(SIX), [12], "madrs")[:, 0]
        assert responding(patients, SIX, 12).mean() == pytest.approx(0.64, abs=FRACTION)
        assert (scores <= REMISSION_AT_OR_BELOW).mean() == pytest.approx(0.43, abs=FRACTION)

    def test_response_to_two_a_week_for_three_weeks(self, patients: VirtualPatients) -> None:
        # Published (ELEKT-D 2023): 0.51.
        assert responding(patients, TWO_A_WEEK_FOR_THREE, 21).mean() == pytest.approx(0.58, abs=FRACTION)

    def test_fall_on_day_15_on_ketamine_and_on_saline(self, patients: VirtualPatients) -> None:
        # Published (Singh 2016): 18.0 and 4.5. Day 15 of the trial is 14 days after its first session.
        assert fall(patients, TWO_A_WEEK, 14) == pytest.approx(17.2, abs=POINTS)
        assert fall(patients, TWO_A_WEEK, 14, dose=0) == pytest.approx(7.6, abs=POINTS)

    def test_difference_from_control_on_day_11(self, patients: VirtualPatients) -> None:
        # Published (Kishimoto 2016): lost by days 10 to 12; about 2.5 was assumed for the fit.
        difference = fall(patients, (0,), 11) - fall(patients, (0,), 11, dose=0)
        assert difference == pytest.approx(3.9, abs=POINTS)

    @pytest.mark.xfail(
        strict=True, reason="known miss: saline in Singh 2016 did less than the non-specific part"
    )
    def test_fall_on_day_15_on_saline_is_as_published(self, patients: VirtualPatients) -> None:
        # 4.5 points, taken over two small arms with SDs of 10.2 and 5.7: 1.5 either way would pass.
        assert fall(patients, TWO_A_WEEK, 14, dose=0) == pytest.approx(4.5, abs=1.5)


class TestHeldOut:
    """Not used in the fit. What the model misses is expected to fail, and would be noticed if it did not."""

    def median_relapse_day(self, patients: VirtualPatients) -> float:
        visits = np.concatenate([[12.0], 11 + 3.5 * np.arange(1, 21)])
        scores = patients.scores(infusions_on(SIX), visits, "madrs")
        relapsed = relapsed_by_visit(scores <= 0.5 * patients.baseline["madrs"][:, np.newaxis], 2)
        assert relapsed is not None
        return float(np.interp(0.5, relapsed, visits[1:] - 11))

    def test_v12_median_relapse_after_six(self, patients: VirtualPatients) -> None:
        # Target V12: published 18 days (Murrough 2013b), accepted 13 to 25. The reference run gave 19 to 20;
        # one day is granted for the visits, whose days it does not name.
        found = self.median_relapse_day(patients)
        assert 13 <= found <= 25
        assert found == pytest.approx(19.5, abs=1.5)

    def still_responding_after_four_weeks(self, patients: VirtualPatients) -> float:
        # Responders on day 3 that respond on day 28.
        scores = patients.scores(infusions_on((0,)), [3, 28], "madrs")
        well = scores <= 0.5 * patients.baseline["madrs"][:, np.newaxis]
        return float(well[well[:, 0], 1].mean())

    def test_one_infusion_unrelapsed_at_four_weeks_is_as_in_the_reference_run(
        self, patients: VirtualPatients
    ) -> None:
        assert self.still_responding_after_four_weeks(patients) == pytest.approx(0.18, abs=FRACTION)

    @pytest.mark.xfail(strict=True, reason="known miss: the model lets a single infusion wear off too soon")
    def test_one_infusion_unrelapsed_at_four_weeks_is_as_published(self, patients: VirtualPatients) -> None:
        # Ibrahim 2012: 27 %. Within five points in a hundred would pass.
        assert self.still_responding_after_four_weeks(patients) == pytest.approx(0.27, abs=0.05)

    def relapsed_by_day_14(self, patients: VirtualPatients, dose: float) -> float:
        # A response on day 3 that is lost on day 14. The reference run gave 0.42, 0.36 and 0.34 for another
        # way of counting, which it does not name; both ways miss what was published.
        scores = patients.scores(infusions_on((0,), dose), [3, 14], "madrs")
        well = scores <= 0.5 * patients.baseline["madrs"][:, np.newaxis]
        return 1.0 - float(well[well[:, 0], 1].mean())

    @pytest.mark.xfail(strict=True, reason="known miss: the model hardly tells doses apart, 0.1 mg/kg least")
    @pytest.mark.parametrize(("dose", "published"), [(0.1, 0.80), (0.5, 0.50), (1.0, 0.30)])
    def test_responders_relapsed_by_day_14_is_as_published(
        self, patients: VirtualPatients, dose: float, published: float
    ) -> None:
        # Salloum 2019. Within five points in a hundred would pass.
        assert self.relapsed_by_day_14(patients, dose) == pytest.approx(published, abs=0.05)


class TestOrdinaryCare:
    @pytest.mark.parametrize(("day", "share"), [(28, 0.80), (56, 0.60), (72, 0.50)])
    def test_still_well_in_the_real_world(self, day: float, share: float) -> None:
        # McInnes 2022: 80 % at four weeks, 60 % at eight; the median of the fitted curve is 72 days.
        assert weibull_still_well(np.array([day]))[0] == pytest.approx(share, abs=0.005)


class TestIdentifiability:
    """How far scores narrow each part (reference, section 6). Printed in whole percent; three are granted.

    The reference names no point of linearization; PHQ-9 18 and a benefit of 0.7 (SD 0.3) give back its
    table.
    """

    POINTS: Final = 0.03

    def test_six_scores_before_infusions(self) -> None:
        taught = narrowing(infusions_on(SIX), SIX, "phq9")
        assert taught.cut["benefit"] == pytest.approx(0.51, abs=self.POINTS)
        assert taught.cut["half-life"] == pytest.approx(0.01, abs=self.POINTS)
        assert taught.cut["non-specific"] == pytest.approx(0.10, abs=self.POINTS)
        assert taught.correlation == pytest.approx(-0.68, abs=self.POINTS)

    def test_with_days_14_to_28(self) -> None:
        taught = narrowing(infusions_on(SIX), (*SIX, 14, 21, 28), "phq9")
        assert taught.cut["half-life"] == pytest.approx(0.33, abs=self.POINTS)

    def test_weekly_to_day_56(self) -> None:
        taught = narrowing(infusions_on(SIX), (*SIX, 14, 21, 28, 35, 42, 49, 56), "phq9")
        assert taught.cut["half-life"] == pytest.approx(0.40, abs=self.POINTS)
        assert taught.cut["non-specific"] == pytest.approx(0.47, abs=self.POINTS)
