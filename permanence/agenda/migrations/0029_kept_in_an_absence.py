# SPDX-License-Identifier: AGPL-3.0-or-later
"""A visit in an absence that was given to nobody may stand all the same: a secretary says so."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("agenda", "0028_rooms_of_groups")]

    operations = [
        migrations.RemoveConstraint(model_name="followup", name="agenda_follow_up_wanted"),
        migrations.AddConstraint(
            model_name="followup",
            constraint=models.CheckConstraint(
                condition=models.Q(wanted__in=["move", "call", "cancel", "stands", "keep"]),
                name="agenda_follow_up_wanted",
            ),
        ),
    ]
