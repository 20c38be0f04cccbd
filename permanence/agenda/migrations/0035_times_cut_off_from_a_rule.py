# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a device has just cut off from a rule is known, so that the rest which it writes anew is no new time."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("agenda", "0034_one_visit_to_be_moved")]

    operations = [
        migrations.AddField(
            model_name="calendarobject",
            name="cut",
            field=models.JSONField(default=list),
        ),
    ]
