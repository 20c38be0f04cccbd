# SPDX-License-Identifier: AGPL-3.0-or-later
"""The tables of the room in one step: what its first 8 migrations make of an empty database."""

from django.conf import settings
from django.db import migrations, models
from django.db.migrations import CreateModel

from permanence.foundation.tables import CreateTables

TABLES = [
    CreateModel(
        name="Call",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("call", models.CharField(max_length=40)),
            ("trunk", models.CharField(blank=True, default="", max_length=80)),
            ("called_line", models.CharField(blank=True, default="", max_length=80, verbose_name="line")),
            ("caller", models.CharField(blank=True, default="", max_length=20, verbose_name="caller")),
            ("display", models.CharField(blank=True, default="", max_length=120)),
            ("masked", models.BooleanField(default=False, verbose_name="masked number")),
            ("found_by", models.CharField(blank=True, default="", max_length=20)),
            ("forwarded_by", models.CharField(blank=True, default="", max_length=80)),
            ("forward_reason", models.CharField(blank=True, default="", max_length=40)),
            ("arrived_at", models.DateTimeField(verbose_name="arrived")),
            ("answered_at", models.DateTimeField(null=True, verbose_name="answered")),
            ("ended_at", models.DateTimeField(null=True, verbose_name="ended")),
            ("wait_ms", models.PositiveBigIntegerField(null=True)),
            ("abandoned", models.BooleanField(default=False, verbose_name="abandoned")),
            ("closed_reason", models.CharField(blank=True, default="", max_length=20)),
            ("close_why", models.JSONField(blank=True, default=list)),
            ("ended_by", models.CharField(blank=True, default="", max_length=12)),
            ("why", models.CharField(blank=True, default="", max_length=40, verbose_name="why it ended")),
            ("outcome", models.CharField(blank=True, default="", max_length=40, verbose_name="outcome")),
            ("voice_file", models.CharField(blank=True, default="", max_length=120)),
            ("voice_seconds", models.FloatField(null=True)),
            ("called_back_at", models.DateTimeField(null=True, verbose_name="called back")),
            (
                "called_back_by",
                models.ForeignKey(null=True, on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
            ),
            ("client", models.ForeignKey(null=True, on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            (
                "secretary",
                models.ForeignKey(null=True, on_delete=models.PROTECT, related_name="+", to="staff.secretary"),
            ),
            ("voice_begun_at", models.DateTimeField(null=True)),
        ],
        options={
            "verbose_name": "call",
            "verbose_name_plural": "calls",
            "indexes": [
                models.Index(fields=["house", "-arrived_at", "-id"], name="calls_by_moment"),
                models.Index(fields=["client", "caller", "-arrived_at"], name="calls_by_caller"),
            ],
            "constraints": [
                models.UniqueConstraint(fields=("house", "call"), name="calls_call_once"),
                models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("called_back_at__isnull", True), ("called_back_by__isnull", True)),
                        models.Q(("called_back_at__isnull", False), ("called_back_by__isnull", False)),
                        _connector="OR",
                    ),
                    name="calls_called_back_by_somebody",
                ),
                models.CheckConstraint(
                    condition=models.Q(("masked", False), models.Q(("caller", ""), ("display", "")), _connector="OR"),
                    name="calls_masked_shows_nothing",
                ),
            ],
        },
    ),
    CreateModel(
        name="Familiarity",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("taken", models.PositiveIntegerField(default=0)),
            ("last_at", models.DateTimeField()),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            ("secretary", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="staff.secretary")),
        ],
        options={
            "constraints": [models.UniqueConstraint(fields=("client", "secretary"), name="calls_familiarity_once")],
        },
    ),
    CreateModel(
        name="RedFlagNote",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("call", models.CharField(max_length=40)),
            ("flag", models.CharField(max_length=80)),
            ("label", models.CharField(max_length=600, verbose_name="red flag")),
            ("what", models.CharField(max_length=10)),
            ("cause", models.CharField(blank=True, default="", max_length=10)),
            ("at", models.DateTimeField()),
            ("by", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            (
                "alerts",
                models.ForeignKey(null=True, on_delete=models.PROTECT, related_name="+", to="clients.recipient"),
            ),
        ],
        options={
            "verbose_name": "red flag",
            "verbose_name_plural": "red flags",
            "constraints": [
                models.UniqueConstraint(fields=("house", "call", "flag", "what"), name="calls_red_flag_once"),
                models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("what", "dismissed"), models.Q(("cause", ""), _negated=True)),
                        models.Q(models.Q(("what", "dismissed"), _negated=True), ("cause", "")),
                        _connector="OR",
                    ),
                    name="calls_red_flag_dismissed_for_a_cause",
                ),
            ],
        },
    ),
    CreateModel(
        name="CardPart",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("part", models.CharField(max_length=12)),
            ("digest", models.CharField(max_length=32)),
            ("text", models.TextField()),
            ("kept_at", models.DateTimeField()),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
        ],
        options={
            "constraints": [models.UniqueConstraint(fields=("client", "part", "digest"), name="calls_card_part_once")],
        },
    ),
    CreateModel(
        name="CallOffer",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("offer", models.CharField(max_length=40)),
            ("seat", models.CharField(blank=True, default="", max_length=80)),
            ("offered_at", models.DateTimeField()),
            ("ended_at", models.DateTimeField(null=True)),
            ("how", models.CharField(blank=True, default="", max_length=12)),
            ("why", models.JSONField(blank=True, default=list)),
            ("greeting", models.TextField(blank=True, default="")),
            ("shown", models.JSONField(blank=True, default=list)),
            ("call", models.ForeignKey(on_delete=models.CASCADE, related_name="+", to="calls.call")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            ("secretary", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="staff.secretary")),
            ("card", models.JSONField(blank=True, default=dict)),
        ],
        options={
            "verbose_name": "offer",
            "verbose_name_plural": "offers",
            "constraints": [models.UniqueConstraint(fields=("house", "offer"), name="calls_offer_once")],
        },
    ),
    CreateModel(
        name="WithheldNumber",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("sealed", models.TextField()),
            ("call", models.OneToOneField(on_delete=models.CASCADE, related_name="+", to="calls.call")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
        ],
        options={
            "abstract": False,
        },
    ),
]


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ("calls", "0001_initial"),
        ("calls", "0002_voice_message_begun"),
        ("calls", "0003_familiarity"),
        ("calls", "0004_calls_taken_before"),
        ("calls", "0005_shown_card"),
        ("calls", "0006_red_flags"),
        ("calls", "0007_card_parts"),
        ("calls", "0008_red_flag_alerts"),
    ]
    dependencies = [
        ("clients", "0001_squashed_0015_read_first"),
        ("foundation", "0001_squashed_0006_only_clients"),
        ("staff", "0001_squashed_0007_sectors"),
    ]
    operations = [
        CreateTables(TABLES),
    ]
