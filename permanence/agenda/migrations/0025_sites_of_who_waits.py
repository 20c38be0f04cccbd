# SPDX-License-Identifier: AGPL-3.0-or-later

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('agenda', '0024_who_waits_for_what_is_offered'),
    ]

    operations = [
        migrations.AddField(
            model_name='waitingplace',
            name='sites',
            field=models.JSONField(blank=True, default=list),
        ),
    ]
