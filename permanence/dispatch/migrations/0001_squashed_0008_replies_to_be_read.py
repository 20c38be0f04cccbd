# SPDX-License-Identifier: AGPL-3.0-or-later
"""The tables of the room in one step: what its first 7 migrations make of an empty database."""

from django.db import migrations, models
from django.db.migrations import CreateModel

from permanence.foundation.tables import CreateTables

TABLES = [
    CreateModel(
        name="Delivery",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("message", models.CharField(max_length=40)),
            ("key", models.CharField(max_length=40, unique=True)),
            (
                "channel",
                models.CharField(
                    choices=[("email", "e-mail"), ("portal", "portal")], max_length=12, verbose_name="channel"
                ),
            ),
            ("address", models.CharField(max_length=254, verbose_name="address")),
            ("language", models.CharField(max_length=2, verbose_name="language")),
            ("urgency", models.CharField(max_length=12, verbose_name="urgency")),
            ("created_at", models.DateTimeField(verbose_name="made at")),
            (
                "state",
                models.CharField(
                    choices=[
                        ("pending", "pending"),
                        ("sent", "sent"),
                        ("delivered", "delivered"),
                        ("failed", "failed"),
                        ("bounced", "came back"),
                    ],
                    default="pending",
                    max_length=12,
                    verbose_name="state",
                ),
            ),
            ("attempts", models.PositiveIntegerField(default=0, verbose_name="tries")),
            ("next_attempt_at", models.DateTimeField(verbose_name="next try")),
            ("leased_until", models.DateTimeField(null=True)),
            ("sent_at", models.DateTimeField(null=True, verbose_name="sent at")),
            ("delivered_at", models.DateTimeField(null=True, verbose_name="delivered at")),
            ("why", models.CharField(blank=True, default="", max_length=200, verbose_name="last reason")),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
        ],
        options={
            "verbose_name": "delivery",
            "verbose_name_plural": "deliveries",
            "indexes": [
                models.Index(condition=models.Q(("state", "pending")), fields=["next_attempt_at"], name="dispatch_due")
            ],
            "constraints": [
                models.UniqueConstraint(
                    fields=("house", "message", "channel", "address"), name="dispatch_delivery_once"
                ),
                models.CheckConstraint(
                    condition=models.Q(("state__in", ["pending", "sent", "delivered", "failed", "bounced"])),
                    name="dispatch_delivery_state",
                ),
            ],
        },
    ),
    CreateModel(
        name="Sms",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("key", models.CharField(max_length=40, unique=True)),
            (
                "kind",
                models.CharField(
                    choices=[
                        ("code", "code"),
                        ("reminder", "reminder"),
                        ("late", "late"),
                        ("offer", "offer"),
                        ("cancelled", "cancelled"),
                        ("booked", "booked"),
                        ("over", "over"),
                    ],
                    max_length=12,
                ),
            ),
            ("about", models.CharField(blank=True, default="", max_length=40)),
            ("number", models.CharField(max_length=16)),
            ("language", models.CharField(max_length=2)),
            ("sealed_text", models.TextField()),
            ("encoding", models.CharField(max_length=4)),
            ("parts", models.PositiveSmallIntegerField()),
            ("price_micros", models.PositiveBigIntegerField()),
            ("currency", models.CharField(max_length=3)),
            ("created_at", models.DateTimeField()),
            ("expires_at", models.DateTimeField()),
            (
                "state",
                models.CharField(
                    choices=[
                        ("pending", "pending"),
                        ("sent", "sent"),
                        ("delivered", "delivered"),
                        ("failed", "failed"),
                        ("bounced", "came back"),
                    ],
                    default="pending",
                    max_length=12,
                ),
            ),
            ("attempts", models.PositiveIntegerField(default=0)),
            ("next_attempt_at", models.DateTimeField()),
            ("leased_until", models.DateTimeField(null=True)),
            ("sent_at", models.DateTimeField(null=True)),
            ("delivered_at", models.DateTimeField(null=True)),
            ("provider_id", models.CharField(blank=True, default="", max_length=100)),
            ("why", models.CharField(blank=True, default="", max_length=200)),
            ("slot", models.PositiveSmallIntegerField(null=True)),
            ("answer", models.CharField(blank=True, default="", max_length=8)),
            ("answered_at", models.DateTimeField(null=True)),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            ("patient", models.ForeignKey(null=True, on_delete=models.PROTECT, related_name="+", to="callers.patient")),
        ],
        options={
            "indexes": [
                models.Index(
                    condition=models.Q(("state", "pending")), fields=["next_attempt_at"], name="dispatch_sms_due"
                ),
                models.Index(fields=["number", "-created_at"], name="dispatch_sms_number"),
                models.Index(fields=["provider_id"], name="dispatch_sms_provider"),
                models.Index(fields=["house", "about"], name="dispatch_sms_about"),
            ],
            "constraints": [
                models.CheckConstraint(
                    condition=models.Q(("state__in", ["pending", "sent", "delivered", "failed", "bounced"])),
                    name="dispatch_sms_state",
                ),
                models.CheckConstraint(
                    condition=models.Q(
                        ("kind__in", ["code", "reminder", "late", "offer", "cancelled", "booked", "over"])
                    ),
                    name="dispatch_sms_kind",
                ),
            ],
        },
    ),
    CreateModel(
        name="SmsStop",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("number", models.CharField(max_length=16)),
            ("at", models.DateTimeField()),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
        ],
        options={
            "constraints": [models.UniqueConstraint(fields=("house", "number"), name="dispatch_stop_once")],
        },
    ),
    CreateModel(
        name="ContactRule",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("names_practice", models.BooleanField(default=False)),
            ("remind_hours", models.PositiveSmallIntegerField(default=0)),
            ("client", models.OneToOneField(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            ("sends_calendar", models.BooleanField(default=False)),
        ],
        options={
            "constraints": [
                models.CheckConstraint(condition=models.Q(("remind_hours__lte", 336)), name="dispatch_remind_hours")
            ],
        },
    ),
    CreateModel(
        name="Reminder",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("key", models.CharField(max_length=40, unique=True)),
            ("appointment", models.CharField(max_length=40)),
            ("revision", models.PositiveIntegerField()),
            ("starts_at", models.DateTimeField()),
            ("state", models.CharField(default="pending", max_length=12)),
            ("channel", models.CharField(blank=True, default="", max_length=12)),
            ("attempts", models.PositiveIntegerField(default=0)),
            ("next_attempt_at", models.DateTimeField()),
            ("leased_until", models.DateTimeField(null=True)),
            ("sent_at", models.DateTimeField(null=True)),
            ("answer", models.CharField(blank=True, default="", max_length=8)),
            ("answered_at", models.DateTimeField(null=True)),
            ("why", models.CharField(blank=True, default="", max_length=200)),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
        ],
        options={
            "indexes": [
                models.Index(
                    condition=models.Q(("state", "pending")), fields=["next_attempt_at"], name="dispatch_reminder_due"
                )
            ],
            "constraints": [
                models.UniqueConstraint(fields=("house", "appointment", "revision"), name="dispatch_reminder_once"),
                models.CheckConstraint(
                    condition=models.Q(("state__in", ["pending", "sent", "unreachable", "overtaken", "failed"])),
                    name="dispatch_reminder_state",
                ),
            ],
        },
    ),
    CreateModel(
        name="LateNotice",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("key", models.CharField(max_length=40)),
            ("minutes", models.PositiveSmallIntegerField()),
            ("told", models.JSONField(default=list)),
            ("untold", models.JSONField(default=list)),
            ("at", models.DateTimeField()),
            ("by_name", models.CharField(max_length=120)),
            ("agenda", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="agenda.agenda")),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
        ],
        options={
            "constraints": [
                models.UniqueConstraint(fields=("house", "key"), name="dispatch_late_once"),
                models.CheckConstraint(
                    condition=models.Q(("minutes__gte", 5), ("minutes__lte", 240)), name="dispatch_late_minutes"
                ),
            ],
        },
    ),
    CreateModel(
        name="OfferNotice",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("key", models.CharField(max_length=40, unique=True)),
            ("offer", models.CharField(max_length=40)),
            ("channel", models.CharField(blank=True, default="", max_length=12)),
            ("address", models.CharField(blank=True, default="", max_length=254)),
            ("language", models.CharField(max_length=2)),
            ("starts_at", models.DateTimeField()),
            ("expires_at", models.DateTimeField()),
            ("state", models.CharField(default="pending", max_length=12)),
            ("attempts", models.PositiveIntegerField(default=0)),
            ("next_attempt_at", models.DateTimeField()),
            ("leased_until", models.DateTimeField(null=True)),
            ("sent_at", models.DateTimeField(null=True)),
            ("why", models.CharField(blank=True, default="", max_length=200)),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
        ],
        options={
            "indexes": [
                models.Index(
                    condition=models.Q(("state", "pending")), fields=["next_attempt_at"], name="dispatch_offer_due"
                )
            ],
            "constraints": [
                models.UniqueConstraint(fields=("house", "offer"), name="dispatch_offer_once"),
                models.CheckConstraint(
                    condition=models.Q(("state__in", ["pending", "sent", "delivered", "failed", "bounced"])),
                    name="dispatch_offer_state",
                ),
            ],
        },
    ),
    CreateModel(
        name="CalendarMail",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("key", models.CharField(max_length=40, unique=True)),
            ("appointment", models.CharField(max_length=40)),
            ("revision", models.PositiveIntegerField()),
            ("is_cancelled", models.BooleanField()),
            ("made_at", models.DateTimeField()),
            ("state", models.CharField(default="pending", max_length=12)),
            ("attempts", models.PositiveIntegerField(default=0)),
            ("next_attempt_at", models.DateTimeField()),
            ("leased_until", models.DateTimeField(null=True)),
            ("sent_at", models.DateTimeField(null=True)),
            ("why", models.CharField(blank=True, default="", max_length=200)),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
        ],
        options={
            "indexes": [
                models.Index(
                    condition=models.Q(("state", "pending")), fields=["next_attempt_at"], name="dispatch_calendar_due"
                )
            ],
            "constraints": [
                models.UniqueConstraint(fields=("house", "appointment", "revision"), name="dispatch_calendar_once"),
                models.CheckConstraint(
                    condition=models.Q(("state__in", ["pending", "sent", "unreachable", "overtaken", "failed"])),
                    name="dispatch_calendar_state",
                ),
            ],
        },
    ),
    CreateModel(
        name="SmsReply",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("digest", models.CharField(max_length=64)),
            ("sealed_text", models.TextField()),
            ("meaning", models.CharField(max_length=8)),
            ("at", models.DateTimeField()),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            ("sms", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="dispatch.sms")),
            ("asks", models.BooleanField(default=False)),
            ("done_at", models.DateTimeField(null=True)),
            ("done_by_name", models.CharField(blank=True, default="", max_length=120)),
            ("outcome", models.CharField(blank=True, default="", max_length=12)),
        ],
        options={
            "indexes": [
                models.Index(
                    condition=models.Q(("asks", True), ("done_at__isnull", True)),
                    fields=["house", "at"],
                    name="dispatch_reply_asks",
                )
            ],
            "constraints": [
                models.UniqueConstraint(fields=("sms", "digest"), name="dispatch_reply_once"),
                models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("done_at__isnull", True), ("outcome", "")),
                        models.Q(
                            ("done_at__isnull", False), ("outcome__in", ["confirmed", "moved", "cancelled", "done"])
                        ),
                        _connector="OR",
                    ),
                    name="dispatch_reply_done",
                ),
            ],
        },
    ),
    CreateModel(
        name="LateMail",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("key", models.CharField(max_length=40, unique=True)),
            ("appointment", models.CharField(max_length=40)),
            ("address", models.CharField(max_length=254)),
            ("language", models.CharField(max_length=2)),
            ("starts_at", models.DateTimeField()),
            ("expires_at", models.DateTimeField()),
            ("state", models.CharField(default="pending", max_length=12)),
            ("attempts", models.PositiveIntegerField(default=0)),
            ("next_attempt_at", models.DateTimeField()),
            ("leased_until", models.DateTimeField(null=True)),
            ("sent_at", models.DateTimeField(null=True)),
            ("why", models.CharField(blank=True, default="", max_length=200)),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            ("notice", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="dispatch.latenotice")),
        ],
        options={
            "indexes": [
                models.Index(
                    condition=models.Q(("state", "pending")), fields=["next_attempt_at"], name="dispatch_late_due"
                )
            ],
            "constraints": [
                models.UniqueConstraint(fields=("notice", "appointment"), name="dispatch_late_mail_once"),
                models.CheckConstraint(
                    condition=models.Q(("state__in", ["pending", "sent", "delivered", "failed", "bounced"])),
                    name="dispatch_late_mail_state",
                ),
            ],
        },
    ),
]


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ("dispatch", "0001_initial"),
        ("dispatch", "0003_sms"),
        ("dispatch", "0004_reminders"),
        ("dispatch", "0005_late_notices"),
        ("dispatch", "0006_waiting_offers"),
        ("dispatch", "0007_calendar_mails"),
        ("dispatch", "0008_replies_to_be_read"),
    ]
    dependencies = [
        ("agenda", "0001_squashed_0016_call_acts"),
        ("callers", "0001_squashed_0002_patient_requests"),
        ("clients", "0001_squashed_0015_read_first"),
        ("foundation", "0001_squashed_0006_only_clients"),
    ]
    operations = [
        CreateTables(TABLES),
    ]
