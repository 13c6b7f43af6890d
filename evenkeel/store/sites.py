"""Sites: the addresses at which the clinic holds drug, each with a registration of its own."""

from datetime import datetime
from typing import Final

from evenkeel.record.entry import Author
from evenkeel.store import models
from evenkeel.store.models import MAIN_SITE
from evenkeel.store.rows import record_change
from evenkeel.values.ids import ChairId
from evenkeel.values.shape import frozen

TABLE: Final = "site"


@frozen
class Site:
    """An address at which the clinic holds drug; `registration` is its DEA number, empty until it is set."""

    id: str
    name: str
    address: str = ""
    registration: str = ""


def sites() -> tuple[Site, ...]:
    """Every site, the main one first; it is there before anybody described it."""
    rows = {row.pk: row for row in models.Site.objects.order_by("name")}
    found = [
        Site(id=row.pk, name=row.name, address=row.address, registration=row.registration)
        for row in rows.values()
    ]
    if MAIN_SITE not in rows:
        found.insert(0, Site(id=MAIN_SITE, name="Main site"))
    return tuple(sorted(found, key=lambda site: site.id != MAIN_SITE))


def site(id_: str) -> Site | None:
    """One site, or None."""
    return next((found for found in sites() if found.id == id_), None)


def describe(described: Site, *, by: Author, at: datetime, reason: str) -> None:
    """Add a site, or change its name, address or registration, and write down what it was."""
    before = site(described.id)
    values = {
        "name": described.name,
        "address": described.address,
        "registration": described.registration,
    }
    models.Site.objects.update_or_create(id=described.id, defaults=values)
    was = {key: getattr(before, key) for key in values} if before else {}
    record_change(at=at, by=by, table=TABLE, row=described.id, before=was, after=values, reason=reason)


def site_of(chair: ChairId) -> str:
    """The site that a chair stands at."""
    return models.Chair.objects.filter(pk=chair).values_list("site", flat=True).first() or MAIN_SITE


def put_chair(chair: ChairId, site_id: str, *, by: Author, at: datetime, reason: str) -> None:
    """Write down at which site a chair stands."""
    before = site_of(chair)
    models.Chair.objects.filter(pk=chair).update(site=site_id)
    record_change(
        at=at,
        by=by,
        table="chair",
        row=chair,
        before={"site": before},
        after={"site": site_id},
        reason=reason,
    )
