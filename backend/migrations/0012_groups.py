"""The groups of the coalition's own people, and what each may do."""

from django.db import migrations

REVIEWING = [
    "view_endorsement",
    "change_endorsement",
    "view_submission",
    "view_transition",
    "view_stakeholder",
    "view_private_details",
    "view_policycampaign",
    "view_outgoingmail",
]
EDITING = [
    f"{action}_{model}"
    for model in ("homepage", "contentblock", "policycampaign", "legaldocument")
    for action in ("view", "add", "change", "delete")
]
GROUPS = {
    "moderator": [*REVIEWING, "add_stakeholder", "change_stakeholder"],
    "editor": [*EDITING, "view_stakeholder"],
    "administrator": [
        *REVIEWING,
        *EDITING,
        "add_endorsement",
        "delete_endorsement",
        "add_stakeholder",
        "change_stakeholder",
        "delete_stakeholder",
        "export_private_details",
        "import_stakeholders",
    ],
}
OF_ACCOUNTS = [f"{action}_user" for action in ("view", "add", "change", "delete")] + ["view_group"]


def make_groups(apps, _schema_editor):
    Group = apps.get_model("auth", "Group")
    for name, codenames in GROUPS.items():
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.add(*(_permission(apps, "coalition", each) for each in codenames))
        if name == "administrator":
            group.permissions.add(*(_permission(apps, "auth", each) for each in OF_ACCOUNTS))


def _permission(apps, app_label, codename):
    """Made here, where it is missing: Django makes permissions after all migrations."""
    model = codename.rpartition("_")[2]
    models = [
        each for each in apps.get_models() if each._meta.label_lower == f"{app_label}.{model}"
    ]
    # Permissions of no one model are those of stakeholders.
    model = models[0]._meta.model_name if models else "stakeholder"
    content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label=app_label, model=model
    )
    permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=content_type,
        codename=codename,
        defaults={"name": NAMES.get(codename, f"Can {codename.replace('_', ' ')}")},
    )
    return permission


# As the models have them.
NAMES = {
    "view_private_details": "Can see e-mail addresses and exact locations",
    "export_private_details": "Can export e-mail addresses and exact locations",
    "import_stakeholders": "Can import stakeholders",
    **{
        f"{action}_{model}": f"Can {action} {name}"
        for action in ("view", "add", "change", "delete")
        for model, name in {
            "homepage": "home page",
            "contentblock": "content block",
            "policycampaign": "policy campaign",
            "legaldocument": "legal document",
            "outgoingmail": "outgoing mail",
        }.items()
    },
}


class Migration(migrations.Migration):
    dependencies = [
        ("coalition", "0011_reviewing"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        # Groups outlive the way back: people may be in them.
        migrations.RunPython(make_groups, migrations.RunPython.noop),
    ]
