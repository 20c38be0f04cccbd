# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a withdrawn absence put on the secretaries' list ends, and who was called because of it is told so."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("agenda", "0001_squashed_0016_call_acts")]

    operations = [
        migrations.RemoveConstraint(model_name="followup", name="agenda_follow_up_wanted"),
        migrations.RemoveConstraint(model_name="followup", name="agenda_follow_up_done"),
        migrations.AddConstraint(
            model_name="followup",
            constraint=models.CheckConstraint(
                condition=models.Q(wanted__in=["move", "call", "cancel", "stands"]), name="agenda_follow_up_wanted"
            ),
        ),
        migrations.AddConstraint(
            model_name="followup",
            constraint=models.CheckConstraint(
                condition=models.Q(done_at__isnull=True, outcome="")
                | models.Q(
                    done_at__isnull=False, outcome__in=["called", "cancelled", "kept", "taken_back", "back"]
                ),
                name="agenda_follow_up_done",
            ),
        ),
    ]
