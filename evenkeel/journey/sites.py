"""The clinic's sites: their names and registrations, and at which of them a chair stands."""

import re
from typing import Final

from evenkeel.journey.acting import Act, use_case
from evenkeel.record.visits import VisitPhase
from evenkeel.store import rows, sites
from evenkeel.store.queries import visits
from evenkeel.store.sites import Site
from evenkeel.values.ids import ChairId, StreamId
from evenkeel.values.issues import Issue, UnableTo

NAME_LETTERS_MAX: Final = 60
ADDRESS_LETTERS_MAX: Final = 200
REGISTRATION_LETTERS_MAX: Final = 20
# From an order on, drug is kept for the visit, and after it drug is in hand.
WITH_DRUG: Final[tuple[VisitPhase, ...]] = (
    "ordered",
    "drawn",
    "double_checked",
    "ready",
    "running",
    "paused",
    "recovery",
)


class UnableToChangeSites(UnableTo):
    """The site or the chair cannot be changed like this."""


def _required(reason: str) -> list[Issue]:
    if reason.strip():
        return []
    return [Issue(sentence="Reason: write why this is changed.", code="required", field="reason")]


@use_case("settings.change")
def describe_site(
    act: Act, *, site: str | None, name: str, address: str, registration: str, reason: str
) -> StreamId:
    """Add a site (`site` is None), or change the name, address or registration of one.

    A site keeps the short name that is made of its first name, since lots are kept under it.
    """
    name, address = " ".join(name.split()), " ".join(address.split())
    registration = registration.strip().upper()
    issues = _required(reason)
    id_ = site or re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40]
    if not id_ or len(name) > NAME_LETTERS_MAX:
        sentence = f"Name: write 1 to {NAME_LETTERS_MAX} letters or digits."
        issues.append(Issue(sentence=sentence, code="site-name", field="name"))
    elif any(each.name.casefold() == name.casefold() and each.id != site for each in sites.sites()) or (
        site is None and sites.site(id_) is not None
    ):
        sentence = f"Name: there is already a site that is called {name}, or much like it."
        issues.append(Issue(sentence=sentence, code="site-exists", field="name"))
    if site is not None and sites.site(site) is None:
        issues.append(Issue(sentence="This site is not one of the clinic's.", code="no-such-site"))
    if len(address) > ADDRESS_LETTERS_MAX:
        sentence = f"Address: write at most {ADDRESS_LETTERS_MAX} characters."
        issues.append(Issue(sentence=sentence, code="length", field="address"))
    if len(registration) > REGISTRATION_LETTERS_MAX:
        sentence = f"DEA number: write at most {REGISTRATION_LETTERS_MAX} characters."
        issues.append(Issue(sentence=sentence, code="length", field="registration"))
    described = Site(id=id_, name=name, address=address, registration=registration)
    if not issues and described == sites.site(id_):
        issues.append(Issue(sentence="Nothing is different from what is set now.", code="unchanged"))
    if issues:
        raise UnableToChangeSites(issues)
    sites.describe(described, by=act.by, at=act.recorded_at, reason=reason.strip())
    return StreamId(f"site:{id_}")


@use_case("settings.change")
def put_chair_at(act: Act, *, chair: ChairId, site: str, reason: str) -> StreamId:
    """Write down at which site a chair stands; its orders are filled from that site's cabinet.

    Refused while a visit in this chair may have drug kept or in hand, which is of the site it stood at.
    """
    issues = _required(reason)
    if rows.chair(chair) is None:
        issues.append(
            Issue(sentence="Chair: choose one of the clinic's chairs.", code="no-chair", field="chair")
        )
    if sites.site(site) is None:
        sentence = "Site: choose one of the clinic's sites."
        issues.append(Issue(sentence=sentence, code="no-such-site", field="site"))
    elif sites.site_of(chair) == site:
        issues.append(Issue(sentence="The chair stands there already.", code="unchanged", field="site"))
    if any(line.chair == chair for line in visits.in_phases(WITH_DRUG)):
        sentence = "Chair: somebody has an order or drug in it. Finish that visit first."
        issues.append(Issue(sentence=sentence, code="chair-in-use", field="chair"))
    if issues:
        raise UnableToChangeSites(issues)
    sites.put_chair(chair, site, by=act.by, at=act.recorded_at, reason=reason.strip())
    return StreamId(f"chair:{chair}")
