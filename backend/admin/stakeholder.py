from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.gis.geos import Point
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from backend.admin.exporting import ExportingAdmin
from backend.admin.position import PositionFormField
from backend.admin.publicity import publicity
from backend.admin.soft_deletion import DeletedFilter, SoftDeletionAdmin
from backend.admin.stakeholder_listing import ListingAdmin
from backend.admin.tabs import TabsFilter
from backend.http.exports import Table
from backend.models import Export, Stakeholder
from backend.public import PublicStakeholder
from backend.rendering.staff_tables import STAKEHOLDERS

PRIVATE = "coalition.view_private_details"
SEE_ENDORSEMENTS = "coalition.view_endorsement"


class StakeholderForm(forms.ModelForm):  # type: ignore[type-arg]  # only in its stubs
    """Keeps the exact location of a stakeholder whose marker was not moved."""

    location = PositionFormField(
        help_text="The public sees an individual's to within two kilometres, others' exactly."
    )

    def clean_location(self) -> Point | None:
        # The fields show six decimals.
        unmoved = "location" not in self.changed_data
        location: Point | None = (self.initial if unmoved else self.cleaned_data).get("location")
        return location


class ListedFilter(TabsFilter):
    """Who is shown to the public, and who is not."""

    title = "publication"
    parameter_name = "show"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("listed", "Shown to the public"), ("unlisted", "Not shown")]

    def narrow(self, rows: Any, choice: str) -> Any:
        return rows.listed() if choice == "listed" else rows.unlisted()


@admin.register(Stakeholder)
class StakeholderAdmin(ListingAdmin, ExportingAdmin):
    """Stakeholders, placed on a map whose scripts are served from here."""

    form = StakeholderForm
    change_form_template = "admin/coalition/stakeholder/change_form.html"
    list_display = ["who", "email", "type", "place", "publicity"]
    list_filter = [ListedFilter, "type", DeletedFilter, "state"]
    search_fields = ["name", "organization", "email"]
    search_help_text = "Name, organization or e-mail"
    ordering = ["-pk"]  # the newest first, by an index that holds the deleted rows too
    actions = ["show", "stop_showing", *SoftDeletionAdmin.actions]
    readonly_fields = ["shown_location"]
    exported = Table(Export.Resource.STAKEHOLDERS, STAKEHOLDERS)
    fieldsets = [
        (None, {"fields": ["name", "organization", "role", "email", "type"]}),
        ("Place", {"fields": [("state", "county"), "location", "shown_location"]}),
        ("Publication", {"fields": ["is_public"]}),
    ]

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return [name for name in self.list_display if _may_see(request, name)]

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        return [name for name in self.search_fields if _may_see(request, name)]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Not by a field that the account may not see: it could be found out by asking."""
        is_seen = _may_see(request, lookup.partition("__")[0])
        return is_seen and super().lookup_allowed(lookup, value, request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        # Each has an address, which others could not enter.
        return super().has_add_permission(request) and request.user.has_perm(PRIVATE)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return [
            (title, options | {"fields": [n for n in options["fields"] if _may_see(request, n)]})
            for title, options in super().get_fieldsets(request, obj)
        ]

    @admin.display(description="name", ordering="name")
    def who(self, stakeholder: Stakeholder) -> SafeString:
        under = format_html('<span class="under">{}</span>', stakeholder.organization)
        return format_html("{}{}", stakeholder.name, under if stakeholder.organization else "")

    @admin.display(ordering="state")
    def place(self, stakeholder: Stakeholder) -> str:
        return ", ".join(part for part in (stakeholder.county, stakeholder.state) if part)

    @admin.display(description="public", ordering="is_public")
    def publicity(self, stakeholder: Stakeholder) -> SafeString:
        return publicity(stakeholder)

    @admin.display(description="public location", empty_value="None")
    def shown_location(self, stakeholder: Stakeholder) -> str | None:
        """Where the public sees the stakeholder, once there is consent to be listed."""
        place: Any = stakeholder.public_location
        return f"longitude {place.x:.6f}, latitude {place.y:.6f}" if place else None

    def about(self, request: HttpRequest, row: Stakeholder) -> dict[str, Any]:
        is_shown = PublicStakeholder.objects.filter(pk=row.pk).exists()
        endorsements = row.endorsements.select_related("campaign").newest_first()
        return {
            "publicity": publicity(row),
            "public_url": reverse("stakeholder", args=[row.pk]) if is_shown else None,
            "endorsements": endorsements if request.user.has_perm(SEE_ENDORSEMENTS) else [],
        }


def _may_see(request: HttpRequest, field: Any) -> bool:
    return field not in ("email", "location", "consents") or request.user.has_perm(PRIVATE)
