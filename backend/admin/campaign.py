from typing import Any

from django.contrib import admin
from django.db.models import Count
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from backend.admin.images import ImagesAdmin
from backend.admin.publicity import publicity
from backend.admin.soft_deletion import DeletedFilter, SoftDeletionAdmin
from backend.models import Endorsement, PolicyCampaign

SEE_ENDORSEMENTS = "coalition.view_endorsement"
ENDORSEMENTS = "admin:coalition_endorsement_changelist"


@admin.register(PolicyCampaign)
class PolicyCampaignAdmin(ImagesAdmin, SoftDeletionAdmin):
    """Campaigns, each with the number of endorsements that the public sees."""

    change_form_template = "admin/coalition/policycampaign/change_form.html"
    list_display = ["title", "publicity", "allow_endorsements", "endorsement_count", "created_at"]
    list_filter = ["active", "allow_endorsements", DeletedFilter]
    search_fields = ["title", "slug", "summary"]
    search_help_text = "Words of the title or the summary"
    ordering = ["-created_at", "-pk"]
    prepopulated_fields = {"slug": ["title"]}
    fieldsets = [
        (None, {"fields": ["title", "slug", "active", "summary", "description"]}),
        ("Image", {"fields": ["image_url", "image_alt_text", "image_credit"]}),
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

    @admin.display(description="public", ordering="active")
    def publicity(self, campaign: PolicyCampaign) -> SafeString:
        return publicity(campaign)

    @admin.display(description="public endorsements", ordering="endorsement_count")
    def endorsement_count(self, campaign: PolicyCampaign) -> SafeString:
        approved = f"{reverse(ENDORSEMENTS)}?show=approved&campaign__id__exact={campaign.pk}"
        return format_html('<a href="{}">{}</a>', approved, campaign.endorsement_count)

    def about(self, request: HttpRequest, row: PolicyCampaign) -> dict[str, Any]:
        by_status = Endorsement.objects.filter(campaign=row).values_list("status")
        return {
            "publicity": publicity(row),
            "is_shown": not row.closed_gates(),
            "endorsement_count": row.endorsement_count,
            "by_status": dict(by_status.annotate(count=Count("pk")).order_by("status")),
            "sees_endorsements": request.user.has_perm(SEE_ENDORSEMENTS),
        }
