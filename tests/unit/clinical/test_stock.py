"""The list of products: what their labels say, and which of them an order may name."""

from dataclasses import replace

import pytest

from evenkeel.clinical.ordering import UnableToMakeDose, make_dose
from evenkeel.clinical.rulebook import Citation
from evenkeel.clinical.stock import (
    ORDERABLE,
    PRODUCT_OF_NDC,
    PRODUCTS,
    PROTOCOLS,
    Product,
    Protocol,
    by_code,
    read_products,
    read_protocols,
)
from evenkeel.values.dose_plan import Stage
from evenkeel.values.drug import DrugMass, Strength
from evenkeel.values.quantities import DosePerWeight, Minutes, Volume, Weight

# National Drug Code directory and labels: drug, schedule, strength, size, what one of them holds, codes.
LABELS = {
    "ketalar_10_20": ("ketamine", "III", "10 mg/mL", "20 mL", "200 mg", ("42023-113-10",)),
    "ketamine_10_20": ("ketamine", "III", "10 mg/mL", "20 mL", "200 mg", ("55150-438-10",)),
    "ketamine_50_10": ("ketamine", "III", "50 mg/mL", "10 mL", "500 mg", ()),
    "ketamine_100_5": ("ketamine", "III", "100 mg/mL", "5 mL", "500 mg", ("0409-2051-05",)),
    # Esketamine label, sections 11 and 16: 28 mg in 0.2 mL; the device, and kits of two and three.
    "esketamine_spray_28": (
        "esketamine",
        "III",
        "140 mg/mL",
        "0.2 mL",
        "28 mg",
        ("50458-028-00", "50458-028-02", "50458-028-03"),
    ),
    "midazolam_1_2": ("midazolam", "IV", "1 mg/mL", "2 mL", "2 mg", ("70860-600-02",)),
    "ondansetron_2_2": ("ondansetron", None, "2 mg/mL", "2 mL", "4 mg", ("0641-6080-25",)),
    "labetalol_5_20": ("labetalol", None, "5 mg/mL", "20 mL", "100 mg", ("0409-2267-20",)),
}


def test_every_product_is_as_its_label_reads() -> None:
    found = {
        key: (each.drug, each.schedule, str(each.strength), str(each.vial), str(each.mass), each.codes)
        for key, each in PRODUCTS.items()
    }
    assert found == LABELS


def test_a_code_names_one_product() -> None:
    assert {code: key for key, label in LABELS.items() for code in label[5]} == PRODUCT_OF_NDC


def test_only_ketamine_vials_may_be_ordered() -> None:
    assert set(ORDERABLE) == {key for key, label in LABELS.items() if label[0] == "ketamine"}


def test_another_drug_is_refused_by_its_name() -> None:
    with pytest.raises(UnableToMakeDose) as refused:
        make_dose(
            per_weight=DosePerWeight.of("0.5"),
            weight=Weight.of("80"),
            product="esketamine_spray_28",
            bag=Volume.of("100"),
            duration=Minutes.of("40"),
        )
    (issue,) = refused.value.issues
    assert (issue.field, issue.sentence) == (
        "product",
        "An order names a ketamine vial; this is esketamine 28 mg nasal spray, one device (Spravato).",
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"ndc": "42023-113"}, "a code is not an NDC"),
        ({"ndc": "4202311310"}, "a code is not an NDC"),
        ({"ndc": "420231-13-10"}, "a code is not an NDC"),
        ({"other_ndc": ("42023-1131-0", "1-2-3")}, "a code is not an NDC"),
        ({"ndc": "", "other_ndc": ("42023-113-10",)}, "further codes, but no first one"),
        # 10 mg/mL in 0.00001 mL are a tenth of a microgram.
        ({"vial": Volume.of("0.00001")}, "it holds a broken number of micrograms"),
        ({"cite": ()}, "only a proposal has no source"),
        ({"drug": "propofol"}, "propofol is not a drug of the list"),
        ({"schedule": "II"}, "no such schedule"),
        ({"form": "tablet"}, "tablet is not a form"),
    ],
    ids=str,
)
def test_a_product_that_no_label_could_show_is_refused(change: dict[str, object], words: str) -> None:
    with pytest.raises(AssertionError) as refusal:
        replace(PRODUCTS["ketalar_10_20"], **change)  # type: ignore[arg-type]
    assert str(refusal.value) == f"ketalar_10_20: {words}"


def test_a_vial_holds_what_strength_and_size_make() -> None:
    """28 mg of esketamine in 0.2 mL (label, section 11)."""
    spray = PRODUCTS["esketamine_spray_28"]
    assert spray.mass == DrugMass.mg("28")
    assert replace(spray, strength=Strength.mg_per_ml("70")).mass == DrugMass.mg("14")


def test_a_proposal_needs_no_source_and_a_drug_no_schedule() -> None:
    made_up = replace(PRODUCTS["ketalar_10_20"], cite=(), basis="proposal", schedule=None, ndc="")
    assert made_up.codes == ()


VIAL = """
[[product]]
key = "made_up"
label = "ketamine 10 mg/mL, 20 mL"
drug = "ketamine"
schedule = ""
form = "vial"
strength = "10 mg/mL"
vial = "20 mL"
ndc = "42023-113-10"
other_ndc = ["42023-113-11"]
basis = "source"
cite = [{ key = "openfda-ndc", locator = "made up" }]
note = "Made up."
"""


def test_a_product_is_read_as_it_is_written() -> None:
    assert read_products(VIAL) == {
        "made_up": Product(
            key="made_up",
            label="ketamine 10 mg/mL, 20 mL",
            drug="ketamine",
            schedule=None,
            form="vial",
            strength=Strength.mg_per_ml("10"),
            vial=Volume.of("20"),
            ndc="42023-113-10",
            other_ndc=("42023-113-11",),
            basis="source",
            cite=(Citation(key="openfda-ndc", locator="made up"),),
            note="Made up.",
        )
    }
    (controlled,) = read_products(VIAL.replace('schedule = ""', 'schedule = "III"')).values()
    assert controlled.schedule == "III"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (VIAL + VIAL, "a product stands twice"),
        (VIAL.replace("openfda-ndc", "nobody"), "made_up cites what sources.toml lacks: nobody"),
    ],
)
def test_a_list_of_products_that_cannot_be_right_is_refused(text: str, words: str) -> None:
    with pytest.raises(AssertionError) as refusal:
        read_products(text)
    assert str(refusal.value) == words


def test_a_code_without_its_hyphens_names_one_product_too() -> None:
    first = PRODUCTS["ketalar_10_20"]
    assert by_code([first]) == {"42023-113-10": "ketalar_10_20"}
    spray = PRODUCTS["esketamine_spray_28"]
    assert by_code([first, spray]) == {
        "42023-113-10": "ketalar_10_20",
        "50458-028-00": "esketamine_spray_28",
        "50458-028-02": "esketamine_spray_28",
        "50458-028-03": "esketamine_spray_28",
    }
    # The same ten digits in other segments.
    second = replace(first, key="made_up", ndc="42023-1131-0")
    with pytest.raises(AssertionError) as refusal:
        by_code([first, second])
    assert str(refusal.value) == "42023-1131-0 names two products"


WITH_BOLUS = """
[[protocol]]
key = "made_up"
label = "Made up, bolus and infusion"
family = "pain"
indications = ["crps", "headache"]
bolus = "0.2 mg/kg"
bolus_duration = "10 min"
days_most = 5
per_weight = "1.2 mg/kg"
duration = "130 min"
bag = "250 mL"
basis = "proposal"
cite = [{ key = "asra-2018-chronic", locator = "made up" }]
note = "Made up."
"""


def stage(per_weight: str, minutes: str) -> Stage:
    """A stage of an infusion."""
    return Stage(per_weight=DosePerWeight.of(per_weight), duration=Minutes.of(minutes))


def test_a_protocol_is_read_as_it_is_written() -> None:
    assert read_protocols(WITH_BOLUS) == {
        "made_up": Protocol(
            key="made_up",
            label="Made up, bolus and infusion",
            family="pain",
            per_weight=DosePerWeight.of("1.2"),
            duration=Minutes.of("130"),
            bag=Volume.of("250"),
            basis="proposal",
            cite=(Citation(key="asra-2018-chronic", locator="made up"),),
            note="Made up.",
            bolus=DosePerWeight.of("0.2"),
            bolus_duration=Minutes.of("10"),
            days_most=5,
            indications=("crps", "headache"),
        )
    }
    (of_none,) = read_protocols(WITH_BOLUS.replace('indications = ["crps", "headache"]\n', "")).values()
    assert of_none.indications == ()
    assert PROTOCOLS["mood_standard"].bolus is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (WITH_BOLUS + WITH_BOLUS, "a protocol stands twice"),
        (WITH_BOLUS.replace("asra-2018-chronic", "nobody"), "made_up cites what sources.toml lacks: nobody"),
        (WITH_BOLUS.replace('bolus = "0.2 mg/kg"\n', ""), "made_up: half a bolus"),
        (WITH_BOLUS.replace('bolus_duration = "10 min"\n', ""), "made_up: half a bolus"),
        (WITH_BOLUS.replace("0.2 mg", "1.2 mg"), "made_up: the bolus is not a part of the whole"),
        (WITH_BOLUS.replace('"10 min', '"130 min'), "made_up: the bolus is not a part of the whole"),
    ],
)
def test_a_protocol_that_cannot_be_run_is_refused(text: str, words: str) -> None:
    with pytest.raises(AssertionError) as refusal:
        read_protocols(text)
    assert str(refusal.value) == words


@pytest.mark.parametrize(
    ("per_weight", "after"),
    [
        ("1.2", stage("1", "120")),
        ("0.21", stage("0.01", "120")),
        ("2", stage("1.8", "120")),
    ],
)
def test_the_bolus_stays_and_the_infusion_takes_the_rest(per_weight: str, after: Stage) -> None:
    (protocol,) = read_protocols(WITH_BOLUS).values()
    bolus = Stage(per_weight=DosePerWeight.of("0.2"), duration=Minutes.of("10"), kind="bolus")
    assert protocol.stages_of(DosePerWeight.of(per_weight)) == (bolus, after)


@pytest.mark.parametrize("per_weight", ["0.2", "0.1"])
def test_no_more_than_the_bolus_is_infused_alone_in_all_of_the_time(per_weight: str) -> None:
    (protocol,) = read_protocols(WITH_BOLUS).values()
    assert protocol.stages_of(DosePerWeight.of(per_weight)) == (stage(per_weight, "130"),)


def test_a_protocol_without_a_bolus_is_one_stage() -> None:
    assert PROTOCOLS["mood_standard"].stages == (stage("0.5", "40"),)
