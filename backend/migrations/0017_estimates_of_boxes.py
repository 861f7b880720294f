from django.db import migrations

# PostgreSQL keeps no statistics of a partial index's expression, and took any box for a ten
# thousandth of all. ANALYZE, which also runs by itself, collects them.
STATISTICS = """
    CREATE STATISTICS stat_stakeholder_position
        ON (public_location::geometry(Point, 4326)) FROM stakeholders_stakeholder;
    ANALYZE stakeholders_stakeholder;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("coalition", "0016_transfers"),
    ]

    compatible = "What a query finds stays the same."

    operations = [
        migrations.RunSQL(STATISTICS, "DROP STATISTICS stat_stakeholder_position"),
    ]
