from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.gis.gdal import GDALException
from django.contrib.gis.geos import Point
from leaflet.admin import LeafletAdminWidget, LeafletGeoAdminMixin

from backend.admin.soft_deletion import DeletedFilter, SoftDeletionAdmin
from backend.models import Stakeholder


class StakeholderForm(forms.ModelForm):  # type: ignore[type-arg]  # only in its stubs
    """Keeps the exact location of a stakeholder whose marker was not moved."""

    def clean_location(self) -> Point | None:
        # The map rounds its coordinates to six decimals.
        unmoved = "location" not in self.changed_data
        location: Point | None = (self.initial if unmoved else self.cleaned_data).get("location")
        return location


class PositionWidget(LeafletAdminWidget):  # type: ignore[misc]  # untyped
    """A map to put a marker on."""

    def deserialize(self, value: str) -> Any:
        """The geometry, or None: the form that shows the error shows no marker then."""
        try:
            return super().deserialize(value)
        except GDALException:
            return None


@admin.register(Stakeholder)
class StakeholderAdmin(LeafletGeoAdminMixin, SoftDeletionAdmin):  # type: ignore[misc]  # untyped
    """Stakeholders, placed on a map whose scripts are served from here."""

    form = StakeholderForm
    widget = PositionWidget
    list_display = ["name", "organization", "email", "type", "state", "is_public"]
    list_filter = ["type", "is_public", DeletedFilter, "state"]
    search_fields = ["name", "organization", "email"]
    ordering = ["-pk"]  # the newest first, by an index that holds the deleted rows too
    readonly_fields = ["shown_location"]
    fieldsets = [
        (None, {"fields": ["name", "organization", "role", "email", "type"]}),
        ("Place", {"fields": ["state", "county", "location", "shown_location"]}),
        ("Publication", {"fields": ["is_public"]}),
    ]

    @admin.display(description="public location", empty_value="None")
    def shown_location(self, stakeholder: Stakeholder) -> str | None:
        """Where the public sees the stakeholder, once there is consent to be listed."""
        place: Any = stakeholder.public_location
        return f"longitude {place.x:.6f}, latitude {place.y:.6f}" if place else None
