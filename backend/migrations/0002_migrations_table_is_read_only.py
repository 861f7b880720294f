from django.db import migrations


class Migration(migrations.Migration):
    """Requests have no business with the record of what was migrated."""

    dependencies = [("coalition", "0001_initial")]

    operations = [
        # Where the roles of deploy/roles.sql do not exist there is nobody to take it from.
        migrations.RunSQL(
            """
            DO $$ BEGIN
                IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'coalition_app') THEN
                    REVOKE ALL ON django_migrations FROM coalition_app;
                    REVOKE ALL ON SEQUENCE django_migrations_id_seq FROM coalition_app;
                    GRANT SELECT ON django_migrations TO coalition_app;
                END IF;
            END $$
            """,
            reverse_sql=migrations.RunSQL.noop,
        ),
    ]
