"""The list of products: what their labels say, and which of them an order may name."""

from dataclasses import replace

import pytest

from evenkeel.clinical.ordering import UnableToMakeDose, make_dose
from evenkeel.clinical.stock import ORDERABLE, PRODUCT_OF_NDC, PRODUCTS
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
    "change",
    [
        {"ndc": "42023-113"},
        {"ndc": "4202311310"},
        {"ndc": "420231-13-10"},
        {"other_ndc": ("42023-1131-0", "1-2-3")},
        {"ndc": "", "other_ndc": ("42023-113-10",)},
        {"vial": Volume.of("0.00001")},
        {"cite": ()},
        {"drug": "propofol"},
        {"schedule": "II"},
        {"form": "tablet"},
    ],
    ids=str,
)
def test_a_product_that_no_label_could_show_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(AssertionError, match="ketalar_10_20"):
        replace(PRODUCTS["ketalar_10_20"], **change)  # type: ignore[arg-type]


def test_a_vial_holds_what_strength_and_size_make() -> None:
    """28 mg of esketamine in 0.2 mL (label, section 11)."""
    spray = PRODUCTS["esketamine_spray_28"]
    assert spray.mass == DrugMass.mg("28")
    assert replace(spray, strength=Strength.mg_per_ml("70")).mass == DrugMass.mg("14")
