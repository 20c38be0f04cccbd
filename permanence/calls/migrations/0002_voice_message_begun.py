# SPDX-License-Identifier: AGPL-3.0-or-later
"""When the caller began to speak a voice message: the closing words before it are none."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """A column that is empty for what was recorded before."""

    dependencies = [("calls", "0001_initial")]

    operations = [
        migrations.AddField(model_name="call", name="voice_begun_at", field=models.DateTimeField(null=True)),
    ]
