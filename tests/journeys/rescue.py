"""The page of a rescue drug, filled in."""

from typing import Final

from tests.journeys.person import Person

CONDITIONS: Final = {"asthma": "no", "heart_block": "no", "heart_failure": "no", "lying_down": "yes"}


def fill_in_labetalol(nora: Person) -> None:
    """Labetalol on Dr. Raman's spoken order, read back, with nothing against it."""
    nora.reads_heading("Rescue drug")
    nora.choose("Drug", "labetalol")
    nora.write("Dose", "20")
    nora.choose("Route", "IV")
    for name, answer in CONDITIONS.items():
        nora.page.locator(f"[name=condition_{name}][value={answer}]").check()
    nora.pick("Ordered by", "Dr. Priya Raman")
    nora.tick("A spoken order was read back to them")
    nora.write("Why", "High, and it does not come down")
