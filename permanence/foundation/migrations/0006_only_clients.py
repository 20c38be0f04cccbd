# SPDX-License-Identifier: AGPL-3.0-or-later
"""The only clients a person answers for."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('foundation', '0005_invitation'),
    ]

    operations = [
        migrations.AddField(
            model_name='person',
            name='only_clients',
            field=models.JSONField(default=None, null=True),
        ),
    ]
