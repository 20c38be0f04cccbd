# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every secretary stays in the pool she was in. Apart from the changes of tables: PostgreSQL refuses both in one."""

from django.db import migrations


def keep(apps, schema_editor):
    members = apps.get_model('staff', 'PoolMember')
    rows = apps.get_model('staff', 'Secretary').objects.all()
    members.objects.bulk_create(members(house_id=row.house_id, secretary_id=row.pk, pool_id=row.pool_id) for row in rows)


class Migration(migrations.Migration):

    dependencies = [
        ('staff', '0003_pools'),
    ]

    operations = [migrations.RunPython(keep, migrations.RunPython.noop)]
