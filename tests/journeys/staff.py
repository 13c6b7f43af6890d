"""Who works in the clinics that the browser tests start: the people of `tests.factories`, with a real password."""

from typing import Final

from evenkeel.record.entry import Role

PASSWORD: Final = "violet tractor sings low"
# User name to printed name and role.
STAFF: Final[dict[str, tuple[str, Role]]] = {
    "admin": ("Ada Novak", "administrator"),
    "lead": ("Dr. Lee Hartmann", "lead"),
    "desk": ("Dana Okafor", "front_desk"),
    "nurse": ("Nora Lindqvist RN", "nurse"),
    "nurse2": ("Samuel Abebe RN", "nurse"),
    "prescriber": ("Dr. Priya Raman", "prescriber"),
    "registrant": ("Rosa Delgado PharmD", "registrant"),
}
