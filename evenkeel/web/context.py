"""What the frame of every page needs: who is signed in, where they may go, which clinic this is."""

from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.http import urlencode

from evenkeel.journey.policy import may
from evenkeel.record.entry import ROLE_WORDS, Author
from evenkeel.store.queries import people
from evenkeel.store.queries import settings as clinic_settings
from evenkeel.web import alerts_view, pages
from evenkeel.web.routes import Asked, is_permitted

# In the order in which they stand: name of the route, what it is called, what it asks for.
PLACES: Final[tuple[tuple[str, str, Asked], ...]] = (
    ("today", "Today", "today.read"),
    ("board", "Board", "board.read"),
    ("diary", "Diary", "visit.read"),
    ("patients", "Patients", "patients.list"),
    ("stock", "Stock", "stock.read"),
    ("quarantine", "Devices", "devices.read"),
    ("downtime", "Downtime", "downtime.prepare"),
    ("rulebook", "Rulebook", "rulebook.read"),
    ("library", "Library", "anybody"),
    ("level_explorer", "Levels", "levels.explore"),
    ("dose_calculator", "Dose", "dose.calculate"),
    ("people", "People", "people.manage"),
    ("access_log", "Access log", "access_log.read"),
    ("settings", "Settings", "settings.read"),
)


def everywhere(request: HttpRequest) -> dict[str, Any]:
    """Plain values for the frame; without a signed-in person only the clinic is named."""
    shared: dict[str, Any] = {
        "demo": settings.DEMO,
        "clinic_name": clinic_settings.current().clinic_name,
        "live_url": None,
        "nav": [],
        "person": None,
        "idle_minutes": None,
        "here_url": None,
        "reads_alerts": False,
        "alert_watch": None,
    }
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return shared
    author = people.author_of(user)
    shared["idle_minutes"] = settings.IDLE_LOGOFF_MINUTES
    shared["here_url"] = reverse("here")
    shared["nav"] = _nav(request, author)
    shared["live_url"] = reverse("live") if may(author.role, "live.read") else None
    shared["reads_alerts"] = may(author.role, "alert.read")
    # Looked up only where the frame is drawn: the parts of a page that are fetched by themselves have none.
    shared["alert_watch"] = SimpleLazyObject(lambda: alerts_view.watch(author, pages.now()))
    shared["person"] = {
        "id": author.id,
        "name": author.printed_name,
        "role": ROLE_WORDS[author.role],
        "switch_url": f"{reverse('switch_user')}?{urlencode({'next': request.get_full_path()})}",
        "sign_out_url": reverse("account_logout"),
        "account_url": reverse("mfa_index"),
    }
    return shared


def _nav(request: HttpRequest, author: Author) -> list[dict[str, Any]]:
    found = []
    for name, label, action in PLACES:
        if is_permitted(action, author.role):
            address = reverse(name)
            here = request.path == address if address == "/" else request.path.startswith(address)
            found.append({"url": address, "label": label, "current": here, "count": None})
    return found
