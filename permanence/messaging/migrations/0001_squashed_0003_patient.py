# SPDX-License-Identifier: AGPL-3.0-or-later
"""The tables of the room in one step: what its first 3 migrations make of an empty database."""

from django.conf import settings
from django.db import migrations, models
from django.db.migrations import CreateModel

from permanence.foundation.tables import CreateTables

TABLES = [
    CreateModel(
        name="Message",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("key", models.CharField(max_length=40)),
            ("call", models.CharField(blank=True, default="", max_length=64)),
            ("taken_by_name", models.CharField(blank=True, default="", max_length=120, verbose_name="taken by")),
            ("taken_at", models.DateTimeField(verbose_name="taken at")),
            ("caller_name", models.CharField(blank=True, default="", max_length=120, verbose_name="caller")),
            ("caller_number", models.CharField(blank=True, default="", max_length=16, verbose_name="number")),
            ("caller_typed", models.CharField(blank=True, default="", max_length=40, verbose_name="number as typed")),
            ("reason", models.CharField(blank=True, default="", max_length=40)),
            ("reason_label", models.CharField(blank=True, default="", max_length=80, verbose_name="reason")),
            (
                "urgency",
                models.CharField(
                    choices=[("information", "information"), ("today", "today"), ("urgent", "urgent")],
                    max_length=12,
                    verbose_name="urgency",
                ),
            ),
            ("read_back", models.BooleanField(default=False, verbose_name="number read back")),
            ("sealed_text", models.TextField()),
            ("sent_at", models.DateTimeField(null=True)),
            ("delivered_at", models.DateTimeField(null=True)),
            ("failed_at", models.DateTimeField(null=True)),
            ("failure", models.CharField(blank=True, default="", max_length=200)),
            ("acknowledged_at", models.DateTimeField(null=True)),
            (
                "client",
                models.ForeignKey(
                    on_delete=models.PROTECT, related_name="+", to="clients.client", verbose_name="client"
                ),
            ),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            (
                "recipient",
                models.ForeignKey(
                    on_delete=models.PROTECT, related_name="+", to="clients.recipient", verbose_name="recipient"
                ),
            ),
            (
                "taken_by",
                models.ForeignKey(null=True, on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
            ),
            ("voice_seconds", models.FloatField(null=True)),
            ("patient", models.ForeignKey(null=True, on_delete=models.PROTECT, related_name="+", to="callers.patient")),
        ],
        options={
            "verbose_name": "message",
            "verbose_name_plural": "messages",
            "indexes": [
                models.Index(fields=["house", "-taken_at"], name="messaging_house_when"),
                models.Index(fields=["client", "-taken_at"], name="messaging_client_when"),
                models.Index(fields=["client", "caller_number"], name="messaging_client_caller"),
                models.Index(fields=["house", "call"], name="messaging_call"),
            ],
            "constraints": [
                models.UniqueConstraint(fields=("house", "key"), name="messaging_message_key"),
                models.CheckConstraint(
                    condition=models.Q(("urgency__in", ["information", "today", "urgent"])),
                    name="messaging_message_urgency",
                ),
                models.CheckConstraint(
                    condition=models.Q(("taken_by__isnull", False), ("voice_seconds__isnull", False), _connector="OR"),
                    name="messaging_message_taken_or_spoken",
                ),
            ],
        },
    ),
    CreateModel(
        name="Draft",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("call", models.CharField(max_length=64)),
            ("sealed_body", models.TextField()),
            ("saved_at", models.DateTimeField()),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            ("person", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
        ],
        options={
            "constraints": [models.UniqueConstraint(fields=("house", "person", "call"), name="messaging_draft_once")],
        },
    ),
    CreateModel(
        name="MessageAcknowledged",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("name", models.CharField(max_length=120)),
            ("at", models.DateTimeField()),
            ("stands", models.BooleanField()),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            ("message", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="messaging.message")),
            ("person", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
        ],
        options={
            "constraints": [models.UniqueConstraint(fields=("message", "person"), name="messaging_acknowledged_once")],
        },
    ),
    CreateModel(
        name="MessageAnswer",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("key", models.CharField(max_length=40)),
            ("name", models.CharField(max_length=120)),
            ("at", models.DateTimeField()),
            ("sealed_text", models.TextField()),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            ("message", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="messaging.message")),
            ("person", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
        ],
        options={
            "constraints": [models.UniqueConstraint(fields=("house", "key"), name="messaging_answer_key")],
        },
    ),
    CreateModel(
        name="MessageRead",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("name", models.CharField(max_length=120)),
            ("at", models.DateTimeField()),
            ("stands", models.BooleanField()),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            ("message", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="messaging.message")),
            ("person", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
        ],
        options={
            "constraints": [models.UniqueConstraint(fields=("message", "person"), name="messaging_read_once")],
        },
    ),
]


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ("messaging", "0001_initial"),
        ("messaging", "0002_voice_messages"),
        ("messaging", "0003_patient"),
    ]
    dependencies = [
        ("callers", "0001_squashed_0002_patient_requests"),
        ("clients", "0001_squashed_0015_read_first"),
        ("foundation", "0001_squashed_0006_only_clients"),
    ]
    operations = [
        CreateTables(TABLES),
    ]
