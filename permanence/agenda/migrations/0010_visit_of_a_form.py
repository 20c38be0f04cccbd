# SPDX-License-Identifier: AGPL-3.0-or-later
"""A form knows the appointment it became: filled in for those that were booked before."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.utils.crypto import salted_hmac

SALT = "permanence.agenda.public.visit_key"


def fill(apps: Apps, _schema: BaseDatabaseSchemaEditor) -> None:
    """As `queries.public.visit_key` makes it."""
    forms = apps.get_model("agenda", "PublicForm").objects
    for form in forms.filter(booked_at__isnull=False, visit="").only("key").iterator(1000):
        visit = salted_hmac(SALT, form.key, algorithm="sha256").hexdigest()[:32]
        forms.filter(pk=form.pk).update(visit=visit)


class Migration(migrations.Migration):
    dependencies = (("agenda", "0009_reason_colour"),)
    operations = (
        migrations.AddField("publicform", "visit", models.CharField(blank=True, default="", max_length=40)),
        migrations.AddIndex(
            "publicform",
            models.Index(
                condition=models.Q(("visit", ""), _negated=True),
                fields=["house", "visit"],
                name="agenda_public_form_visit",
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    )
