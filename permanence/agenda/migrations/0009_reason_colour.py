# SPDX-License-Identifier: AGPL-3.0-or-later
"""Colour and code of a reason as its client chose them; what was asked and said before a visit was booked, sealed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("agenda", "0008_calendars_of_others")]

    operations = [
        migrations.AddField(
            model_name="visitreason", name="colour", field=models.PositiveSmallIntegerField(default=0)
        ),
        migrations.AddField(
            model_name="visitreason", name="code", field=models.CharField(blank=True, default="", max_length=4)
        ),
        migrations.AddField(
            model_name="appointment", name="sealed_answers", field=models.TextField(blank=True, default="")
        ),
    ]
