import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import backend.models.revision
import backend.models.triggers

# Once in a transaction for each view; a savepoint that is rolled back takes the mark along.
FUNCTIONS = """
    CREATE FUNCTION coalition_is_revised(view name) RETURNS boolean
    LANGUAGE sql STABLE AS $$
        SELECT current_setting('coalition.revised_' || view, true)
            IS NOT DISTINCT FROM pg_current_xact_id()::text
    $$;

    CREATE FUNCTION coalition_revise(VARIADIC views name[]) RETURNS void
    LANGUAGE plpgsql AS $$
    DECLARE
        view name;
    BEGIN
        FOREACH view IN ARRAY views LOOP
            CONTINUE WHEN coalition_is_revised(view);
            PERFORM set_config('coalition.revised_' || view, pg_current_xact_id()::text, true);
            -- A row that no other transaction holds; one more where all are held.
            UPDATE coalition_revision
            SET number = number # hashtextextended(gen_random_uuid()::text, 0)
            WHERE id = (
                SELECT id FROM coalition_revision WHERE name = view
                LIMIT 1 FOR UPDATE SKIP LOCKED
            );
            IF NOT FOUND THEN
                INSERT INTO coalition_revision (name, number)
                VALUES (view, hashtextextended(gen_random_uuid()::text, 0));
            END IF;
        END LOOP;
    END
    $$;

    -- Room on each page for the next version of its rows, so that the table stays one of a few pages.
    ALTER TABLE coalition_revision SET (fillfactor = 25);

    -- Triggers call them, with the rights of their owner.
    REVOKE ALL ON FUNCTION coalition_is_revised(name), coalition_revise(name[]) FROM PUBLIC;
"""


class Migration(migrations.Migration):
    """Revisions of what the views show, instead of revisions of tables.

    Not while an earlier version serves: it looks for the revisions of tables.
    """

    dependencies = [
        ("coalition", "0006_public_views"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="contentblock",
            name="revise",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="contentblock",
            name="revise_truncated",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="endorsement",
            name="revise",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="endorsement",
            name="revise_truncated",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="homepage",
            name="revise",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="homepage",
            name="revise_truncated",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="policycampaign",
            name="revise",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="policycampaign",
            name="revise_truncated",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="stakeholder",
            name="revise",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="stakeholder",
            name="revise_truncated",
        ),
        migrations.DeleteModel(name="Revision"),
        migrations.CreateModel(
            name="Revision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "name",
                    backend.models.revision.IdentifierField(help_text="The view's name."),
                ),
                ("number", models.BigIntegerField()),
            ],
            options={
                "db_table": "coalition_revision",
                "default_permissions": (),
            },
        ),
        migrations.RunSQL(
            FUNCTIONS,
            reverse_sql="DROP FUNCTION coalition_revise(name[]), coalition_is_revised(name)",
        ),
        # The triggers write with the rights of their owner, requests not at all.
        migrations.RunSQL(
            """
            REVOKE ALL ON coalition_revision FROM coalition_app;
            REVOKE ALL ON SEQUENCE coalition_revision_id_seq FROM coalition_app;
            GRANT SELECT ON coalition_revision TO coalition_app, coalition_reader;
            """,
            reverse_sql=migrations.RunSQL.noop,
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="contentblock",
            trigger=pgtrigger.compiler.Trigger(
                name="revise_inserted",
                sql=backend.models.triggers.OwnersTriggerSql(
                    condition="WHEN (NEW.is_visible)",
                    func="\n        IF coalition_is_revised('public_contentblock') THEN\n            RETURN NULL;\n        END IF;\n        IF NOT EXISTS (SELECT id FROM core_homepage WHERE id IN (NEW.homepage_id) AND is_active) THEN\n            \n        PERFORM pg_advisory_xact_lock_shared(7305004, (id % 2147483648)::integer)\n        FROM (SELECT id FROM core_homepage WHERE id IN (NEW.homepage_id)) AS parent ORDER BY id;\n    \n            IF NOT EXISTS (SELECT id FROM core_homepage WHERE id IN (NEW.homepage_id) AND is_active) AND NOT EXISTS (SELECT FROM unnest(ARRAY[NEW.homepage_id]) AS key WHERE key NOT IN (SELECT id FROM core_homepage WHERE id IN (NEW.homepage_id))) THEN\n                RETURN NULL;\n            END IF;\n        END IF;\n        PERFORM coalition_revise('public_contentblock');\n    ",
                    hash="139a9eff852f5061f4008d6a8205ffbda115c028",
                    operation="INSERT",
                    pgid="pgtrigger_revise_inserted_6d674",
                    table="core_contentblock",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="contentblock",
            trigger=pgtrigger.compiler.Trigger(
                name="revise_updated",
                sql=backend.models.triggers.OwnersTriggerSql(
                    condition='WHEN ((OLD.is_visible OR NEW.is_visible) AND ROW(OLD.is_visible, OLD.id, OLD.homepage_id, OLD.title, OLD.block_type, OLD.content, OLD.image_url, OLD.image_alt_text, OLD.video_url, OLD.css_classes, OLD.background_color, OLD."order", OLD.created_at, OLD.updated_at) IS DISTINCT FROM ROW(NEW.is_visible, NEW.id, NEW.homepage_id, NEW.title, NEW.block_type, NEW.content, NEW.image_url, NEW.image_alt_text, NEW.video_url, NEW.css_classes, NEW.background_color, NEW."order", NEW.created_at, NEW.updated_at))',
                    func="\n        IF coalition_is_revised('public_contentblock') THEN\n            RETURN NULL;\n        END IF;\n        IF NOT EXISTS (SELECT id FROM core_homepage WHERE id IN (OLD.homepage_id, NEW.homepage_id) AND is_active) THEN\n            \n        PERFORM pg_advisory_xact_lock_shared(7305004, (id % 2147483648)::integer)\n        FROM (SELECT id FROM core_homepage WHERE id IN (OLD.homepage_id, NEW.homepage_id)) AS parent ORDER BY id;\n    \n            IF NOT EXISTS (SELECT id FROM core_homepage WHERE id IN (OLD.homepage_id, NEW.homepage_id) AND is_active) AND NOT EXISTS (SELECT FROM unnest(ARRAY[OLD.homepage_id, NEW.homepage_id]) AS key WHERE key NOT IN (SELECT id FROM core_homepage WHERE id IN (OLD.homepage_id, NEW.homepage_id))) THEN\n                RETURN NULL;\n            END IF;\n        END IF;\n        PERFORM coalition_revise('public_contentblock');\n    ",
                    hash="0c247a468a6258ae5f6c297b745a1cdea9b8e29f",
                    operation="UPDATE",
                    pgid="pgtrigger_revise_updated_0a0e9",
                    table="core_contentblock",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="contentblock",
            trigger=pgtrigger.compiler.Trigger(
                name="revise_deleted",
                sql=backend.models.triggers.OwnersTriggerSql(
                    condition="WHEN (OLD.is_visible)",
                    func="\n        IF coalition_is_revised('public_contentblock') THEN\n            RETURN NULL;\n        END IF;\n        IF NOT EXISTS (SELECT id FROM core_homepage WHERE id IN (OLD.homepage_id) AND is_active) THEN\n            \n        PERFORM pg_advisory_xact_lock_shared(7305004, (id % 2147483648)::integer)\n        FROM (SELECT id FROM core_homepage WHERE id IN (OLD.homepage_id)) AS parent ORDER BY id;\n    \n            IF NOT EXISTS (SELECT id FROM core_homepage WHERE id IN (OLD.homepage_id) AND is_active) AND NOT EXISTS (SELECT FROM unnest(ARRAY[OLD.homepage_id]) AS key WHERE key NOT IN (SELECT id FROM core_homepage WHERE id IN (OLD.homepage_id))) THEN\n                RETURN NULL;\n            END IF;\n        END IF;\n        PERFORM coalition_revise('public_contentblock');\n    ",
                    hash="3f77fde1a857c00738237828d837cde7346b7bac",
                    operation="DELETE",
                    pgid="pgtrigger_revise_deleted_b66d9",
                    table="core_contentblock",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="contentblock",
            trigger=pgtrigger.compiler.Trigger(
                name="revise_truncated",
                sql=backend.models.triggers.OwnersTriggerSql(
                    func="PERFORM coalition_revise('public_contentblock');",
                    hash="d5513d0bac3e95020a231732be829c9efbf0f4d6",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_revise_truncated_56987",
                    table="core_contentblock",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="endorsement",
            trigger=pgtrigger.compiler.Trigger(
                name="revise_inserted",
                sql=backend.models.triggers.OwnersTriggerSql(
                    condition="WHEN (NEW.is_public)",
                    func="\n        IF coalition_is_revised('public_endorsement') THEN\n            RETURN NULL;\n        END IF;\n        IF NOT EXISTS (\n        SELECT FROM campaigns_policycampaign AS campaign, stakeholders_stakeholder AS stakeholder\n        WHERE campaign.id IN (NEW.campaign_id) AND stakeholder.id IN (NEW.stakeholder_id)\n            AND (campaign.active AND campaign.deleted_at IS NULL) AND (stakeholder.deleted_at IS NULL OR true)\n    ) THEN\n            \n        PERFORM pg_advisory_xact_lock_shared(7305003, (id % 2147483648)::integer)\n        FROM (SELECT id FROM campaigns_policycampaign WHERE id IN (NEW.campaign_id)) AS parent ORDER BY id;\n    \n            IF NOT EXISTS (\n        SELECT FROM campaigns_policycampaign AS campaign, stakeholders_stakeholder AS stakeholder\n        WHERE campaign.id IN (NEW.campaign_id) AND stakeholder.id IN (NEW.stakeholder_id)\n            AND (campaign.active AND campaign.deleted_at IS NULL) AND (stakeholder.deleted_at IS NULL OR true)\n    ) AND NOT (EXISTS (SELECT FROM unnest(ARRAY[NEW.campaign_id]) AS key WHERE key NOT IN (SELECT id FROM campaigns_policycampaign WHERE id IN (NEW.campaign_id)))\n        OR EXISTS (SELECT FROM unnest(ARRAY[NEW.stakeholder_id]) AS key WHERE key NOT IN (SELECT id FROM stakeholders_stakeholder WHERE id IN (NEW.stakeholder_id)))) THEN\n                RETURN NULL;\n            END IF;\n        END IF;\n        PERFORM coalition_revise('public_endorsement');\n    ",
                    hash="9a51e3bec2ab6d947d809c3b70a38326ae59e64f",
                    operation="INSERT",
                    pgid="pgtrigger_revise_inserted_d37aa",
                    table="endorsements_endorsement",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="endorsement",
            trigger=pgtrigger.compiler.Trigger(
                name="revise_updated",
                sql=backend.models.triggers.OwnersTriggerSql(
                    condition="WHEN ((OLD.is_public OR NEW.is_public) AND ROW(OLD.is_public, OLD.id, OLD.campaign_id, OLD.stakeholder_id, OLD.statement, OLD.created_at) IS DISTINCT FROM ROW(NEW.is_public, NEW.id, NEW.campaign_id, NEW.stakeholder_id, NEW.statement, NEW.created_at))",
                    func="\n        IF coalition_is_revised('public_endorsement') THEN\n            RETURN NULL;\n        END IF;\n        IF NOT EXISTS (\n        SELECT FROM campaigns_policycampaign AS campaign, stakeholders_stakeholder AS stakeholder\n        WHERE campaign.id IN (OLD.campaign_id, NEW.campaign_id) AND stakeholder.id IN (OLD.stakeholder_id, NEW.stakeholder_id)\n            AND (campaign.active AND campaign.deleted_at IS NULL) AND (stakeholder.deleted_at IS NULL OR OLD.stakeholder_id <> NEW.stakeholder_id)\n    ) THEN\n            \n        PERFORM pg_advisory_xact_lock_shared(7305003, (id % 2147483648)::integer)\n        FROM (SELECT id FROM campaigns_policycampaign WHERE id IN (OLD.campaign_id, NEW.campaign_id)) AS parent ORDER BY id;\n    \n            IF NOT EXISTS (\n        SELECT FROM campaigns_policycampaign AS campaign, stakeholders_stakeholder AS stakeholder\n        WHERE campaign.id IN (OLD.campaign_id, NEW.campaign_id) AND stakeholder.id IN (OLD.stakeholder_id, NEW.stakeholder_id)\n            AND (campaign.active AND campaign.deleted_at IS NULL) AND (stakeholder.deleted_at IS NULL OR OLD.stakeholder_id <> NEW.stakeholder_id)\n    ) AND NOT (EXISTS (SELECT FROM unnest(ARRAY[OLD.campaign_id, NEW.campaign_id]) AS key WHERE key NOT IN (SELECT id FROM campaigns_policycampaign WHERE id IN (OLD.campaign_id, NEW.campaign_id)))\n        OR EXISTS (SELECT FROM unnest(ARRAY[OLD.stakeholder_id, NEW.stakeholder_id]) AS key WHERE key NOT IN (SELECT id FROM stakeholders_stakeholder WHERE id IN (OLD.stakeholder_id, NEW.stakeholder_id)))) THEN\n                RETURN NULL;\n            END IF;\n        END IF;\n        PERFORM coalition_revise('public_endorsement');\n    ",
                    hash="7b82e2c8c6842ab98f5c2b8f63ba15eb5637c7dc",
                    operation="UPDATE",
                    pgid="pgtrigger_revise_updated_e01ba",
                    table="endorsements_endorsement",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="endorsement",
            trigger=pgtrigger.compiler.Trigger(
                name="revise_deleted",
                sql=backend.models.triggers.OwnersTriggerSql(
                    condition="WHEN (OLD.is_public)",
                    func="\n        IF coalition_is_revised('public_endorsement') THEN\n            RETURN NULL;\n        END IF;\n        IF NOT EXISTS (\n        SELECT FROM campaigns_policycampaign AS campaign, stakeholders_stakeholder AS stakeholder\n        WHERE campaign.id IN (OLD.campaign_id) AND stakeholder.id IN (OLD.stakeholder_id)\n            AND (campaign.active AND campaign.deleted_at IS NULL) AND (stakeholder.deleted_at IS NULL OR false)\n    ) THEN\n            \n        PERFORM pg_advisory_xact_lock_shared(7305003, (id % 2147483648)::integer)\n        FROM (SELECT id FROM campaigns_policycampaign WHERE id IN (OLD.campaign_id)) AS parent ORDER BY id;\n    \n            IF NOT EXISTS (\n        SELECT FROM campaigns_policycampaign AS campaign, stakeholders_stakeholder AS stakeholder\n        WHERE campaign.id IN (OLD.campaign_id) AND stakeholder.id IN (OLD.stakeholder_id)\n            AND (campaign.active AND campaign.deleted_at IS NULL) AND (stakeholder.deleted_at IS NULL OR false)\n    ) AND NOT (EXISTS (SELECT FROM unnest(ARRAY[OLD.campaign_id]) AS key WHERE key NOT IN (SELECT id FROM campaigns_policycampaign WHERE id IN (OLD.campaign_id)))\n        OR EXISTS (SELECT FROM unnest(ARRAY[OLD.stakeholder_id]) AS key WHERE key NOT IN (SELECT id FROM stakeholders_stakeholder WHERE id IN (OLD.stakeholder_id)))) THEN\n                RETURN NULL;\n            END IF;\n        END IF;\n        PERFORM coalition_revise('public_endorsement');\n    ",
                    hash="bb1f3716441904a851f3a2f1aa8573eaccda606f",
                    operation="DELETE",
                    pgid="pgtrigger_revise_deleted_08073",
                    table="endorsements_endorsement",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="endorsement",
            trigger=pgtrigger.compiler.Trigger(
                name="revise_truncated",
                sql=backend.models.triggers.OwnersTriggerSql(
                    func="PERFORM coalition_revise('public_endorsement');",
                    hash="e9fd4ff955900c51c67acc0e474d6ddcb164ddd7",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_revise_truncated_36db3",
                    table="endorsements_endorsement",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="endorsementtally",
            trigger=pgtrigger.compiler.Trigger(
                name="revise_inserted",
                sql=backend.models.triggers.OwnersTriggerSql(
                    condition="WHEN ((NEW.endorsement_count <> 0))",
                    func="\n        IF coalition_is_revised('public_campaign') AND coalition_is_revised('public_totals') THEN\n            RETURN NULL;\n        END IF;\n        IF NOT EXISTS (SELECT id FROM campaigns_policycampaign AS campaign WHERE id = NEW.campaign_id AND (campaign.active AND campaign.deleted_at IS NULL)) THEN\n            \n        PERFORM pg_advisory_xact_lock_shared(7305003, (id % 2147483648)::integer)\n        FROM (SELECT id FROM campaigns_policycampaign AS campaign WHERE id = NEW.campaign_id) AS parent ORDER BY id;\n    \n            IF NOT EXISTS (SELECT id FROM campaigns_policycampaign AS campaign WHERE id = NEW.campaign_id AND (campaign.active AND campaign.deleted_at IS NULL)) AND NOT NOT EXISTS (SELECT id FROM campaigns_policycampaign AS campaign WHERE id = NEW.campaign_id) THEN\n                RETURN NULL;\n            END IF;\n        END IF;\n        PERFORM coalition_revise('public_campaign', 'public_totals');\n    ",
                    hash="aba528963cfe846144d716d52dbf60895a99cad1",
                    operation="INSERT",
                    pgid="pgtrigger_revise_inserted_9afb4",
                    table="endorsements_tally",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="endorsementtally",
            trigger=pgtrigger.compiler.Trigger(
                name="revise_updated",
                sql=backend.models.triggers.OwnersTriggerSql(
                    condition="WHEN (((OLD.endorsement_count <> 0) OR (NEW.endorsement_count <> 0)) AND ROW((OLD.endorsement_count <> 0), OLD.campaign_id, OLD.endorsement_count) IS DISTINCT FROM ROW((NEW.endorsement_count <> 0), NEW.campaign_id, NEW.endorsement_count))",
                    func="\n        IF coalition_is_revised('public_campaign') AND coalition_is_revised('public_totals') THEN\n            RETURN NULL;\n        END IF;\n        IF NOT EXISTS (SELECT id FROM campaigns_policycampaign AS campaign WHERE id = NEW.campaign_id AND (campaign.active AND campaign.deleted_at IS NULL)) THEN\n            \n        PERFORM pg_advisory_xact_lock_shared(7305003, (id % 2147483648)::integer)\n        FROM (SELECT id FROM campaigns_policycampaign AS campaign WHERE id = NEW.campaign_id) AS parent ORDER BY id;\n    \n            IF NOT EXISTS (SELECT id FROM campaigns_policycampaign AS campaign WHERE id = NEW.campaign_id AND (campaign.active AND campaign.deleted_at IS NULL)) AND NOT NOT EXISTS (SELECT id FROM campaigns_policycampaign AS campaign WHERE id = NEW.campaign_id) THEN\n                RETURN NULL;\n            END IF;\n        END IF;\n        PERFORM coalition_revise('public_campaign', 'public_totals');\n    ",
                    hash="b43fe83cea0da052003fe1b7bfd5dca326ca2a5d",
                    operation="UPDATE",
                    pgid="pgtrigger_revise_updated_aed75",
                    table="endorsements_tally",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="endorsementtally",
            trigger=pgtrigger.compiler.Trigger(
                name="revise_deleted",
                sql=backend.models.triggers.OwnersTriggerSql(
                    condition="WHEN ((OLD.endorsement_count <> 0))",
                    func="\n        IF coalition_is_revised('public_campaign') AND coalition_is_revised('public_totals') THEN\n            RETURN NULL;\n        END IF;\n        IF NOT EXISTS (SELECT id FROM campaigns_policycampaign AS campaign WHERE id = OLD.campaign_id AND (campaign.active AND campaign.deleted_at IS NULL)) THEN\n            \n        PERFORM pg_advisory_xact_lock_shared(7305003, (id % 2147483648)::integer)\n        FROM (SELECT id FROM campaigns_policycampaign AS campaign WHERE id = OLD.campaign_id) AS parent ORDER BY id;\n    \n            IF NOT EXISTS (SELECT id FROM campaigns_policycampaign AS campaign WHERE id = OLD.campaign_id AND (campaign.active AND campaign.deleted_at IS NULL)) AND NOT NOT EXISTS (SELECT id FROM campaigns_policycampaign AS campaign WHERE id = OLD.campaign_id) THEN\n                RETURN NULL;\n            END IF;\n        END IF;\n        PERFORM coalition_revise('public_campaign', 'public_totals');\n    ",
                    hash="4c071679545fd9fb228ecde967f59f7ba97adffd",
                    operation="DELETE",
                    pgid="pgtrigger_revise_deleted_fa1cc",
                    table="endorsements_tally",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="endorsementtally",
            trigger=pgtrigger.compiler.Trigger(
                name="revise_truncated",
                sql=backend.models.triggers.OwnersTriggerSql(
                    func="PERFORM coalition_revise('public_campaign', 'public_totals');",
                    hash="e0a607b37ad5eda2ed1621b6bd00f66832c801c7",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_revise_truncated_4d548",
                    table="endorsements_tally",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="homepage",
            trigger=pgtrigger.compiler.Trigger(
                name="revise_inserted",
                sql=backend.models.triggers.OwnersTriggerSql(
                    condition="WHEN (NEW.is_active)",
                    func="PERFORM coalition_revise('public_homepage');",
                    hash="7052a58549bbd6ebe519ff8cfeef95f7a0d4e069",
                    operation="INSERT",
                    pgid="pgtrigger_revise_inserted_349aa",
                    table="core_homepage",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="homepage",
            trigger=pgtrigger.compiler.Trigger(
                name="revise_updated",
                sql=backend.models.triggers.OwnersTriggerSql(
                    condition="WHEN ((OLD.is_active OR NEW.is_active) AND ROW(OLD.is_active, OLD.id, OLD.organization_name, OLD.tagline, OLD.hero_title, OLD.hero_subtitle, OLD.hero_background_image, OLD.about_section_title, OLD.about_section_content, OLD.cta_title, OLD.cta_content, OLD.cta_button_text, OLD.cta_button_url, OLD.contact_email, OLD.contact_phone, OLD.social_media_urls, OLD.campaigns_section_title, OLD.campaigns_section_subtitle, OLD.show_campaigns_section, OLD.created_at, OLD.updated_at) IS DISTINCT FROM ROW(NEW.is_active, NEW.id, NEW.organization_name, NEW.tagline, NEW.hero_title, NEW.hero_subtitle, NEW.hero_background_image, NEW.about_section_title, NEW.about_section_content, NEW.cta_title, NEW.cta_content, NEW.cta_button_text, NEW.cta_button_url, NEW.contact_email, NEW.contact_phone, NEW.social_media_urls, NEW.campaigns_section_title, NEW.campaigns_section_subtitle, NEW.show_campaigns_section, NEW.created_at, NEW.updated_at))",
                    func="IF (OLD.is_active) IS DISTINCT FROM (NEW.is_active) THEN PERFORM pg_advisory_xact_lock(7305004, (NEW.id % 2147483648)::integer);PERFORM coalition_revise('public_contentblock'); END IF;PERFORM coalition_revise('public_homepage');",
                    hash="9a2a9f1dbfb59309b7502efa09347bb55081d4dd",
                    operation="UPDATE",
                    pgid="pgtrigger_revise_updated_dd556",
                    table="core_homepage",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="homepage",
            trigger=pgtrigger.compiler.Trigger(
                name="revise_deleted",
                sql=backend.models.triggers.OwnersTriggerSql(
                    condition="WHEN (OLD.is_active)",
                    func="PERFORM coalition_revise('public_homepage');",
                    hash="f564ad753f72b0812eafcb35c5a76b2250d04970",
                    operation="DELETE",
                    pgid="pgtrigger_revise_deleted_555be",
                    table="core_homepage",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="homepage",
            trigger=pgtrigger.compiler.Trigger(
                name="revise_truncated",
                sql=backend.models.triggers.OwnersTriggerSql(
                    func="PERFORM coalition_revise('public_homepage');",
                    hash="1f099bd7795168c0c0bf5541355753eeadca824a",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_revise_truncated_72381",
                    table="core_homepage",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="policycampaign",
            trigger=pgtrigger.compiler.Trigger(
                name="revise_inserted",
                sql=backend.models.triggers.OwnersTriggerSql(
                    condition="WHEN ((NEW.active AND NEW.deleted_at IS NULL))",
                    func="PERFORM coalition_revise('public_campaign', 'public_totals');",
                    hash="c61ffa28e0a59db846047670dc647c77cdeaac66",
                    operation="INSERT",
                    pgid="pgtrigger_revise_inserted_e2c18",
                    table="campaigns_policycampaign",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="policycampaign",
            trigger=pgtrigger.compiler.Trigger(
                name="revise_updated",
                sql=backend.models.triggers.OwnersTriggerSql(
                    condition="WHEN (((OLD.active AND OLD.deleted_at IS NULL) OR (NEW.active AND NEW.deleted_at IS NULL)) AND ROW((OLD.active AND OLD.deleted_at IS NULL), OLD.id, OLD.title, OLD.slug, OLD.summary, OLD.description, OLD.endorsement_statement, OLD.allow_endorsements, OLD.endorsement_form_instructions, OLD.created_at, OLD.updated_at) IS DISTINCT FROM ROW((NEW.active AND NEW.deleted_at IS NULL), NEW.id, NEW.title, NEW.slug, NEW.summary, NEW.description, NEW.endorsement_statement, NEW.allow_endorsements, NEW.endorsement_form_instructions, NEW.created_at, NEW.updated_at))",
                    func="IF ((OLD.active AND OLD.deleted_at IS NULL)) IS DISTINCT FROM ((NEW.active AND NEW.deleted_at IS NULL)) THEN PERFORM pg_advisory_xact_lock(7305003, (NEW.id % 2147483648)::integer);PERFORM coalition_revise('public_endorsement', 'public_totals'); END IF;PERFORM coalition_revise('public_campaign');",
                    hash="d9cf3d12864a1e7ecd3c103e484c35e232f9ce44",
                    operation="UPDATE",
                    pgid="pgtrigger_revise_updated_417ed",
                    table="campaigns_policycampaign",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="policycampaign",
            trigger=pgtrigger.compiler.Trigger(
                name="revise_deleted",
                sql=backend.models.triggers.OwnersTriggerSql(
                    condition="WHEN ((OLD.active AND OLD.deleted_at IS NULL))",
                    func="PERFORM coalition_revise('public_campaign', 'public_totals');",
                    hash="375104ff2dae776c793c9668383b29aca0b4f91d",
                    operation="DELETE",
                    pgid="pgtrigger_revise_deleted_93d84",
                    table="campaigns_policycampaign",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="policycampaign",
            trigger=pgtrigger.compiler.Trigger(
                name="revise_truncated",
                sql=backend.models.triggers.OwnersTriggerSql(
                    func="PERFORM coalition_revise('public_campaign', 'public_totals');",
                    hash="1e774eb14750e060ffc9e8754f947d2ca4ac5b21",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_revise_truncated_3c804",
                    table="campaigns_policycampaign",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="stakeholder",
            trigger=pgtrigger.compiler.Trigger(
                name="revise_inserted",
                sql=backend.models.triggers.OwnersTriggerSql(
                    condition="WHEN ((NEW.is_public AND NEW.deleted_at IS NULL))",
                    func="PERFORM coalition_revise('public_stakeholder', 'public_totals');",
                    hash="c372064e17e4c62ff9d443308276eec3cf54ceb9",
                    operation="INSERT",
                    pgid="pgtrigger_revise_inserted_28ffb",
                    table="stakeholders_stakeholder",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="stakeholder",
            trigger=pgtrigger.compiler.Trigger(
                name="revise_updated",
                sql=backend.models.triggers.OwnersTriggerSql(
                    condition="WHEN (((OLD.is_public AND OLD.deleted_at IS NULL) OR (NEW.is_public AND NEW.deleted_at IS NULL)) AND ROW((OLD.is_public AND OLD.deleted_at IS NULL), OLD.id, OLD.name, OLD.organization, OLD.role, OLD.type, OLD.state, OLD.county, OLD.created_at, OLD.public_location) IS DISTINCT FROM ROW((NEW.is_public AND NEW.deleted_at IS NULL), NEW.id, NEW.name, NEW.organization, NEW.role, NEW.type, NEW.state, NEW.county, NEW.created_at, NEW.public_location))",
                    func="IF ((OLD.is_public AND OLD.deleted_at IS NULL)) IS DISTINCT FROM ((NEW.is_public AND NEW.deleted_at IS NULL)) THEN PERFORM coalition_revise('public_totals'); END IF;PERFORM coalition_revise('public_stakeholder');",
                    hash="a79ace58bccac7777d52102d7a3c54cfe100907c",
                    operation="UPDATE",
                    pgid="pgtrigger_revise_updated_097b5",
                    table="stakeholders_stakeholder",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="stakeholder",
            trigger=pgtrigger.compiler.Trigger(
                name="revise_deleted",
                sql=backend.models.triggers.OwnersTriggerSql(
                    condition="WHEN ((OLD.is_public AND OLD.deleted_at IS NULL))",
                    func="PERFORM coalition_revise('public_stakeholder', 'public_totals');",
                    hash="7d230df00158c2cf6c1dd9bbfe9be68a7623630e",
                    operation="DELETE",
                    pgid="pgtrigger_revise_deleted_fc407",
                    table="stakeholders_stakeholder",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="stakeholder",
            trigger=pgtrigger.compiler.Trigger(
                name="revise_endorsers",
                sql=backend.models.triggers.OwnersTriggerSql(
                    declare="DECLARE changed bigint[];",
                    func="\n            SELECT array_agg(id) INTO changed FROM (\n                SELECT id, name, organization, role, type, state, county, deleted_at IS NULL FROM new_rows EXCEPT SELECT id, name, organization, role, type, state, county, deleted_at IS NULL FROM old_rows\n            ) AS endorser;\n            IF changed IS NULL THEN\n                RETURN NULL;\n            END IF;\n        \n        IF coalition_is_revised('public_endorsement') THEN\n            RETURN NULL;\n        END IF;\n        IF NOT EXISTS (\n    SELECT FROM endorsements_endorsement AS endorsement\n        JOIN campaigns_policycampaign AS campaign ON campaign.id = endorsement.campaign_id\n    WHERE endorsement.stakeholder_id = ANY (changed) AND endorsement.is_public\n        AND (campaign.active AND campaign.deleted_at IS NULL)\n) THEN\n            \n            PERFORM FROM endorsements_endorsement WHERE stakeholder_id = ANY (changed)\n            ORDER BY id FOR SHARE;\n            \n        PERFORM pg_advisory_xact_lock_shared(7305003, (id % 2147483648)::integer)\n        FROM (SELECT DISTINCT campaign_id AS id FROM endorsements_endorsement WHERE stakeholder_id = ANY (changed) AND is_public) AS parent ORDER BY id;\n    \n            IF NOT EXISTS (\n    SELECT FROM endorsements_endorsement AS endorsement\n        JOIN campaigns_policycampaign AS campaign ON campaign.id = endorsement.campaign_id\n    WHERE endorsement.stakeholder_id = ANY (changed) AND endorsement.is_public\n        AND (campaign.active AND campaign.deleted_at IS NULL)\n) AND NOT false THEN\n                RETURN NULL;\n            END IF;\n        END IF;\n        PERFORM coalition_revise('public_endorsement');\n    ",
                    hash="ab09e8afdb8f5df54172a85e58b67676bd2a17e5",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_revise_endorsers_46795",
                    referencing="REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ",
                    table="stakeholders_stakeholder",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="stakeholder",
            trigger=pgtrigger.compiler.Trigger(
                name="revise_truncated",
                sql=backend.models.triggers.OwnersTriggerSql(
                    func="PERFORM coalition_revise('public_stakeholder', 'public_totals');",
                    hash="3e06f58c8d8a24abd4712c61a430285e3e837ba4",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_revise_truncated_fbca0",
                    table="stakeholders_stakeholder",
                    when="AFTER",
                ),
            ),
        ),
    ]
