# SPDX-License-Identifier: AGPL-3.0-or-later
"""What was sent to another calendar and not answered is known again there, instead of passing for somebody's change."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("agenda", "0031_busy_time_of_a_month")]

    operations = [
        migrations.AddField(
            model_name="otherentry",
            name="tried",
            field=models.JSONField(default=dict),
        ),
    ]
