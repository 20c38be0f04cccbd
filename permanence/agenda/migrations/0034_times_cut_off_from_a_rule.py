# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a device has just cut off from a rule is known, so that the rest which it writes anew is no new time."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("agenda", "0033_slots_chosen_and_booked")]

    operations = [
        migrations.AddField(
            model_name="calendarobject",
            name="cut",
            field=models.JSONField(default=list),
        ),
    ]
