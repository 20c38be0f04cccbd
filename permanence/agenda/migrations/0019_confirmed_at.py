# SPDX-License-Identifier: AGPL-3.0-or-later
"""Since when the patient has confirmed stays known while other things are said of the visit."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def keep_confirmed(apps: Apps, schema_editor: BaseDatabaseSchemaEditor | None) -> None:
    """What is confirmed now was so since its state was set."""
    visits = apps.get_model("agenda", "Appointment").objects
    visits.filter(state="confirmed", confirmed_at=None).update(confirmed_at=models.F("state_at"))


class Migration(migrations.Migration):
    dependencies = [("agenda", "0018_known_by_visit")]

    operations = [
        migrations.AddField(
            model_name="appointment", name="confirmed_at", field=models.DateTimeField(null=True)
        ),
        migrations.RunPython(keep_confirmed, migrations.RunPython.noop),
    ]
