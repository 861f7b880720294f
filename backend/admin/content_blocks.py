"""The blocks of a homepage, each folded to a line that says what is in it."""

import re
from typing import Any

from django import forms
from django.contrib import admin
from django.forms.models import BaseInlineFormSet
from django.utils.html import strip_tags
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from backend.admin.images import ImageFields, ImagesAdmin
from backend.admin.publicity import publicity
from backend.admin.rich_text import RichTextWidget
from backend.models import ContentBlock
from backend.models.fields import RichTextField

FIELDSETS: list[Any] = [
    (None, {"fields": [("block_type", "is_visible"), "title", "content"]}),
    (
        "Image, video and appearance",
        {
            "fields": [
                ("image_url", "image_alt_text"),
                "video_url",
                ("css_classes", "background_color"),
            ],
        },
    ),
]
EXCERPT = 110
END_OF_LINE = re.compile(r"</(p|li|h\d|div|t[dhr]|dd|dt|blockquote)>|<br>")


def excerpt(block: ContentBlock) -> str:
    """What a block says or shows, in a line."""
    text = " ".join(strip_tags(END_OF_LINE.sub(" ", block.content)).split())
    return Truncator(text or block.image_alt_text or block.video_url or block.image_url).chars(
        EXCERPT
    )


class BlockForm(forms.ModelForm):  # type: ignore[type-arg]  # only in its stubs
    """Has the line that stands for the block while it is folded."""

    def excerpt(self) -> str:
        return excerpt(self.instance)


class BlockFormSet(BaseInlineFormSet):  # type: ignore[type-arg]  # only in its stubs
    """Puts a new block without a position after the others."""

    def save_new(self, form: Any, commit: bool = True) -> Any:
        block = super().save_new(form, commit=False)
        if not block.order:
            block.order = self.instance.content_blocks.next_order()
        if commit:
            block.save()
        return block


class ContentBlockInline(ImageFields, admin.StackedInline):  # type: ignore[type-arg]  # only in its stubs
    """The blocks in their order, which is that of their positions."""

    model = ContentBlock
    form = BlockForm
    formset = BlockFormSet
    template = "admin/coalition/homepage/blocks.html"
    extra = 0
    ordering = ["order", "pk"]
    formfield_overrides = {RichTextField: {"widget": RichTextWidget}}
    fieldsets = [(None, {"fields": ["order"]}), *FIELDSETS]

    class Media:
        js = ["backend/admin/blocks.js"]


@admin.register(ContentBlock)
class ContentBlockAdmin(ImagesAdmin):
    """All blocks, to find one by its text."""

    list_display = ["__str__", "says", "homepage", "block_type", "order", "publicity"]
    list_filter = ["block_type", "is_visible", "homepage"]
    list_select_related = ["homepage"]
    search_fields = ["title", "content"]
    search_help_text = "Words of the title or the content"
    ordering = ["homepage", "order", "pk"]
    autocomplete_fields = ["homepage"]
    formfield_overrides = {RichTextField: {"widget": RichTextWidget}}
    fieldsets = [(None, {"fields": ["homepage", "order"]}), *FIELDSETS]

    @admin.display(description="says")
    def says(self, block: ContentBlock) -> str:
        return excerpt(block)

    @admin.display(description="public", ordering="is_visible")
    def publicity(self, block: ContentBlock) -> SafeString:
        return publicity(block)
