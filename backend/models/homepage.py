from collections.abc import Sequence
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator, RegexValidator, URLValidator
from django.db import connection, models, transaction
from django.db.models import Case, Max, Prefetch, Q, When
from django.db.models.functions import Now

from backend.models import revision_triggers
from backend.models.fields import OPTIONAL_TEXT, HttpsURLField, RichTextField
from backend.models.timestamps import TimestampedModel
from backend.models.upload import ImageURLField

CSS_CLASSES = r"^(-?[A-Za-z_][A-Za-z0-9_-]*( -?[A-Za-z_][A-Za-z0-9_-]*)*)?\Z"
# A hexadecimal colour or a colour's name.
BACKGROUND_COLOR = r"^(#([0-9A-Fa-f]{3,4}|[0-9A-Fa-f]{6}|[0-9A-Fa-f]{8})|[A-Za-z]{3,30})?\Z"

# Serialises the changes of the active page. Any number would do that nothing else uses.
ACTIVATION_LOCK = 7_305_001

validate_https_url = URLValidator(schemes=["https"])


def validate_social_media_urls(value: Any) -> None:
    """An object of platform name to https URL, such as `{"mastodon": "https://…"}`."""
    if not isinstance(value, dict):
        raise ValidationError("Give an object of platform name to https URL.", code="invalid")
    for platform, url in value.items():
        try:
            validate_https_url(url)
        except ValidationError as error:
            # Not "invalid", for which Django has words of its own.
            raise ValidationError(f"{platform}: give an https URL.", code="not_https") from error


class IsObjectOfHttpsUrls(models.Func):
    """Whether a jsonb value is an object of which every value is a string that names https."""

    template = (
        "(jsonb_typeof(%(expressions)s) = 'object' AND NOT jsonb_path_exists(%(expressions)s, "
        # Strict, for otherwise an array would be judged by its members.
        """'strict $.* ? (@.type() != "string" || !(@ starts with "https://"))', '{}', true))"""
    )
    arity = 1
    output_field = models.BooleanField()

    def as_sql(self, *args: Any, **kwargs: Any) -> tuple[str, Any]:
        # The template shows its one argument twice.
        sql, params = super().as_sql(*args, **kwargs)
        return sql, (*params, *params)


class HomePageQuerySet(models.QuerySet["HomePage"]):
    """Questions one can ask about homepages."""

    def active(self) -> Self:
        """The one page that is shown; empty if there is none."""
        return self.filter(is_active=True)

    def newest_first(self) -> Self:
        return self.order_by("-created_at", "-pk")

    def with_visible_blocks(self) -> Self:
        """Load each page's visible blocks, in order, as `content_blocks`, by one more query."""
        visible = ContentBlock.objects.visible().in_page_order()
        return self.prefetch_related(Prefetch("content_blocks", queryset=visible))


class HomePage(TimestampedModel):
    """The texts and links of a homepage. At most one is active."""

    organization_name = models.CharField(max_length=200)
    tagline = models.CharField(max_length=500, **OPTIONAL_TEXT)
    hero_title = models.CharField(max_length=300, **OPTIONAL_TEXT)
    hero_subtitle = models.CharField(max_length=500, **OPTIONAL_TEXT)
    hero_background_image = ImageURLField(max_length=500, **OPTIONAL_TEXT)
    about_section_title = models.CharField(max_length=200, **OPTIONAL_TEXT)
    about_section_content = models.TextField(**OPTIONAL_TEXT)
    cta_title = models.CharField("call to action title", max_length=200, **OPTIONAL_TEXT)
    cta_content = models.TextField("call to action content", **OPTIONAL_TEXT)
    cta_button_text = models.CharField(
        "call to action button text", max_length=100, **OPTIONAL_TEXT
    )
    cta_button_url = HttpsURLField("call to action button URL", max_length=500, **OPTIONAL_TEXT)
    contact_email = models.EmailField()
    contact_phone = models.CharField(max_length=50, **OPTIONAL_TEXT)
    social_media_urls = models.JSONField(
        default=dict,
        blank=True,
        db_default=models.Value({}, models.JSONField()),
        validators=[validate_social_media_urls],
        help_text='Platform name to https URL, such as {"mastodon": "https://…"}.',
    )
    campaigns_section_title = models.CharField(max_length=200, **OPTIONAL_TEXT)
    campaigns_section_subtitle = models.CharField(max_length=500, **OPTIONAL_TEXT)
    show_campaigns_section = models.BooleanField(default=True, db_default=True)
    is_active = models.BooleanField(default=False, db_default=False)

    objects = HomePageQuerySet.as_manager()

    class Meta:
        db_table = "core_homepage"
        triggers = revision_triggers.OF_HOMEPAGES
        constraints = [
            models.UniqueConstraint(
                fields=["is_active"],
                condition=Q(is_active=True),
                name="unique_active_homepage",
                violation_error_code="unique",
                violation_error_message="Another homepage is active. Use the activate action.",
            ),
            models.CheckConstraint(
                condition=IsObjectOfHttpsUrls("social_media_urls"),
                name="valid_social_media_urls",
            ),
        ]

    def __str__(self) -> str:
        return self.organization_name

    def closed_gates(self) -> list[str]:
        """Why the public does not see it; empty if it does. As the view public_homepage has it."""
        return [] if self.is_active else ["inactive"]

    @transaction.atomic
    def activate(self) -> None:
        """Make this the active page, and the page that was active inactive.

        However many pages are activated at once, each call succeeds and one page stays active.
        """
        with connection.cursor() as cursor:
            # Released with the transaction. A session's lock would stay with the pool's connection.
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ACTIVATION_LOCK])
        now = Now()
        HomePage.objects.active().exclude(pk=self.pk).update(is_active=False, updated_at=now)
        HomePage.objects.filter(pk=self.pk).update(is_active=True, updated_at=now)
        self.refresh_from_db(fields=["is_active", "updated_at"])

    def put_blocks_in_order(self, ids: Sequence[int]) -> None:
        """Number the page's blocks by their place among `ids`, which must have each of them."""
        places = [When(pk=pk, then=place) for place, pk in enumerate(ids)]
        if places:
            self.content_blocks.update(order=Case(*places), updated_at=Now())


class ContentBlockQuerySet(models.QuerySet["ContentBlock"]):
    """Questions one can ask about content blocks."""

    def visible(self) -> Self:
        return self.filter(is_visible=True)

    def in_page_order(self) -> Self:
        return self.order_by("order", "pk")

    def next_order(self) -> int:
        """A position after all of them."""
        return (self.aggregate(last=Max("order"))["last"] or 0) + 1


class ContentBlock(TimestampedModel):
    """A piece of a homepage."""

    class BlockType(models.TextChoices):
        TEXT = "text"
        IMAGE = "image"
        TEXT_IMAGE = "text_image", "Text and image"
        QUOTE = "quote"
        STATS = "stats", "Statistics"
        VIDEO = "video"
        CUSTOM_HTML = "custom_html", "Custom HTML"

    homepage = models.ForeignKey(
        HomePage,
        on_delete=models.CASCADE,
        related_name="content_blocks",
        db_index=False,  # idx_contentblock_home_order begins with it
    )
    title = models.CharField(max_length=200, **OPTIONAL_TEXT)
    block_type = models.CharField(
        max_length=20,
        choices=BlockType,
        default=BlockType.TEXT,
        db_default=BlockType.TEXT,
    )
    content = RichTextField(
        **OPTIONAL_TEXT,
        help_text="HTML. Scripts, forms, styles and links other than https are removed.",
    )
    image_url = ImageURLField("image URL", max_length=500, **OPTIONAL_TEXT)
    image_alt_text = models.CharField(max_length=300, **OPTIONAL_TEXT)
    video_url = HttpsURLField("video URL", max_length=500, **OPTIONAL_TEXT)
    css_classes = models.CharField(
        "CSS classes",
        max_length=200,
        **OPTIONAL_TEXT,
        validators=[RegexValidator(CSS_CLASSES, "Give class names separated by one space.")],
    )
    background_color = models.CharField(
        max_length=30,
        **OPTIONAL_TEXT,
        validators=[RegexValidator(BACKGROUND_COLOR, "Give a colour such as #1a5276 or white.")],
    )
    # Not a PositiveIntegerField, which would add a second, unnamed check beside positive_order.
    order = models.IntegerField(default=0, db_default=0, validators=[MinValueValidator(0)])
    is_visible = models.BooleanField(default=True, db_default=True)

    objects = ContentBlockQuerySet.as_manager()

    class Meta:
        db_table = "core_contentblock"
        triggers = revision_triggers.OF_CONTENT_BLOCKS
        ordering = ["order", "pk"]
        indexes = [
            models.Index(fields=["homepage", "order"], name="idx_contentblock_home_order"),
            models.Index(fields=["is_visible", "order"], name="idx_contentblock_visible"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(order__gte=0), name="positive_order"),
            models.CheckConstraint(
                condition=Q(
                    block_type__in=[
                        "text",
                        "image",
                        "text_image",
                        "quote",
                        "stats",
                        "video",
                        "custom_html",
                    ]
                ),
                name="valid_block_type",
            ),
            models.CheckConstraint(
                condition=Q(css_classes__regex=CSS_CLASSES), name="valid_css_classes"
            ),
            models.CheckConstraint(
                condition=Q(background_color__regex=BACKGROUND_COLOR),
                name="valid_background_color",
            ),
        ]

    def __str__(self) -> str:
        return self.title or self.get_block_type_display()

    def closed_gates(self) -> list[str]:
        """Why the public does not see it; empty if it does. As the view public_contentblock has it.

        Reads the homepage.
        """
        gates = {"hidden": not self.is_visible, "homepage_inactive": not self.homepage.is_active}
        return [gate for gate, is_closed in gates.items() if is_closed]

    def clean(self) -> None:
        """Only an image or a video speaks for itself."""
        may_be_blank = {self.BlockType.IMAGE, self.BlockType.VIDEO}
        if not self.content.strip() and self.block_type not in may_be_blank:
            raise ValidationError({"content": "A block of this type needs content."})
