from django.db import migrations


class Migration(migrations.Migration):
    operations = [
        migrations.RunSQL(
            "LOCK core_homepage IN ACCESS EXCLUSIVE MODE", reverse_sql=migrations.RunSQL.noop
        )
    ]
