from typing import Any

from adminsortable2.admin import SortableAdminBase, SortableStackedInline
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminTextareaWidget
from django.db.models import QuerySet
from django.http import HttpRequest

from backend.admin.history import HistoryAdmin, log_changes
from backend.models import ContentBlock, HomePage
from backend.models.fields import RichTextField

BLOCK_FIELDSETS: list[Any] = [
    (None, {"fields": [("block_type", "is_visible"), "title", "content", "order"]}),
    (
        "Image, video and appearance",
        {
            "classes": ["collapse"],
            "fields": [
                ("image_url", "image_alt_text"),
                "video_url",
                ("css_classes", "background_color"),
            ],
        },
    ),
]


class ContentBlockInline(SortableStackedInline):  # type: ignore[misc]  # untyped
    """The blocks of a page, put in order by dragging."""

    model = ContentBlock
    extra = 0
    # Folded and low, so that a block can be dragged past another on one screen.
    formfield_overrides = {RichTextField: {"widget": AdminTextareaWidget(attrs={"rows": 3})}}
    fieldsets = BLOCK_FIELDSETS


@admin.register(HomePage)
class HomePageAdmin(SortableAdminBase, HistoryAdmin):  # type: ignore[misc]  # untyped
    """Homepages with their blocks; one of them is active."""

    list_display = ["organization_name", "is_active", "updated_at"]
    search_fields = ["organization_name"]
    ordering = ["-is_active", "organization_name", "pk"]
    actions = ["activate"]
    readonly_fields = ["is_active"]
    inlines = [ContentBlockInline]
    fieldsets = [
        (None, {"fields": ["organization_name", "tagline", "is_active"]}),
        ("Hero", {"fields": ["hero_title", "hero_subtitle", "hero_background_image"]}),
        ("About", {"fields": ["about_section_title", "about_section_content"]}),
        (
            "Campaigns",
            {
                "fields": [
                    "show_campaigns_section",
                    "campaigns_section_title",
                    "campaigns_section_subtitle",
                ]
            },
        ),
        (
            "Call to action",
            {"fields": ["cta_title", "cta_content", "cta_button_text", "cta_button_url"]},
        ),
        ("Contact", {"fields": ["contact_email", "contact_phone", "social_media_urls"]}),
    ]

    @admin.action(permissions=["change"], description="Activate selected homepage")
    def activate(self, request: HttpRequest, queryset: QuerySet[HomePage]) -> None:
        pages = list(queryset[:2])
        if len(pages) != 1:
            message = "Select exactly one homepage: only one can be active."
            self.message_user(request, message, messages.ERROR)
            return
        pages[0].activate()
        log_changes(request, pages, "Activated.")
        self.message_user(request, f"{pages[0]} is the active homepage now.", messages.SUCCESS)


@admin.register(ContentBlock)
class ContentBlockAdmin(HistoryAdmin):
    """All blocks, to find one by its text."""

    list_display = ["__str__", "homepage", "block_type", "order", "is_visible"]
    list_filter = ["block_type", "is_visible", "homepage"]
    list_select_related = ["homepage"]
    search_fields = ["title", "content"]
    ordering = ["homepage", "order", "pk"]
    autocomplete_fields = ["homepage"]
    fieldsets = [(None, {"fields": ["homepage"]}), *BLOCK_FIELDSETS]
