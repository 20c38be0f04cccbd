# SPDX-License-Identifier: AGPL-3.0-or-later

import django.db.models.deletion
from django.db import migrations, models

from permanence.foundation.no_overlap import NoOverlap


class Migration(migrations.Migration):

    dependencies = [
        ('agenda', '0027_newcomers'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='occupancy',
            name='agenda_occupancy_resource',
        ),
        migrations.AddField(
            model_name='occupancy',
            name='shared_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agenda.agenda'),
        ),
        migrations.AddConstraint(
            model_name='occupancy',
            constraint=NoOverlap(
                ends='ends_at', name='agenda_occupancy_resource', numbers=(), only='blocking', shared='shared_by',
                starts='starts_at', within=('resource',),
            ),
        ),
    ]
