# SPDX-License-Identifier: AGPL-3.0-or-later
"""Each end of a hold asks for the freed times of its client near it: those to come are found, however many are past."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("agenda", "0029_kept_in_an_absence")]

    operations = [
        migrations.AddIndex(
            model_name="freedtime",
            index=models.Index(fields=["client", "ends_at"], name="agenda_freed_near"),
        ),
    ]
