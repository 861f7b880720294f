from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from backend.admin.content_blocks import ContentBlockInline
from backend.admin.history import log_changes
from backend.admin.images import ImagesAdmin, own_images, with_own_images
from backend.admin.publicity import publicity
from backend.admin.social_media import SocialMediaField
from backend.models import HomePage

ACTIVATE = "coalition_homepage_activate"


class HomePageForm(forms.ModelForm):  # type: ignore[type-arg]  # only in its stubs
    """Has a field for each platform."""

    social_media_urls = SocialMediaField(label="Social media", required=False)


@admin.register(HomePage)
class HomePageAdmin(ImagesAdmin):
    """Homepages with their blocks; one of them is active."""

    form = HomePageForm
    change_form_template = "admin/coalition/homepage/change_form.html"
    list_display = ["organization_name", "publicity", "updated_at", "preview_link"]
    search_fields = ["organization_name"]
    ordering = ["-is_active", "organization_name", "pk"]
    actions = ["activate"]
    readonly_fields = ["is_active"]
    inlines = [ContentBlockInline]
    fieldsets = [
        (None, {"fields": ["organization_name", "tagline", "is_active"]}),
        (
            "Hero",
            {
                "classes": ["collapse"],
                "fields": ["hero_title", "hero_subtitle", "hero_background_image"],
            },
        ),
        (
            "About",
            {"classes": ["collapse"], "fields": ["about_section_title", "about_section_content"]},
        ),
        (
            "Campaigns",
            {
                "classes": ["collapse"],
                "fields": [
                    "show_campaigns_section",
                    "campaigns_section_title",
                    "campaigns_section_subtitle",
                ],
            },
        ),
        (
            "Call to action",
            {
                "classes": ["collapse"],
                "fields": ["cta_title", "cta_content", "cta_button_text", "cta_button_url"],
            },
        ),
        (
            "Contact and social media",
            {
                "classes": ["collapse"],
                "fields": ["contact_email", "contact_phone", "social_media_urls"],
            },
        ),
    ]

    @admin.display(description="public", ordering="is_active")
    def publicity(self, page: HomePage) -> SafeString:
        return publicity(page)

    @admin.display(description="preview")
    def preview_link(self, page: HomePage) -> SafeString:
        """Where a page is activated too."""
        words = "Preview" if page.is_active else "Preview and activate …"
        url = reverse(f"admin:{ACTIVATE}", args=[page.pk])
        return format_html('<a class="button" href="{}">{}</a>', url, words)

    @admin.action(permissions=["change"], description="Activate selected homepage")
    def activate(self, request: HttpRequest, queryset: QuerySet[HomePage]) -> HttpResponse | None:
        keys = list(queryset.values_list("pk", flat=True)[:2])
        if len(keys) == 1:
            return redirect(f"admin:{ACTIVATE}", keys[0])
        message = "Select exactly one homepage: only one can be active."
        self.message_user(request, message, messages.ERROR)
        return None

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(with_own_images(self.activate_view))
        return [path("<int:pk>/activate/", view, name=ACTIVATE), *super().get_urls()]

    def activate_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show a page as a whole, and what it would replace; activate it once that is confirmed."""
        page = HomePage.objects.with_visible_blocks().filter(pk=pk).first()
        if page is None:
            raise Http404
        if not self.has_view_permission(request, page):
            raise PermissionDenied
        if request.method == "POST":
            return self._activate(request, page)
        active = HomePage.objects.with_visible_blocks().active().first()
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": str(page) if page.is_active else f"Activate {page}?",
            "page": page,
            "active": active,
            "own_images": own_images(),
            "has_change_permission": self.has_change_permission(request, page),
        }
        return TemplateResponse(request, "admin/coalition/homepage/activate.html", context)

    def _activate(self, request: HttpRequest, page: HomePage) -> HttpResponse:
        if not self.has_change_permission(request, page):
            raise PermissionDenied
        page.activate()
        log_changes(request, [page], "Activated.")
        self.message_user(request, f"{page} is the active homepage now.", messages.SUCCESS)
        return redirect("admin:coalition_homepage_changelist")
