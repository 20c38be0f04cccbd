# SPDX-License-Identifier: AGPL-3.0-or-later
"""The tables of the room in one step: what its first 2 migrations make of an empty database."""

from django.conf import settings
from django.db import migrations, models
from django.db.migrations import CreateModel

from permanence.foundation.tables import CreateTables

TABLES = [
    CreateModel(
        name="Patient",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("key", models.CharField(max_length=40)),
            ("birth_name", models.CharField(blank=True, default="", max_length=100)),
            ("used_name", models.CharField(blank=True, default="", max_length=100)),
            ("first_name", models.CharField(blank=True, default="", max_length=100)),
            ("birth_date", models.CharField(blank=True, default="", max_length=10)),
            ("sex", models.CharField(blank=True, default="", max_length=1)),
            ("mail", models.EmailField(blank=True, default="", max_length=254)),
            ("language", models.CharField(blank=True, default="", max_length=2)),
            ("address", models.CharField(blank=True, default="", max_length=300)),
            ("identity_status", models.CharField(default="provisional", max_length=12)),
            ("identity_document", models.CharField(blank=True, default="", max_length=20)),
            ("identity_seen_at", models.DateTimeField(null=True)),
            ("identity_seen_by", models.CharField(blank=True, default="", max_length=120)),
            ("known", models.BooleanField(default=False)),
            ("sms_agreed_at", models.DateTimeField(null=True)),
            ("mail_agreed_at", models.DateTimeField(null=True)),
            ("sealed_notes", models.TextField(blank=True, default="")),
            ("no_shows", models.PositiveSmallIntegerField(default=0)),
            ("is_deceased", models.BooleanField(default=False)),
            ("added_at", models.DateTimeField()),
            ("changed_at", models.DateTimeField()),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            (
                "merged_into",
                models.ForeignKey(null=True, on_delete=models.PROTECT, related_name="+", to="callers.patient"),
            ),
        ],
        options={
            "indexes": [
                models.Index(fields=["client", "birth_date"], name="callers_patient_birth"),
                models.Index(fields=["merged_into"], name="callers_patient_into"),
            ],
            "constraints": [
                models.UniqueConstraint(fields=("client", "key"), name="callers_patient_key"),
                models.CheckConstraint(
                    condition=models.Q(("identity_status__in", ["provisional", "validated"])),
                    name="callers_patient_status",
                ),
                models.CheckConstraint(
                    condition=models.Q(
                        ("identity_status", "provisional"), ("identity_seen_at__isnull", False), _connector="OR"
                    ),
                    name="callers_patient_seen",
                ),
                models.CheckConstraint(
                    condition=models.Q(("sex__in", ["", "f", "m", "i"])), name="callers_patient_sex"
                ),
                models.CheckConstraint(
                    condition=models.Q(
                        ("merged_into__isnull", True),
                        models.Q(("merged_into", models.F("id")), _negated=True),
                        _connector="OR",
                    ),
                    name="callers_patient_merged",
                ),
            ],
        },
    ),
    CreateModel(
        name="NoShowRule",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("warn_from", models.PositiveSmallIntegerField(null=True)),
            ("block_online_from", models.PositiveSmallIntegerField(null=True)),
            ("deposit_from", models.PositiveSmallIntegerField(null=True)),
            ("deposit_note", models.CharField(blank=True, default="", max_length=200)),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
        ],
        options={
            "constraints": [models.UniqueConstraint(fields=("client",), name="callers_no_show_rule")],
        },
    ),
    CreateModel(
        name="NoShow",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("act", models.CharField(max_length=80)),
            ("at", models.DateTimeField()),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            ("patient", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="callers.patient")),
        ],
        options={
            "indexes": [models.Index(fields=["patient"], name="callers_no_show_patient")],
            "constraints": [models.UniqueConstraint(fields=("client", "act"), name="callers_no_show_once")],
        },
    ),
    CreateModel(
        name="NameWord",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("letters", models.CharField(max_length=100)),
            ("sound", models.CharField(max_length=100)),
            ("is_family", models.BooleanField()),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            ("patient", models.ForeignKey(on_delete=models.CASCADE, related_name="+", to="callers.patient")),
        ],
        options={
            "indexes": [
                models.Index(fields=["client", "letters", "patient"], name="callers_word_letters"),
                models.Index(fields=["client", "sound", "patient"], name="callers_word_sound"),
                models.Index(fields=["patient", "letters"], name="callers_word_patient"),
            ],
        },
    ),
    CreateModel(
        name="PatientConsent",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("way", models.CharField(max_length=4)),
            ("given", models.BooleanField()),
            ("at", models.DateTimeField()),
            ("by_name", models.CharField(max_length=120)),
            (
                "by",
                models.ForeignKey(null=True, on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
            ),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            ("patient", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="callers.patient")),
        ],
        options={
            "indexes": [models.Index(fields=["patient", "way", "-at"], name="callers_consent_last")],
            "constraints": [
                models.CheckConstraint(condition=models.Q(("way__in", ["sms", "mail"])), name="callers_consent_way")
            ],
        },
    ),
    CreateModel(
        name="PatientLink",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("name", models.CharField(blank=True, default="", max_length=100)),
            ("number", models.CharField(blank=True, default="", max_length=16)),
            ("kind", models.CharField(max_length=12)),
            ("may_speak", models.BooleanField(default=False)),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            ("other", models.ForeignKey(null=True, on_delete=models.PROTECT, related_name="+", to="callers.patient")),
            ("patient", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="callers.patient")),
        ],
        options={
            "constraints": [
                models.CheckConstraint(
                    condition=models.Q(("kind__in", ["guardian", "parent", "child", "spouse", "relative", "carer"])),
                    name="callers_link_kind",
                ),
                models.CheckConstraint(
                    condition=models.Q(
                        ("other__isnull", False), models.Q(("name", ""), _negated=True), _connector="OR"
                    ),
                    name="callers_link_somebody",
                ),
                models.UniqueConstraint(fields=("patient", "other", "kind", "name"), name="callers_link_once"),
            ],
        },
    ),
    CreateModel(
        name="PatientMerge",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("taken", models.JSONField(default=dict)),
            ("sealed_before", models.TextField()),
            ("at", models.DateTimeField()),
            ("by_name", models.CharField(max_length=120)),
            ("undone_at", models.DateTimeField(null=True)),
            (
                "by",
                models.ForeignKey(null=True, on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
            ),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            ("kept", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="callers.patient")),
            ("merged", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="callers.patient")),
        ],
        options={
            "indexes": [models.Index(fields=["kept", "-at"], name="callers_merge_kept")],
            "constraints": [
                models.UniqueConstraint(
                    condition=models.Q(("undone_at__isnull", True)), fields=("merged",), name="callers_merge_once"
                )
            ],
        },
    ),
    CreateModel(
        name="PatientNumber",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("number", models.CharField(max_length=16)),
            ("label", models.CharField(blank=True, default="", max_length=40)),
            ("position", models.PositiveSmallIntegerField(default=0)),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            ("patient", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="callers.patient")),
        ],
        options={
            "ordering": ("position", "id"),
            "indexes": [models.Index(fields=["client", "number"], name="callers_number")],
            "constraints": [models.UniqueConstraint(fields=("patient", "number"), name="callers_number_once")],
        },
    ),
    CreateModel(
        name="PatientRequest",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("kind", models.CharField(max_length=12)),
            ("asked_at", models.DateTimeField()),
            ("noted_by_name", models.CharField(max_length=120)),
            ("answered_at", models.DateTimeField(null=True)),
            ("answered_by_name", models.CharField(blank=True, default="", max_length=120)),
            ("answer", models.CharField(blank=True, default="", max_length=300)),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            ("patient", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="callers.patient")),
        ],
        options={
            "indexes": [models.Index(fields=["client", "answered_at"], name="callers_request_open")],
            "constraints": [
                models.CheckConstraint(
                    condition=models.Q(("kind__in", ["access", "correction", "erasure"])), name="callers_request_kind"
                ),
                models.UniqueConstraint(
                    condition=models.Q(("answered_at__isnull", True)),
                    fields=("patient", "kind"),
                    name="callers_request_once",
                ),
            ],
        },
    ),
]


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ("callers", "0001_initial"),
        ("callers", "0002_patient_requests"),
    ]
    dependencies = [
        ("clients", "0001_squashed_0015_read_first"),
        ("foundation", "0001_squashed_0006_only_clients"),
    ]
    operations = [
        CreateTables(TABLES),
    ]
