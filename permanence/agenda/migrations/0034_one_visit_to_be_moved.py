# SPDX-License-Identifier: AGPL-3.0-or-later
"""A doctor may ask that one visit be moved, though he is there and his agenda is in use: no entry before this is one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("agenda", "0033_slots_chosen_and_booked")]

    operations = [
        migrations.AddField(model_name="followup", name="alone", field=models.BooleanField(default=False)),
    ]
