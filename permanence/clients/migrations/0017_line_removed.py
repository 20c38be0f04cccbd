# SPDX-License-Identifier: AGPL-3.0-or-later
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("clients", "0016_red_flag_remark"),
    ]

    operations = [
        migrations.AddField(
            model_name="quarantine",
            name="removed",
            field=models.BooleanField(default=False),
        ),
    ]
