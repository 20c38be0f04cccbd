# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is wrong now, as rows that the screens read; and the sign of life of the process that writes them."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Two tables; both are filled again within seconds when they are empty."""

    dependencies = [("foundation", "0003_wrong_password")]

    operations = [
        migrations.CreateModel(
            name="SignOfLife",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("process", models.CharField(max_length=40, unique=True)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="StandingAlarm",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=40)),
                ("about", models.CharField(blank=True, default="", max_length=120)),
                ("params", models.JSONField(default=dict)),
                ("since", models.DateTimeField()),
                (
                    "house",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="foundation.house"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("house", "code", "about"), name="foundation_alarm_once")
                ],
            },
        ),
    ]
