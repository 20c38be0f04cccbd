# SPDX-License-Identifier: AGPL-3.0-or-later
"""The trades a secretary knows."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('staff', '0006_seat_place'),
    ]

    operations = [
        migrations.AddField(
            model_name='secretary',
            name='sectors',
            field=models.JSONField(default=list, verbose_name='knows the trades'),
        ),
    ]
