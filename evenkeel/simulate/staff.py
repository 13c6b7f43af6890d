"""The made-up people who work in the demo clinic."""

import uuid
from typing import Final

from evenkeel.record.entry import Author, Role
from evenkeel.values.ids import STREAMS, ClinicianId
from evenkeel.values.shape import frozen

# Printed on the screen at every start of the demo clinic, so it guards nothing.
PASSWORD: Final = "even-keel-demo"  # noqa: S105


@frozen
class Colleague:
    """One member of staff."""

    username: str
    printed_name: str
    role: Role

    @property
    def key(self) -> str:
        """The request under which they are added, from which their id follows."""
        return f"demo-staff-{self.username}"

    @property
    def author(self) -> Author:
        """The person as the record names them."""
        own = uuid.uuid5(STREAMS, f"clinician/{self.key}")
        return Author(id=ClinicianId(str(own)), role=self.role, printed_name=self.printed_name)


FELIX: Final = Colleague(username="felix", printed_name="Felix Ortega", role="front_desk")
NORA: Final = Colleague(username="nora", printed_name="Nora Nguyen, RN", role="nurse")
NIKO: Final = Colleague(username="niko", printed_name="Niko Petrov, RN", role="nurse")
NOOR: Final = Colleague(username="noor", printed_name="Noor Haddad, RN", role="nurse")
PRIYA: Final = Colleague(username="priya", printed_name="Dr. Priya Raman", role="prescriber")
PAUL: Final = Colleague(username="paul", printed_name="Dr. Paul Okafor", role="prescriber")
ROSA: Final = Colleague(username="rosa", printed_name="Rosa Lindqvist", role="registrant")
LENA: Final = Colleague(username="lena", printed_name="Dr. Lena Marsh", role="lead")
ADA: Final = Colleague(username="ada", printed_name="Ada Kowalczyk", role="administrator")

STAFF: Final = (FELIX, NORA, NIKO, NOOR, PRIYA, PAUL, ROSA, LENA, ADA)
NURSES: Final = (NORA, NIKO, NOOR)
PRESCRIBERS: Final = (PRIYA, PAUL)
