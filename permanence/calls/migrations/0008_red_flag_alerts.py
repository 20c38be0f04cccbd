# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whom a red flag that was heard alerts."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('calls', '0007_card_parts'),
        ('clients', '0014_absence_over'),
    ]

    operations = [
        migrations.AddField(
            model_name='redflagnote',
            name='alerts',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.recipient'),
        ),
    ]
