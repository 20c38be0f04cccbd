# SPDX-License-Identifier: AGPL-3.0-or-later
"""A time that was chosen and then booked is not counted against the address it came from any more."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("agenda", "0032_writings_not_answered")]

    operations = [
        migrations.AddField(
            model_name="publicknock",
            name="form",
            field=models.CharField(blank=True, default="", max_length=40),
        ),
        migrations.AddIndex(
            model_name="publicknock",
            index=models.Index(
                condition=models.Q(("form", ""), _negated=True),
                fields=["house", "form"],
                name="agenda_public_knock_form",
            ),
        ),
    ]
