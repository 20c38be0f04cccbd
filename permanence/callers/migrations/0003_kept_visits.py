# SPDX-License-Identifier: AGPL-3.0-or-later
"""The visits to which a person came, which make him known."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("callers", "0001_squashed_0002_patient_requests"),
        ("clients", "0001_squashed_0015_read_first"),
        ("foundation", "0001_squashed_0006_only_clients"),
    ]

    operations = [
        migrations.CreateModel(
            name="KeptVisit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("act", models.CharField(max_length=80)),
                ("made_known", models.BooleanField()),
                ("at", models.DateTimeField()),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="clients.client"
                    ),
                ),
                (
                    "house",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="foundation.house"
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="callers.patient"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["patient"], name="callers_kept_visit_patient")],
                "constraints": [models.UniqueConstraint(fields=("client", "act"), name="callers_kept_visit_once")],
            },
        ),
    ]
