# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a line knew is kept while its number rests."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clients', '0008_training'),
    ]

    operations = [
        migrations.AddField(
            model_name='quarantine',
            name='kept',
            field=models.JSONField(default=dict),
        ),
    ]
