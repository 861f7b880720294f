from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from backend.admin.soft_deletion import DeletedFilter, SoftDeletionAdmin
from backend.models import PolicyCampaign


@admin.register(PolicyCampaign)
class PolicyCampaignAdmin(SoftDeletionAdmin):
    """Campaigns, each with the number of endorsements that the public sees."""

    list_display = ["title", "active", "endorsement_count", "created_at"]
    list_filter = ["active", DeletedFilter]
    search_fields = ["title", "slug", "summary"]
    ordering = ["-created_at", "-pk"]
    prepopulated_fields = {"slug": ["title"]}
    fieldsets = [
        (None, {"fields": ["title", "slug", "active", "summary", "description"]}),
        (
            "Endorsements",
            {
                "fields": [
                    "allow_endorsements",
                    "endorsement_statement",
                    "endorsement_form_instructions",
                ]
            },
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> Any:
        campaigns: Any = super().get_queryset(request)
        return campaigns.with_endorsement_count()

    @admin.display(description="public endorsements", ordering="endorsement_count")
    def endorsement_count(self, campaign: PolicyCampaign) -> int:
        return campaign.endorsement_count
