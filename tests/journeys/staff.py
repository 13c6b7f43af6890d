"""Who works in the clinics that the browser tests start: the people of `tests.factories`."""

from typing import Final

from evenkeel.record.entry import Role

# That of `tests.factories`, so that what the factories sign is signed with it.
PASSWORD: Final = "a password that only tests use"
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
