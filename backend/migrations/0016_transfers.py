import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


def let_administrators_see(apps, _schema_editor):
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name="administrator")
    for model in ("import", "export"):
        # Django makes permissions after all migrations.
        content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
            app_label="coalition", model=model
        )
        permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
            content_type=content_type,
            codename=f"view_{model}",
            defaults={"name": f"Can view {model}"},
        )
        group.permissions.add(permission)


class Migration(migrations.Migration):
    dependencies = [
        ("coalition", "0015_images"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Export",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "resource",
                    models.CharField(
                        choices=[
                            ("endorsements", "Endorsements"),
                            ("stakeholders", "Stakeholders"),
                        ],
                        max_length=12,
                    ),
                ),
                ("format", models.CharField(max_length=4)),
                (
                    "filters",
                    models.JSONField(
                        help_text="As they were asked for, but for text that was searched: that may be a name."
                    ),
                ),
                (
                    "has_private_details",
                    models.BooleanField(
                        help_text="E-mail addresses and exact locations.",
                        verbose_name="private details",
                    ),
                ),
                (
                    "rows",
                    models.IntegerField(help_text="None if it never came to its end.", null=True),
                ),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "coalition_export",
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="Import",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("is_dry_run", models.BooleanField(verbose_name="dry run")),
                ("created", models.IntegerField()),
                ("updated", models.IntegerField()),
                ("unchanged", models.IntegerField()),
                ("refused", models.IntegerField()),
                (
                    "by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "coalition_import",
                "default_permissions": ("view",),
            },
        ),
        migrations.RunSQL(
            """
            -- What happened stays on record; an export is yet to end when it is recorded.
            REVOKE UPDATE, DELETE ON coalition_import, coalition_export FROM coalition_app;
            GRANT UPDATE (rows, finished_at) ON coalition_export TO coalition_app;
            """,
            reverse_sql=migrations.RunSQL.noop,
        ),
        migrations.RunPython(let_administrators_see, migrations.RunPython.noop),
    ]
