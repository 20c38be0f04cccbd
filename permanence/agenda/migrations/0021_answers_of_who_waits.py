# SPDX-License-Identifier: AGPL-3.0-or-later

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('agenda', '0020_ways_and_sites'),
    ]

    operations = [
        migrations.AddField(
            model_name='waitingplace',
            name='sealed_answers',
            field=models.TextField(blank=True, default=''),
        ),
    ]
