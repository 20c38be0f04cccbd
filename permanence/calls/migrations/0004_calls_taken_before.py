# SPDX-License-Identifier: AGPL-3.0-or-later
"""The calls taken until now are counted. Apart from the new table: PostgreSQL refuses both in one."""

from django.db import migrations
from django.db.models import Count, Max


def count(apps, schema_editor):
    table = apps.get_model('calls', 'Familiarity')
    rows = apps.get_model('calls', 'Call').objects.filter(client__isnull=False, secretary__isnull=False, answered_at__isnull=False)
    found = rows.order_by().values('house_id', 'client_id', 'secretary_id').annotate(taken=Count('pk'), last_at=Max('answered_at'))
    table.objects.bulk_create(table(**each) for each in found)


class Migration(migrations.Migration):

    dependencies = [
        ('calls', '0003_familiarity'),
    ]

    operations = [migrations.RunPython(count, migrations.RunPython.noop)]
