# SPDX-License-Identifier: AGPL-3.0-or-later
"""The tables of the room in one step: what its first 6 migrations make of an empty database."""

from django.conf import settings
from django.db import migrations, models
from django.db.migrations import CreateModel
from django.db.models.functions import Lower

from permanence.foundation.tables import CreateTables

TABLES = [
    CreateModel(
        name="House",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("slug", models.SlugField(max_length=40, unique=True, verbose_name="short name")),
            ("name", models.CharField(max_length=120, verbose_name="name")),
            (
                "language",
                models.CharField(
                    choices=[("fr", "French"), ("en", "English"), ("de", "German")],
                    default="fr",
                    max_length=2,
                    verbose_name="language",
                ),
            ),
            ("country", models.CharField(help_text="Two letters: FR, LU, IE.", max_length=2, verbose_name="country")),
            ("time_zone", models.CharField(default="Europe/Paris", max_length=64, verbose_name="time zone")),
            ("demonstration", models.BooleanField(default=False, verbose_name="demonstration")),
        ],
        options={
            "verbose_name": "house",
            "verbose_name_plural": "houses",
        },
    ),
    CreateModel(
        name="EngineEventAside",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("hearer", models.CharField(max_length=40)),
            ("engine", models.CharField(max_length=80)),
            ("sequence", models.BigIntegerField()),
            ("body", models.JSONField()),
            ("error", models.TextField()),
            ("at", models.DateTimeField()),
        ],
        options={
            "constraints": [
                models.UniqueConstraint(fields=("hearer", "engine", "sequence"), name="foundation_aside_once")
            ],
        },
    ),
    CreateModel(
        name="EnginePosition",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("hearer", models.CharField(max_length=40)),
            ("engine", models.CharField(max_length=80)),
            ("sequence", models.BigIntegerField()),
        ],
        options={
            "constraints": [models.UniqueConstraint(fields=("hearer", "engine"), name="foundation_position_once")],
        },
    ),
    CreateModel(
        name="WrongPassword",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("username", models.CharField(max_length=320)),
            ("address", models.CharField(max_length=45)),
            ("at", models.DateTimeField(db_index=True)),
        ],
        options={
            "indexes": [
                models.Index(fields=["username", "at"], name="foundation_wrong_username"),
                models.Index(fields=["address", "at"], name="foundation_wrong_address"),
            ],
        },
    ),
    CreateModel(
        name="SignOfLife",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("process", models.CharField(max_length=40, unique=True)),
            ("at", models.DateTimeField()),
        ],
    ),
    CreateModel(
        name="Person",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("password", models.CharField(max_length=128, verbose_name="password")),
            ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
            ("email", models.EmailField(max_length=254, unique=True, verbose_name="e-mail")),
            ("name", models.CharField(max_length=120, verbose_name="name")),
            (
                "language",
                models.CharField(
                    choices=[("fr", "French"), ("en", "English"), ("de", "German")],
                    default="fr",
                    max_length=2,
                    verbose_name="language",
                ),
            ),
            ("is_active", models.BooleanField(default=True, verbose_name="may sign in")),
            ("is_secretary", models.BooleanField(default=False, verbose_name="secretary")),
            ("is_supervisor", models.BooleanField(default=False, verbose_name="supervisor")),
            ("is_owner", models.BooleanField(default=False, verbose_name="owner")),
            ("is_portal_user", models.BooleanField(default=False, verbose_name="portal user")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            ("only_clients", models.JSONField(default=None, null=True)),
        ],
        options={
            "verbose_name": "person",
            "verbose_name_plural": "persons",
            "constraints": [models.UniqueConstraint(Lower("email"), name="foundation_person_email")],
        },
    ),
    CreateModel(
        name="LiveTouch",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("topic", models.CharField(max_length=120)),
            ("at", models.DateTimeField(db_index=True)),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
        ],
        options={
            "abstract": False,
        },
    ),
    CreateModel(
        name="OutboxEvent",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("name", models.CharField(max_length=80)),
            ("body", models.JSONField()),
            ("at", models.DateTimeField()),
            ("attempts", models.PositiveIntegerField(default=0)),
            ("next_attempt_at", models.DateTimeField()),
            ("delivered_at", models.DateTimeField(null=True)),
            ("last_error", models.TextField(default="")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
        ],
        options={
            "indexes": [
                models.Index(
                    condition=models.Q(("delivered_at__isnull", True)),
                    fields=["next_attempt_at", "id"],
                    name="foundation_outbox_due",
                )
            ],
        },
    ),
    CreateModel(
        name="StandingAlarm",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("code", models.CharField(max_length=40)),
            ("about", models.CharField(blank=True, default="", max_length=120)),
            ("params", models.JSONField(default=dict)),
            ("since", models.DateTimeField()),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
        ],
        options={
            "constraints": [models.UniqueConstraint(fields=("house", "code", "about"), name="foundation_alarm_once")],
        },
    ),
    CreateModel(
        name="OutboxReceipt",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("hearer", models.CharField(max_length=120)),
            ("event", models.ForeignKey(on_delete=models.CASCADE, related_name="+", to="foundation.outboxevent")),
        ],
        options={
            "constraints": [models.UniqueConstraint(fields=("event", "hearer"), name="foundation_receipt_once")],
        },
    ),
    CreateModel(
        name="AuditEntry",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("at", models.DateTimeField(verbose_name="at")),
            ("by_name", models.CharField(max_length=120, verbose_name="by")),
            ("action", models.CharField(max_length=80, verbose_name="action")),
            ("subject", models.CharField(max_length=80, verbose_name="subject")),
            ("client_key", models.BigIntegerField(db_index=True, null=True, verbose_name="client")),
            ("detail", models.JSONField(default=dict, verbose_name="detail")),
            (
                "by",
                models.ForeignKey(null=True, on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
            ),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
        ],
        options={
            "verbose_name": "audit entry",
            "verbose_name_plural": "audit trail",
            "indexes": [models.Index(fields=["house", "-at"], name="foundation_audit_when")],
        },
    ),
    CreateModel(
        name="Invitation",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("by_name", models.CharField(max_length=120)),
            ("number", models.PositiveIntegerField(default=1)),
            ("made_at", models.DateTimeField()),
            ("expires_at", models.DateTimeField()),
            ("accepted_at", models.DateTimeField(null=True)),
            ("revoked_at", models.DateTimeField(null=True)),
            ("key", models.CharField(max_length=40)),
            ("attempts", models.PositiveIntegerField(default=0)),
            ("next_attempt_at", models.DateTimeField(null=True)),
            ("leased_until", models.DateTimeField(null=True)),
            ("sent_at", models.DateTimeField(null=True)),
            ("why", models.CharField(blank=True, default="", max_length=200)),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            ("person", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
        ],
        options={
            "constraints": [
                models.UniqueConstraint(
                    condition=models.Q(("accepted_at__isnull", True), ("revoked_at__isnull", True)),
                    fields=("person",),
                    name="foundation_invitation_one_open",
                ),
                models.CheckConstraint(
                    condition=models.Q(("accepted_at__isnull", True), ("revoked_at__isnull", True), _connector="OR"),
                    name="foundation_invitation_one_end",
                ),
            ],
        },
    ),
]

TRAIL = "foundation_auditentry"
SQLITE = (
    f"CREATE TRIGGER {TRAIL}_no_update BEFORE UPDATE ON {TRAIL} BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END",
    f"CREATE TRIGGER {TRAIL}_no_delete BEFORE DELETE ON {TRAIL} BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END",
)
POSTGRESQL = (
    f"CREATE FUNCTION {TRAIL}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'the audit trail is append-only' USING ERRCODE = 'integrity_constraint_violation'; END $$",
    f"CREATE TRIGGER {TRAIL}_no_change BEFORE UPDATE OR DELETE ON {TRAIL} FOR EACH ROW EXECUTE FUNCTION {TRAIL}_refuse()",
)


def keep_the_trail(_apps, schema_editor):
    """No row of it is changed or deleted, whoever asks."""
    for statement in SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRESQL:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ("foundation", "0001_initial"),
        ("foundation", "0002_audit_append_only"),
        ("foundation", "0003_wrong_password"),
        ("foundation", "0004_standing_alarms"),
        ("foundation", "0005_invitation"),
        ("foundation", "0006_only_clients"),
    ]
    operations = [
        CreateTables(TABLES),
        migrations.RunPython(keep_the_trail, migrations.RunPython.noop),
    ]
