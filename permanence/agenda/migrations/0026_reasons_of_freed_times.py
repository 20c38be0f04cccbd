# SPDX-License-Identifier: AGPL-3.0-or-later

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('agenda', '0025_sites_of_who_waits'),
    ]

    operations = [
        migrations.AddField(
            model_name='freedtime',
            name='reasons',
            field=models.JSONField(blank=True, default=list),
        ),
    ]
