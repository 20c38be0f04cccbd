# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which pool answers for the client."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("clients", "0006_accounts"),
        ('staff', '0005_one_pool_gone'),
    ]

    operations = [
        migrations.AddField(
            model_name='client',
            name='pool',
            field=models.ForeignKey(blank=True, help_text='Empty: the first pool of the house.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='staff.pool', verbose_name='answered by'),
        ),
    ]
