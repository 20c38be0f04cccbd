# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the card showed when a console rang."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('calls', '0004_calls_taken_before'),
    ]

    operations = [
        migrations.AddField(
            model_name='calloffer',
            name='card',
            field=models.JSONField(blank=True, default=dict),
        ),
    ]
