"""The clinic's sites: name, address and registration of each, and at which of them a chair stands."""

from typing import Any

from django import forms
from django.http import Http404
from django.urls import path, reverse

from evenkeel.journey import sites as use_cases
from evenkeel.journey.acting import Act
from evenkeel.journey.policy import may
from evenkeel.store import rows, sites
from evenkeel.store.queries import settings
from evenkeel.store.sites import Site
from evenkeel.values.ids import ChairId, StreamId
from evenkeel.web.fields import AskedField
from evenkeel.web.pages import FormPage, Page


class SiteForm(forms.Form):
    """A site as its registration has it."""

    name = forms.CharField(label="Name", max_length=use_cases.NAME_LETTERS_MAX)
    address = AskedField(label="Address", max_length=use_cases.ADDRESS_LETTERS_MAX)
    registration = AskedField(
        label="DEA number",
        max_length=use_cases.REGISTRATION_LETTERS_MAX,
        help_text="Each address at which controlled drugs are held has a registration of its own.",
    )
    reason = forms.CharField(label="Reason", max_length=300, help_text="It stands in the change log.")


class ChairForm(forms.Form):
    """Where a chair stands."""

    chair = forms.ChoiceField(label="Chair")
    site = forms.ChoiceField(label="Stands at", widget=forms.RadioSelect)
    reason = forms.CharField(label="Reason", max_length=300, help_text="It stands in the change log.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chair: Any = self.fields["chair"]
        chair.choices = [("", "Choose"), *((each.id, each.name) for each in rows.chairs())]
        site: Any = self.fields["site"]
        site.choices = [(each.id, each.name) for each in sites.sites()]


class SitesPage(Page):
    """Every site, its chairs, and who changed them."""

    action = "settings.read"
    template = "settings/sites.html.jinja"

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add the sites with their chairs."""
        return super().context(
            sites=[_site(each) for each in sites.sites()],
            may_change=may(self.author.role, "settings.change"),
            changes=[
                {
                    "at": each.at,
                    "by": each.by_name,
                    "what": f"{each.row}: {', '.join(f'{key} {value}' for key, value in each.after.items())}",
                    "reason": each.reason,
                }
                for each in settings.changes(sites.TABLE)
            ],
            **extra,
        )


def _site(each: Site) -> dict[str, Any]:
    chairs = [chair.name for chair in rows.chairs() if sites.site_of(chair.id) == each.id]
    return {
        "name": each.name,
        "rows": [
            {"key": "Address", "value": each.address or None},
            {"key": "DEA number", "value": each.registration or None},
            {"key": "Chairs", "value": ", ".join(chairs) or "none"},
        ],
        "url": reverse("site_change", args=[each.id]),
    }


class SiteFormPage(FormPage):
    """A form about sites; afterwards comes the list."""

    action = "settings.change"
    template = "settings/site_form.html.jinja"
    heading = "Add a site"
    button = "Add the site"

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add the words of the page."""
        return super().context(heading=self.heading, button=self.button, **extra)

    def done_address(self, stream: StreamId) -> str:
        """The list of sites."""
        return reverse("sites")


class AddSite(SiteFormPage):
    """Another address."""

    form_class = SiteForm
    done_sentence = "The site is added."

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Add it."""
        return use_cases.describe_site(act, site=None, **form.cleaned_data)


class ChangeSite(SiteFormPage):
    """Another name, address or registration."""

    form_class = SiteForm
    heading = "Change the site"
    button = "Change the site"
    done_sentence = "The site is changed."

    def form_arguments(self) -> dict[str, Any]:
        """Start from what is set."""
        found = sites.site(self.kwargs["site"])
        if found is None:
            raise Http404
        return {
            "initial": {
                "name": found.name,
                "address": found.address,
                "registration": found.registration,
            }
        }

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Change it."""
        return use_cases.describe_site(act, site=self.kwargs["site"], **form.cleaned_data)


class PutChair(SiteFormPage):
    """A chair is carried to another address."""

    form_class = ChairForm
    heading = "Put a chair at a site"
    button = "Put it there"
    done_sentence = "The chair stands there now."

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Put it there."""
        typed = form.cleaned_data
        return use_cases.put_chair_at(
            act, chair=ChairId(typed["chair"]), site=typed["site"], reason=typed["reason"]
        )


urlpatterns = [
    path("settings/sites/", SitesPage.as_view(), name="sites"),
    path("settings/sites/add/", AddSite.as_view(), name="site_add"),
    path("settings/sites/chair/", PutChair.as_view(), name="site_chair"),
    path("settings/sites/<slug:site>/change/", ChangeSite.as_view(), name="site_change"),
]
