import django.contrib.gis.db.models.fields
import django.core.validators
import django.db.models.functions.datetime
from django.db import migrations, models

import backend.models.fields
import backend.models.homepage
import backend.models.revision
import backend.models.triggers


class Migration(migrations.Migration):
    """What anybody may see, as views, and the role that sees nothing else."""

    dependencies = [
        ("coalition", "0005_public_stakeholders_tally"),
    ]

    operations = [
        migrations.RunSQL(
            """
            CREATE VIEW public_homepage AS
            SELECT
                id, organization_name, tagline, hero_title, hero_subtitle, hero_background_image,
                about_section_title, about_section_content, cta_title, cta_content, cta_button_text,
                cta_button_url, contact_email, contact_phone, social_media_urls,
                campaigns_section_title, campaigns_section_subtitle, show_campaigns_section,
                is_active, created_at, updated_at
            FROM core_homepage
            WHERE is_active
            """,
            reverse_sql="DROP VIEW public_homepage",
        ),
        migrations.RunSQL(
            """
            CREATE VIEW public_contentblock AS
            SELECT
                block.id, homepage_id, title, block_type, content, image_url, image_alt_text, video_url,
                css_classes, background_color, "order", is_visible, block.created_at, block.updated_at
            FROM core_contentblock AS block JOIN core_homepage AS homepage
                ON homepage.id = block.homepage_id
            WHERE block.is_visible AND homepage.is_active
            """,
            reverse_sql="DROP VIEW public_contentblock",
        ),
        migrations.RunSQL(
            """
            CREATE VIEW public_campaign AS
            SELECT
                campaign.id, title, slug, summary, description, endorsement_statement,
                allow_endorsements, endorsement_form_instructions, created_at, updated_at,
                coalesce(tally.endorsement_count, 0) AS endorsement_count
            FROM campaigns_policycampaign AS campaign
                LEFT JOIN endorsements_tally AS tally ON tally.campaign_id = campaign.id
            WHERE active AND deleted_at IS NULL
            """,
            reverse_sql="DROP VIEW public_campaign",
        ),
        migrations.RunSQL(
            """
            CREATE VIEW public_stakeholder AS
            SELECT
                id, name, organization, role, type, state, county, created_at,
                public_location AS location
            FROM stakeholders_stakeholder
            WHERE is_public AND deleted_at IS NULL
            """,
            reverse_sql="DROP VIEW public_stakeholder",
        ),
        migrations.RunSQL(
            """
            CREATE VIEW public_endorsement AS
            SELECT
                endorsement.id, endorsement.campaign_id, endorsement.stakeholder_id,
                endorsement.statement, endorsement.created_at,
                stakeholder.name, stakeholder.organization, stakeholder.role, stakeholder.type,
                stakeholder.state, stakeholder.county
            FROM endorsements_endorsement AS endorsement
                JOIN stakeholders_stakeholder AS stakeholder
                    ON stakeholder.id = endorsement.stakeholder_id
                JOIN campaigns_policycampaign AS campaign ON campaign.id = endorsement.campaign_id
            WHERE endorsement.is_public
                -- It follows from is_public, which the planner cannot know.
                AND endorsement.deleted_at IS NULL
                AND stakeholder.deleted_at IS NULL
                AND campaign.active AND campaign.deleted_at IS NULL
            """,
            reverse_sql="DROP VIEW public_endorsement",
        ),
        migrations.RunSQL(
            """
            CREATE VIEW public_totals AS
            SELECT
                1 AS id,
                (SELECT count(*) FROM public_campaign) AS campaigns,
                (SELECT coalesce(sum(endorsement_count), 0) FROM public_campaign)::bigint
                    AS endorsements,
                (SELECT coalesce(sum(difference), 0) FROM stakeholders_tally)::bigint AS stakeholders
            """,
            reverse_sql="DROP VIEW public_totals",
        ),
        # By default privileges coalition_app may write what it reads, and a plain view can be written.
        migrations.RunSQL(
            """
            REVOKE ALL ON public_homepage,
                public_contentblock,
                public_campaign,
                public_stakeholder,
                public_endorsement,
                public_totals
                FROM coalition_app;
            GRANT SELECT ON public_homepage,
                public_contentblock,
                public_campaign,
                public_stakeholder,
                public_endorsement,
                public_totals
                TO coalition_app, coalition_reader;
            """,
            reverse_sql=migrations.RunSQL.noop,
        ),
        migrations.CreateModel(
            name="PublicCampaign",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(max_length=200)),
                ("slug", models.SlugField(db_index=False, max_length=200)),
                ("summary", models.TextField()),
                ("description", models.TextField(blank=True, db_default="", default="")),
                (
                    "endorsement_statement",
                    models.TextField(
                        blank=True, db_default="", default="", help_text="What an endorser signs."
                    ),
                ),
                ("allow_endorsements", models.BooleanField(db_default=True, default=True)),
                (
                    "endorsement_form_instructions",
                    models.TextField(blank=True, db_default="", default=""),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        auto_now_add=True, db_default=django.db.models.functions.datetime.Now()
                    ),
                ),
                (
                    "updated_at",
                    models.DateTimeField(
                        auto_now=True, db_default=django.db.models.functions.datetime.Now()
                    ),
                ),
                ("endorsement_count", models.IntegerField()),
            ],
            options={
                "db_table": "public_campaign",
                "abstract": False,
                "managed": False,
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="PublicContentBlock",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(blank=True, db_default="", default="", max_length=200)),
                (
                    "block_type",
                    models.CharField(
                        choices=[
                            ("text", "Text"),
                            ("image", "Image"),
                            ("text_image", "Text and image"),
                            ("quote", "Quote"),
                            ("stats", "Statistics"),
                            ("video", "Video"),
                            ("custom_html", "Custom HTML"),
                        ],
                        db_default="text",
                        default="text",
                        max_length=20,
                    ),
                ),
                (
                    "content",
                    backend.models.fields.RichTextField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="HTML. Scripts, forms, styles and links other than https are removed.",
                    ),
                ),
                (
                    "image_url",
                    backend.models.fields.HttpsURLField(
                        blank=True,
                        db_default="",
                        default="",
                        max_length=500,
                        verbose_name="image URL",
                    ),
                ),
                (
                    "image_alt_text",
                    models.CharField(blank=True, db_default="", default="", max_length=300),
                ),
                (
                    "video_url",
                    backend.models.fields.HttpsURLField(
                        blank=True,
                        db_default="",
                        default="",
                        max_length=500,
                        verbose_name="video URL",
                    ),
                ),
                (
                    "css_classes",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        max_length=200,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^(-?[A-Za-z_][A-Za-z0-9_-]*( -?[A-Za-z_][A-Za-z0-9_-]*)*)?\\Z",
                                "Give class names separated by one space.",
                            )
                        ],
                        verbose_name="CSS classes",
                    ),
                ),
                (
                    "background_color",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        max_length=30,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^(#([0-9A-Fa-f]{3,4}|[0-9A-Fa-f]{6}|[0-9A-Fa-f]{8})|[A-Za-z]{3,30})?\\Z",
                                "Give a colour such as #1a5276 or white.",
                            )
                        ],
                    ),
                ),
                (
                    "order",
                    models.IntegerField(
                        db_default=0,
                        default=0,
                        validators=[django.core.validators.MinValueValidator(0)],
                    ),
                ),
                ("is_visible", models.BooleanField(db_default=True, default=True)),
                (
                    "created_at",
                    models.DateTimeField(
                        auto_now_add=True, db_default=django.db.models.functions.datetime.Now()
                    ),
                ),
                (
                    "updated_at",
                    models.DateTimeField(
                        auto_now=True, db_default=django.db.models.functions.datetime.Now()
                    ),
                ),
            ],
            options={
                "db_table": "public_contentblock",
                "abstract": False,
                "managed": False,
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="PublicEndorsement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("statement", models.TextField(blank=True, db_default="", default="")),
                (
                    "created_at",
                    models.DateTimeField(
                        auto_now_add=True, db_default=django.db.models.functions.datetime.Now()
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                (
                    "organization",
                    models.CharField(blank=True, db_default="", default="", max_length=200),
                ),
                ("role", models.CharField(blank=True, db_default="", default="", max_length=100)),
                (
                    "type",
                    models.CharField(
                        choices=[
                            ("farmer", "Farmer"),
                            ("waterman", "Waterman"),
                            ("business", "Business"),
                            ("nonprofit", "Nonprofit"),
                            ("individual", "Individual"),
                            ("government", "Government"),
                            ("other", "Other"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("AL", "Alabama"),
                            ("AK", "Alaska"),
                            ("AZ", "Arizona"),
                            ("AR", "Arkansas"),
                            ("CA", "California"),
                            ("CO", "Colorado"),
                            ("CT", "Connecticut"),
                            ("DE", "Delaware"),
                            ("DC", "District of Columbia"),
                            ("FL", "Florida"),
                            ("GA", "Georgia"),
                            ("HI", "Hawaii"),
                            ("ID", "Idaho"),
                            ("IL", "Illinois"),
                            ("IN", "Indiana"),
                            ("IA", "Iowa"),
                            ("KS", "Kansas"),
                            ("KY", "Kentucky"),
                            ("LA", "Louisiana"),
                            ("ME", "Maine"),
                            ("MD", "Maryland"),
                            ("MA", "Massachusetts"),
                            ("MI", "Michigan"),
                            ("MN", "Minnesota"),
                            ("MS", "Mississippi"),
                            ("MO", "Missouri"),
                            ("MT", "Montana"),
                            ("NE", "Nebraska"),
                            ("NV", "Nevada"),
                            ("NH", "New Hampshire"),
                            ("NJ", "New Jersey"),
                            ("NM", "New Mexico"),
                            ("NY", "New York"),
                            ("NC", "North Carolina"),
                            ("ND", "North Dakota"),
                            ("OH", "Ohio"),
                            ("OK", "Oklahoma"),
                            ("OR", "Oregon"),
                            ("PA", "Pennsylvania"),
                            ("RI", "Rhode Island"),
                            ("SC", "South Carolina"),
                            ("SD", "South Dakota"),
                            ("TN", "Tennessee"),
                            ("TX", "Texas"),
                            ("UT", "Utah"),
                            ("VT", "Vermont"),
                            ("VA", "Virginia"),
                            ("WA", "Washington"),
                            ("WV", "West Virginia"),
                            ("WI", "Wisconsin"),
                            ("WY", "Wyoming"),
                            ("AS", "American Samoa"),
                            ("FM", "Federated States of Micronesia"),
                            ("GU", "Guam"),
                            ("MH", "Marshall Islands"),
                            ("MP", "Northern Mariana Islands"),
                            ("PR", "Puerto Rico"),
                            ("PW", "Palau"),
                            ("VI", "Virgin Islands"),
                            ("AA", "Armed Forces Americas"),
                            ("AE", "Armed Forces Europe"),
                            ("AP", "Armed Forces Pacific"),
                        ],
                        max_length=2,
                    ),
                ),
                ("county", models.CharField(blank=True, db_default="", default="", max_length=100)),
            ],
            options={
                "db_table": "public_endorsement",
                "abstract": False,
                "managed": False,
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="PublicHomePage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("organization_name", models.CharField(max_length=200)),
                (
                    "tagline",
                    models.CharField(blank=True, db_default="", default="", max_length=500),
                ),
                (
                    "hero_title",
                    models.CharField(blank=True, db_default="", default="", max_length=300),
                ),
                (
                    "hero_subtitle",
                    models.CharField(blank=True, db_default="", default="", max_length=500),
                ),
                (
                    "hero_background_image",
                    backend.models.fields.HttpsURLField(
                        blank=True, db_default="", default="", max_length=500
                    ),
                ),
                (
                    "about_section_title",
                    models.CharField(blank=True, db_default="", default="", max_length=200),
                ),
                ("about_section_content", models.TextField(blank=True, db_default="", default="")),
                (
                    "cta_title",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        max_length=200,
                        verbose_name="call to action title",
                    ),
                ),
                (
                    "cta_content",
                    models.TextField(
                        blank=True, db_default="", default="", verbose_name="call to action content"
                    ),
                ),
                (
                    "cta_button_text",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        max_length=100,
                        verbose_name="call to action button text",
                    ),
                ),
                (
                    "cta_button_url",
                    backend.models.fields.HttpsURLField(
                        blank=True,
                        db_default="",
                        default="",
                        max_length=500,
                        verbose_name="call to action button URL",
                    ),
                ),
                ("contact_email", models.EmailField(max_length=254)),
                (
                    "contact_phone",
                    models.CharField(blank=True, db_default="", default="", max_length=50),
                ),
                (
                    "social_media_urls",
                    models.JSONField(
                        blank=True,
                        db_default=models.Value({}, models.JSONField()),
                        default=dict,
                        help_text='Platform name to https URL, such as {"mastodon": "https://…"}.',
                        validators=[backend.models.homepage.validate_social_media_urls],
                    ),
                ),
                (
                    "campaigns_section_title",
                    models.CharField(blank=True, db_default="", default="", max_length=200),
                ),
                (
                    "campaigns_section_subtitle",
                    models.CharField(blank=True, db_default="", default="", max_length=500),
                ),
                ("show_campaigns_section", models.BooleanField(db_default=True, default=True)),
                ("is_active", models.BooleanField(db_default=False, default=False)),
                (
                    "created_at",
                    models.DateTimeField(
                        auto_now_add=True, db_default=django.db.models.functions.datetime.Now()
                    ),
                ),
                (
                    "updated_at",
                    models.DateTimeField(
                        auto_now=True, db_default=django.db.models.functions.datetime.Now()
                    ),
                ),
            ],
            options={
                "db_table": "public_homepage",
                "abstract": False,
                "managed": False,
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="PublicStakeholder",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                (
                    "organization",
                    models.CharField(blank=True, db_default="", default="", max_length=200),
                ),
                ("role", models.CharField(blank=True, db_default="", default="", max_length=100)),
                (
                    "type",
                    models.CharField(
                        choices=[
                            ("farmer", "Farmer"),
                            ("waterman", "Waterman"),
                            ("business", "Business"),
                            ("nonprofit", "Nonprofit"),
                            ("individual", "Individual"),
                            ("government", "Government"),
                            ("other", "Other"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("AL", "Alabama"),
                            ("AK", "Alaska"),
                            ("AZ", "Arizona"),
                            ("AR", "Arkansas"),
                            ("CA", "California"),
                            ("CO", "Colorado"),
                            ("CT", "Connecticut"),
                            ("DE", "Delaware"),
                            ("DC", "District of Columbia"),
                            ("FL", "Florida"),
                            ("GA", "Georgia"),
                            ("HI", "Hawaii"),
                            ("ID", "Idaho"),
                            ("IL", "Illinois"),
                            ("IN", "Indiana"),
                            ("IA", "Iowa"),
                            ("KS", "Kansas"),
                            ("KY", "Kentucky"),
                            ("LA", "Louisiana"),
                            ("ME", "Maine"),
                            ("MD", "Maryland"),
                            ("MA", "Massachusetts"),
                            ("MI", "Michigan"),
                            ("MN", "Minnesota"),
                            ("MS", "Mississippi"),
                            ("MO", "Missouri"),
                            ("MT", "Montana"),
                            ("NE", "Nebraska"),
                            ("NV", "Nevada"),
                            ("NH", "New Hampshire"),
                            ("NJ", "New Jersey"),
                            ("NM", "New Mexico"),
                            ("NY", "New York"),
                            ("NC", "North Carolina"),
                            ("ND", "North Dakota"),
                            ("OH", "Ohio"),
                            ("OK", "Oklahoma"),
                            ("OR", "Oregon"),
                            ("PA", "Pennsylvania"),
                            ("RI", "Rhode Island"),
                            ("SC", "South Carolina"),
                            ("SD", "South Dakota"),
                            ("TN", "Tennessee"),
                            ("TX", "Texas"),
                            ("UT", "Utah"),
                            ("VT", "Vermont"),
                            ("VA", "Virginia"),
                            ("WA", "Washington"),
                            ("WV", "West Virginia"),
                            ("WI", "Wisconsin"),
                            ("WY", "Wyoming"),
                            ("AS", "American Samoa"),
                            ("FM", "Federated States of Micronesia"),
                            ("GU", "Guam"),
                            ("MH", "Marshall Islands"),
                            ("MP", "Northern Mariana Islands"),
                            ("PR", "Puerto Rico"),
                            ("PW", "Palau"),
                            ("VI", "Virgin Islands"),
                            ("AA", "Armed Forces Americas"),
                            ("AE", "Armed Forces Europe"),
                            ("AP", "Armed Forces Pacific"),
                        ],
                        max_length=2,
                    ),
                ),
                ("county", models.CharField(blank=True, db_default="", default="", max_length=100)),
                (
                    "created_at",
                    models.DateTimeField(
                        auto_now_add=True, db_default=django.db.models.functions.datetime.Now()
                    ),
                ),
                (
                    "location",
                    django.contrib.gis.db.models.fields.PointField(
                        geography=True, null=True, srid=4326
                    ),
                ),
            ],
            options={
                "db_table": "public_stakeholder",
                "abstract": False,
                "managed": False,
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="PublicTotals",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("campaigns", models.BigIntegerField()),
                ("endorsements", models.BigIntegerField()),
                ("stakeholders", models.BigIntegerField()),
            ],
            options={
                "db_table": "public_totals",
                "abstract": False,
                "managed": False,
                "default_permissions": (),
            },
        ),
    ]
