# SPDX-License-Identifier: AGPL-3.0-or-later
"""The tables of the room in one step: what its first 16 migrations make of an empty database."""

from django.conf import settings
from django.contrib.postgres.operations import BtreeGistExtension
from django.db import migrations, models
from django.db.migrations import CreateModel

from permanence.foundation.no_overlap import NoOverlap
from permanence.foundation.tables import CreateTables

TABLES = [
    CreateModel(
        name="BookedElsewhere",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("key", models.CharField(max_length=40)),
            ("call", models.CharField(blank=True, default="", max_length=64)),
            (
                "act",
                models.CharField(
                    choices=[
                        ("booked", "appointment booked"),
                        ("moved", "appointment moved"),
                        ("cancelled", "appointment cancelled"),
                    ],
                    max_length=12,
                    verbose_name="what was done",
                ),
            ),
            ("day", models.DateField(null=True, verbose_name="day")),
            ("hour", models.TimeField(null=True, verbose_name="hour")),
            ("patient_name", models.CharField(blank=True, default="", max_length=120, verbose_name="patient")),
            ("caller_number", models.CharField(blank=True, default="", max_length=16, verbose_name="number")),
            ("product", models.CharField(blank=True, default="", max_length=60, verbose_name="agenda")),
            ("host", models.CharField(blank=True, default="", max_length=253)),
            ("recorded_by_name", models.CharField(max_length=120, verbose_name="recorded by")),
            ("recorded_at", models.DateTimeField(verbose_name="recorded at")),
            ("corrected_at", models.DateTimeField(null=True)),
            ("corrected_by_name", models.CharField(blank=True, default="", max_length=120)),
            ("undone_at", models.DateTimeField(null=True)),
            ("undone_by_name", models.CharField(blank=True, default="", max_length=120)),
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
            ("recorded_by", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
        ],
        options={
            "verbose_name": "appointment booked elsewhere",
            "verbose_name_plural": "appointments booked elsewhere",
            "indexes": [
                models.Index(fields=["house", "-recorded_at"], name="agenda_elsewhere_when"),
                models.Index(fields=["client", "-recorded_at"], name="agenda_elsewhere_client"),
                models.Index(fields=["client", "caller_number"], name="agenda_elsewhere_caller"),
                models.Index(fields=["house", "call"], name="agenda_elsewhere_call"),
            ],
            "constraints": [
                models.UniqueConstraint(fields=("house", "key"), name="agenda_elsewhere_key"),
                models.CheckConstraint(
                    condition=models.Q(("act__in", ["booked", "moved", "cancelled"])), name="agenda_elsewhere_act"
                ),
                models.CheckConstraint(
                    condition=models.Q(("hour__isnull", True), ("day__isnull", False), _connector="OR"),
                    name="agenda_elsewhere_hour_has_day",
                ),
            ],
        },
    ),
    CreateModel(
        name="Agenda",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("name", models.CharField(max_length=120)),
            ("step", models.PositiveSmallIntegerField(default=5)),
            ("closed_on_holidays", models.BooleanField(default=True)),
            ("overbookings_per_day", models.PositiveSmallIntegerField(default=0)),
            ("active", models.BooleanField(default=True)),
            ("version", models.PositiveBigIntegerField(default=1)),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            ("recipient", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.recipient")),
            ("offer_minutes", models.PositiveSmallIntegerField(default=60)),
            ("is_shared", models.BooleanField(default=False)),
            ("set_version", models.PositiveBigIntegerField(default=1)),
        ],
        options={
            "ordering": ("name", "id"),
            "constraints": [models.UniqueConstraint(fields=("client", "name"), name="agenda_agenda_name")],
        },
    ),
    CreateModel(
        name="AgendaAct",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("key", models.CharField(max_length=40)),
            ("act", models.CharField(max_length=24)),
            ("digest", models.CharField(max_length=64)),
            ("result", models.JSONField(default=dict)),
            ("at", models.DateTimeField(db_index=True)),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
        ],
        options={
            "constraints": [models.UniqueConstraint(fields=("house", "key"), name="agenda_act_key")],
        },
    ),
    CreateModel(
        name="Resource",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("name", models.CharField(max_length=80)),
            ("kind", models.CharField(max_length=40)),
            ("active", models.BooleanField(default=True)),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            (
                "site",
                models.ForeignKey(blank=True, null=True, on_delete=models.PROTECT, related_name="+", to="clients.site"),
            ),
        ],
        options={
            "ordering": ("name", "id"),
            "constraints": [models.UniqueConstraint(fields=("client", "name"), name="agenda_resource_name")],
        },
    ),
    CreateModel(
        name="PublicKnock",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("what", models.CharField(max_length=12)),
            ("digest", models.CharField(max_length=64)),
            ("at", models.DateTimeField()),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
        ],
        options={
            "indexes": [models.Index(fields=["digest", "what", "at"], name="agenda_public_knock")],
        },
    ),
    CreateModel(
        name="CalendarDevice",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("digest", models.CharField(max_length=64, unique=True)),
            ("label", models.CharField(max_length=60)),
            ("names", models.BooleanField(default=False)),
            ("made_by_name", models.CharField(max_length=120)),
            ("made_at", models.DateTimeField()),
            ("revoked_at", models.DateTimeField(null=True)),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            ("person", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
        ],
        options={
            "ordering": ("made_at", "id"),
        },
    ),
    CreateModel(
        name="InterfaceToken",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("system", models.CharField(max_length=80)),
            ("digest", models.CharField(max_length=64, unique=True)),
            ("hint", models.CharField(max_length=12)),
            ("scopes", models.JSONField(default=list)),
            ("made_by_name", models.CharField(max_length=120)),
            ("made_at", models.DateTimeField()),
            ("expires_at", models.DateTimeField()),
            ("revoked_at", models.DateTimeField(null=True)),
            ("revoked_by_name", models.CharField(blank=True, default="", max_length=120)),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
        ],
        options={
            "ordering": ("-made_at", "-id"),
            "constraints": [
                models.CheckConstraint(
                    condition=models.Q(("expires_at__gt", models.F("made_at"))), name="agenda_interfacetoken_lasts"
                )
            ],
        },
    ),
    CreateModel(
        name="Block",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("key", models.CharField(max_length=40)),
            ("starts_at", models.DateTimeField()),
            ("ends_at", models.DateTimeField()),
            ("words", models.CharField(blank=True, default="", max_length=200)),
            ("door", models.CharField(max_length=12)),
            ("made_by_name", models.CharField(max_length=120)),
            ("made_at", models.DateTimeField()),
            ("removed_at", models.DateTimeField(null=True)),
            ("agenda", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="agenda.agenda")),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
        ],
        options={
            "indexes": [models.Index(fields=["agenda", "starts_at"], name="agenda_block_when")],
            "constraints": [
                models.CheckConstraint(
                    condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="agenda_block_forward"
                ),
                models.UniqueConstraint(fields=("house", "key"), name="agenda_block_key"),
            ],
        },
    ),
    CreateModel(
        name="OpeningException",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("date", models.DateField()),
            ("kind", models.CharField(max_length=10)),
            ("label", models.CharField(blank=True, default="", max_length=80)),
            ("agenda", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="agenda.agenda")),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
        ],
        options={
            "ordering": ("date", "id"),
            "constraints": [models.UniqueConstraint(fields=("agenda", "date"), name="agenda_exception_day")],
        },
    ),
    CreateModel(
        name="VisitReason",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("name", models.CharField(max_length=80)),
            ("minutes", models.PositiveSmallIntegerField()),
            ("minutes_new", models.PositiveSmallIntegerField(default=0)),
            ("before", models.PositiveSmallIntegerField(default=0)),
            ("after", models.PositiveSmallIntegerField(default=0)),
            ("notice", models.PositiveIntegerField(default=0)),
            ("horizon", models.PositiveSmallIntegerField(default=0)),
            ("max_per_day", models.PositiveSmallIntegerField(default=0)),
            ("max_per_half_day", models.PositiveSmallIntegerField(default=0)),
            ("max_new_per_day", models.PositiveSmallIntegerField(default=0)),
            ("bookable_by", models.JSONField(default=list)),
            ("way", models.CharField(default="practice", max_length=12)),
            ("needs", models.JSONField(blank=True, default=list)),
            ("sites", models.JSONField(blank=True, default=list)),
            ("questions", models.JSONField(blank=True, default=list)),
            ("documents", models.JSONField(blank=True, default=list)),
            ("youngest", models.PositiveSmallIntegerField(blank=True, null=True)),
            ("oldest", models.PositiveSmallIntegerField(blank=True, null=True)),
            ("contra_indications", models.JSONField(blank=True, default=list)),
            ("overbooking", models.BooleanField(default=False)),
            ("position", models.PositiveSmallIntegerField(default=0)),
            ("retired_at", models.DateTimeField(blank=True, null=True)),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            (
                "replacement",
                models.ForeignKey(
                    blank=True, null=True, on_delete=models.PROTECT, related_name="+", to="agenda.visitreason"
                ),
            ),
            ("colour", models.PositiveSmallIntegerField(default=0)),
            ("code", models.CharField(blank=True, default="", max_length=4)),
            (
                "also",
                models.ForeignKey(
                    blank=True, null=True, on_delete=models.PROTECT, related_name="+", to="agenda.agenda"
                ),
            ),
        ],
        options={
            "ordering": ("position", "id"),
            "constraints": [
                models.UniqueConstraint(
                    condition=models.Q(("retired_at__isnull", True)),
                    fields=("client", "name"),
                    name="agenda_reason_name",
                ),
                models.CheckConstraint(condition=models.Q(("minutes__gt", 0)), name="agenda_reason_lasts"),
                models.CheckConstraint(
                    condition=models.Q(
                        ("replacement__isnull", True),
                        models.Q(
                            ("retired_at__isnull", False), models.Q(("replacement", models.F("id")), _negated=True)
                        ),
                        _connector="OR",
                    ),
                    name="agenda_reason_replaced",
                ),
            ],
        },
    ),
    CreateModel(
        name="Delay",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("day", models.DateField()),
            ("minutes", models.PositiveSmallIntegerField()),
            ("said_at", models.DateTimeField()),
            ("said_by_name", models.CharField(max_length=120)),
            ("agenda", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="agenda.agenda")),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
        ],
        options={
            "constraints": [models.UniqueConstraint(fields=("agenda", "day"), name="agenda_delay_day")],
        },
    ),
    CreateModel(
        name="PublicPage",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("slug", models.CharField(max_length=60, unique=True)),
            ("active", models.BooleanField(default=False)),
            ("found", models.BooleanField(default=False)),
            ("reasons", models.JSONField(blank=True, default=list)),
            ("phone", models.CharField(blank=True, default="", max_length=20)),
            ("agenda", models.ForeignKey(null=True, on_delete=models.PROTECT, related_name="+", to="agenda.agenda")),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
        ],
        options={
            "ordering": ("slug",),
            "constraints": [
                models.UniqueConstraint(
                    condition=models.Q(("agenda__isnull", True)), fields=("client",), name="agenda_public_practice"
                ),
                models.UniqueConstraint(
                    condition=models.Q(("agenda__isnull", False)), fields=("agenda",), name="agenda_public_agenda"
                ),
            ],
        },
    ),
    CreateModel(
        name="CalendarFeed",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("digest", models.CharField(max_length=64, unique=True)),
            ("label", models.CharField(max_length=60)),
            ("names", models.BooleanField(default=False)),
            ("made_by_name", models.CharField(max_length=120)),
            ("made_at", models.DateTimeField()),
            ("revoked_at", models.DateTimeField(null=True)),
            ("agenda", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="agenda.agenda")),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            (
                "person",
                models.ForeignKey(null=True, on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
            ),
        ],
        options={
            "ordering": ("made_at", "id"),
        },
    ),
    CreateModel(
        name="CalendarObject",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("name", models.CharField(max_length=160)),
            (
                "person",
                models.ForeignKey(null=True, on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
            ),
            ("uid", models.CharField(max_length=255)),
            ("body", models.TextField()),
            ("digest", models.CharField(max_length=64)),
            ("blocks", models.JSONField(default=list)),
            ("repeats", models.BooleanField(default=False)),
            ("known_until", models.DateTimeField()),
            ("changed_at", models.DateTimeField()),
            ("agenda", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="agenda.agenda")),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
        ],
        options={
            "constraints": [
                models.UniqueConstraint(fields=("agenda", "name"), name="agenda_object_name"),
                models.UniqueConstraint(fields=("agenda", "uid"), name="agenda_object_uid"),
            ],
        },
    ),
    CreateModel(
        name="CalendarState",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("token", models.CharField(max_length=64)),
            ("known", models.JSONField()),
            ("at", models.DateTimeField(db_index=True)),
            ("agenda", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="agenda.agenda")),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
        ],
        options={
            "constraints": [models.UniqueConstraint(fields=("agenda", "token"), name="agenda_state_token")],
        },
    ),
    CreateModel(
        name="FreedTime",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("source", models.CharField(max_length=64)),
            ("starts_at", models.DateTimeField()),
            ("ends_at", models.DateTimeField()),
            ("is_wide", models.BooleanField(default=False)),
            ("freed_at", models.DateTimeField()),
            ("next_at", models.DateTimeField(null=True)),
            ("state", models.CharField(default="offering", max_length=12)),
            ("suggested", models.JSONField(blank=True, default=list)),
            ("done_at", models.DateTimeField(null=True)),
            ("done_by_name", models.CharField(blank=True, default="", max_length=120)),
            ("agenda", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="agenda.agenda")),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
        ],
        options={
            "indexes": [
                models.Index(
                    condition=models.Q(("next_at__isnull", False)), fields=["next_at"], name="agenda_freed_due"
                ),
                models.Index(
                    condition=models.Q(("done_at__isnull", True), ("state__in", ["nobody", "too_near"])),
                    fields=["house", "starts_at"],
                    name="agenda_freed_asked",
                ),
            ],
            "constraints": [
                models.UniqueConstraint(fields=("house", "source"), name="agenda_freed_once"),
                models.CheckConstraint(
                    condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="agenda_freed_forward"
                ),
                models.CheckConstraint(
                    condition=models.Q(("state__in", ["offering", "taken", "nobody", "too_near", "over"])),
                    name="agenda_freed_state",
                ),
            ],
        },
    ),
    CreateModel(
        name="OtherCalendar",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("kind", models.CharField(max_length=8)),
            ("label", models.CharField(max_length=60)),
            ("host", models.CharField(max_length=253)),
            ("access", models.TextField()),
            ("writes", models.BooleanField(default=False)),
            ("names", models.BooleanField(default=False)),
            ("made_by_name", models.CharField(max_length=120)),
            ("made_at", models.DateTimeField()),
            ("removed_at", models.DateTimeField(null=True)),
            ("next_at", models.DateTimeField()),
            ("turn", models.PositiveIntegerField(default=0)),
            ("looked_at", models.DateTimeField(null=True)),
            ("read_at", models.DateTimeField(null=True)),
            ("known_until", models.DateTimeField(null=True)),
            ("fault", models.CharField(blank=True, default="", max_length=24)),
            ("failures", models.PositiveSmallIntegerField(default=0)),
            ("unread", models.PositiveSmallIntegerField(default=0)),
            ("etag", models.CharField(blank=True, default="", max_length=255)),
            ("modified", models.CharField(blank=True, default="", max_length=255)),
            ("digest", models.CharField(blank=True, default="", max_length=64)),
            ("agenda", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="agenda.agenda")),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
        ],
        options={
            "ordering": ("made_at", "id"),
            "indexes": [
                models.Index(
                    condition=models.Q(("removed_at__isnull", True)), fields=["next_at"], name="agenda_other_due"
                )
            ],
            "constraints": [
                models.CheckConstraint(condition=models.Q(("kind__in", ["caldav", "feed"])), name="agenda_other_kind")
            ],
        },
    ),
    CreateModel(
        name="OpeningPattern",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("weekday", models.PositiveSmallIntegerField(default=0)),
            ("opens", models.CharField(max_length=5)),
            ("until", models.CharField(max_length=5)),
            ("every_weeks", models.PositiveSmallIntegerField(default=1)),
            ("anchor", models.DateField(blank=True, null=True)),
            ("valid_from", models.DateField(blank=True, null=True)),
            ("valid_until", models.DateField(blank=True, null=True)),
            ("reasons", models.JSONField(blank=True, default=list)),
            ("resources", models.JSONField(blank=True, default=list)),
            ("kind", models.CharField(default="normal", max_length=12)),
            ("released_at", models.CharField(blank=True, default="", max_length=5)),
            ("released_days", models.PositiveSmallIntegerField(default=0)),
            ("travel", models.PositiveSmallIntegerField(default=0)),
            ("capacity", models.PositiveSmallIntegerField(default=1)),
            ("new_patients", models.BooleanField(default=True)),
            ("online", models.BooleanField(default=True)),
            ("on_holidays", models.BooleanField(default=False)),
            ("agenda", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="agenda.agenda")),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            (
                "exception",
                models.ForeignKey(null=True, on_delete=models.CASCADE, related_name="+", to="agenda.openingexception"),
            ),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            (
                "site",
                models.ForeignKey(blank=True, null=True, on_delete=models.PROTECT, related_name="+", to="clients.site"),
            ),
        ],
        options={
            "ordering": ("weekday", "opens", "id"),
            "constraints": [
                models.CheckConstraint(
                    condition=models.Q(("until__gt", models.F("opens"))), name="agenda_pattern_forward"
                ),
                models.CheckConstraint(
                    condition=models.Q(("capacity__gte", 1), ("every_weeks__gte", 1), ("weekday__lte", 6)),
                    name="agenda_pattern_sane",
                ),
            ],
        },
    ),
    CreateModel(
        name="Series",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("key", models.CharField(max_length=40)),
            ("wanted", models.PositiveSmallIntegerField()),
            ("missing", models.JSONField(default=list)),
            ("made_by_name", models.CharField(max_length=120)),
            ("made_at", models.DateTimeField()),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            ("patient", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="callers.patient")),
            ("reason", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="agenda.visitreason")),
        ],
        options={
            "constraints": [models.UniqueConstraint(fields=("house", "key"), name="agenda_series_key")],
        },
    ),
    CreateModel(
        name="SlotHold",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("key", models.CharField(max_length=40)),
            ("known", models.BooleanField(default=True)),
            ("starts_at", models.DateTimeField()),
            ("ends_at", models.DateTimeField()),
            ("door", models.CharField(max_length=12)),
            ("call", models.CharField(blank=True, default="", max_length=64)),
            ("held_for", models.CharField(max_length=64)),
            ("held_by_name", models.CharField(max_length=120)),
            ("held_at", models.DateTimeField()),
            ("expires_at", models.DateTimeField()),
            ("ended_at", models.DateTimeField(null=True)),
            ("ended", models.CharField(blank=True, default="", max_length=12)),
            ("agenda", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="agenda.agenda")),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            (
                "held_by",
                models.ForeignKey(null=True, on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
            ),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            ("reason", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="agenda.visitreason")),
            (
                "also",
                models.ForeignKey(
                    db_index=False, null=True, on_delete=models.PROTECT, related_name="+", to="agenda.agenda"
                ),
            ),
        ],
        options={
            "indexes": [
                models.Index(
                    condition=models.Q(("ended_at__isnull", True)), fields=["expires_at"], name="agenda_hold_due"
                ),
                models.Index(
                    condition=models.Q(("ended_at__isnull", True)), fields=["house", "call"], name="agenda_hold_call"
                ),
                models.Index(
                    condition=models.Q(("ended_at__isnull", False)), fields=["ended_at"], name="agenda_hold_over"
                ),
                models.Index(
                    condition=models.Q(("also__isnull", False)), fields=["also", "starts_at"], name="agenda_hold_also"
                ),
            ],
            "constraints": [
                models.CheckConstraint(
                    condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="agenda_hold_forward"
                ),
                models.UniqueConstraint(fields=("house", "key"), name="agenda_hold_key"),
                models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("ended", ""), ("ended_at__isnull", True)),
                        models.Q(("ended_at__isnull", False), models.Q(("ended", ""), _negated=True)),
                        _connector="OR",
                    ),
                    name="agenda_hold_ended",
                ),
                models.CheckConstraint(
                    condition=models.Q(
                        ("also__isnull", True), models.Q(("also", models.F("agenda")), _negated=True), _connector="OR"
                    ),
                    name="agenda_hold_two",
                ),
            ],
        },
    ),
    CreateModel(
        name="PublicForm",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("key", models.CharField(max_length=40)),
            ("is_new", models.BooleanField()),
            ("language", models.CharField(max_length=2)),
            ("starts_at", models.DateTimeField()),
            ("ends_at", models.DateTimeField()),
            ("held_until", models.DateTimeField()),
            ("made_at", models.DateTimeField()),
            ("expires_at", models.DateTimeField()),
            ("sealed", models.TextField(blank=True, default="")),
            ("mail", models.EmailField(blank=True, default="", max_length=254)),
            ("code_number", models.PositiveSmallIntegerField(default=0)),
            ("code_tries", models.PositiveSmallIntegerField(default=0)),
            ("code_sent_at", models.DateTimeField(null=True)),
            ("booked_at", models.DateTimeField(null=True)),
            ("agenda", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="agenda.agenda")),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            ("reason", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="agenda.visitreason")),
            ("page", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="agenda.publicpage")),
            ("visit", models.CharField(blank=True, default="", max_length=40)),
            ("by_sms", models.BooleanField(default=False)),
            ("number", models.CharField(blank=True, default="", max_length=20)),
        ],
        options={
            "indexes": [
                models.Index(
                    condition=models.Q(("booked_at__isnull", True)),
                    fields=["expires_at"],
                    name="agenda_public_form_over",
                ),
                models.Index(
                    condition=models.Q(("visit", ""), _negated=True),
                    fields=["house", "visit"],
                    name="agenda_public_form_visit",
                ),
            ],
            "constraints": [models.UniqueConstraint(fields=("house", "key"), name="agenda_public_form_key")],
        },
    ),
    CreateModel(
        name="WaitingPlace",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("key", models.CharField(max_length=40)),
            ("known", models.BooleanField(default=True)),
            ("agendas", models.JSONField(blank=True, default=list)),
            ("half_days", models.JSONField(blank=True, default=list)),
            ("weekdays", models.JSONField(blank=True, default=list)),
            ("from_date", models.DateField()),
            ("until_date", models.DateField()),
            ("is_urgent", models.BooleanField(default=False)),
            ("instead_of", models.CharField(blank=True, default="", max_length=40)),
            ("asked_at", models.DateTimeField()),
            ("asked_by_name", models.CharField(max_length=120)),
            ("silent", models.PositiveSmallIntegerField(default=0)),
            ("state", models.CharField(default="waiting", max_length=12)),
            ("state_at", models.DateTimeField()),
            ("state_by_name", models.CharField(max_length=120)),
            ("appointment", models.CharField(blank=True, default="", max_length=40)),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            ("patient", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="callers.patient")),
            ("reason", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="agenda.visitreason")),
        ],
        options={
            "indexes": [
                models.Index(
                    condition=models.Q(("state", "waiting")), fields=["client", "until_date"], name="agenda_waiting_now"
                )
            ],
            "constraints": [
                models.UniqueConstraint(fields=("house", "key"), name="agenda_waiting_key"),
                models.UniqueConstraint(
                    condition=models.Q(("state", "waiting")), fields=("patient", "reason"), name="agenda_waiting_once"
                ),
                models.CheckConstraint(
                    condition=models.Q(("state__in", ["waiting", "booked", "withdrawn"])), name="agenda_waiting_state"
                ),
                models.CheckConstraint(
                    condition=models.Q(("until_date__gt", models.F("from_date"))), name="agenda_waiting_forward"
                ),
            ],
        },
    ),
    CreateModel(
        name="OtherBusy",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("starts_at", models.DateTimeField()),
            ("ends_at", models.DateTimeField()),
            ("agenda", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="agenda.agenda")),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            ("calendar", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="agenda.othercalendar")),
        ],
        options={
            "indexes": [models.Index(fields=["agenda", "ends_at"], name="agenda_other_busy_when")],
            "constraints": [
                models.UniqueConstraint(fields=("calendar", "starts_at"), name="agenda_other_busy_once"),
                models.CheckConstraint(
                    condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="agenda_other_busy_forward"
                ),
            ],
        },
    ),
    CreateModel(
        name="Appointment",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("key", models.CharField(max_length=40)),
            ("known", models.BooleanField(default=True)),
            ("starts_at", models.DateTimeField()),
            ("ends_at", models.DateTimeField()),
            ("state", models.CharField(default="booked", max_length=12)),
            ("state_at", models.DateTimeField()),
            ("door", models.CharField(max_length=12)),
            ("call", models.CharField(blank=True, default="", max_length=64)),
            ("booked_by_name", models.CharField(max_length=120)),
            ("booked_at", models.DateTimeField()),
            ("revision", models.PositiveIntegerField(default=0)),
            ("cancel_cause", models.CharField(blank=True, default="", max_length=16)),
            ("cancel_words", models.CharField(blank=True, default="", max_length=200)),
            ("cancelled_by_name", models.CharField(blank=True, default="", max_length=120)),
            ("overbook_cause", models.CharField(blank=True, default="", max_length=200)),
            ("position", models.PositiveSmallIntegerField(null=True)),
            ("agenda", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="agenda.agenda")),
            (
                "booked_by",
                models.ForeignKey(null=True, on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
            ),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            ("patient", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="callers.patient")),
            ("series", models.ForeignKey(null=True, on_delete=models.PROTECT, related_name="+", to="agenda.series")),
            ("reason", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="agenda.visitreason")),
            ("sealed_answers", models.TextField(blank=True, default="")),
            (
                "also",
                models.ForeignKey(
                    db_index=False, null=True, on_delete=models.PROTECT, related_name="+", to="agenda.agenda"
                ),
            ),
        ],
        options={
            "indexes": [
                models.Index(fields=["agenda", "starts_at"], name="agenda_appointment_when"),
                models.Index(fields=["patient", "starts_at"], name="agenda_appointment_patient"),
                models.Index(fields=["reason", "starts_at"], name="agenda_appointment_reason"),
                models.Index(fields=["house", "call"], name="agenda_appointment_call"),
                models.Index(
                    condition=models.Q(("also__isnull", False)),
                    fields=["also", "starts_at"],
                    name="agenda_appointment_also",
                ),
            ],
            "constraints": [
                models.CheckConstraint(
                    condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="agenda_appointment_forward"
                ),
                models.UniqueConstraint(fields=("house", "key"), name="agenda_appointment_key"),
                models.CheckConstraint(
                    condition=models.Q(
                        ("state__in", ["booked", "confirmed", "arrived", "done", "no_show", "cancelled"])
                    ),
                    name="agenda_appointment_state",
                ),
                models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("state", "cancelled"), models.Q(("cancel_cause", ""), _negated=True)),
                        models.Q(models.Q(("state", "cancelled"), _negated=True), ("cancel_cause", "")),
                        _connector="OR",
                    ),
                    name="agenda_appointment_cause",
                ),
                models.CheckConstraint(
                    condition=models.Q(
                        ("also__isnull", True), models.Q(("also", models.F("agenda")), _negated=True), _connector="OR"
                    ),
                    name="agenda_appointment_two",
                ),
            ],
        },
    ),
    CreateModel(
        name="PublicMail",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("kind", models.CharField(max_length=12)),
            ("number", models.PositiveIntegerField()),
            ("key", models.CharField(max_length=40, unique=True)),
            ("starts_at", models.DateTimeField()),
            ("made_at", models.DateTimeField()),
            ("next_attempt_at", models.DateTimeField(null=True)),
            ("attempts", models.PositiveSmallIntegerField(default=0)),
            ("leased_until", models.DateTimeField(null=True)),
            ("sent_at", models.DateTimeField(null=True)),
            ("why", models.CharField(blank=True, default="", max_length=200)),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("form", models.ForeignKey(on_delete=models.CASCADE, related_name="+", to="agenda.publicform")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
        ],
        options={
            "indexes": [
                models.Index(
                    condition=models.Q(("next_attempt_at__isnull", False)),
                    fields=["next_attempt_at"],
                    name="agenda_public_mail_due",
                )
            ],
            "constraints": [models.UniqueConstraint(fields=("form", "kind", "number"), name="agenda_public_mail_once")],
        },
    ),
    CreateModel(
        name="SlotOffer",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("key", models.CharField(max_length=40)),
            ("starts_at", models.DateTimeField()),
            ("ends_at", models.DateTimeField()),
            ("offered_at", models.DateTimeField()),
            ("expires_at", models.DateTimeField()),
            ("way", models.CharField(blank=True, default="", max_length=8)),
            ("state", models.CharField(default="open", max_length=12)),
            ("state_at", models.DateTimeField()),
            ("state_by_name", models.CharField(blank=True, default="", max_length=120)),
            ("agenda", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="agenda.agenda")),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("freed", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="agenda.freedtime")),
            ("hold", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="agenda.slothold")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            ("place", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="agenda.waitingplace")),
        ],
        options={
            "constraints": [
                models.UniqueConstraint(fields=("key",), name="agenda_offer_key"),
                models.UniqueConstraint(fields=("place", "agenda", "starts_at"), name="agenda_offer_hour_once"),
                models.UniqueConstraint(
                    condition=models.Q(("state", "open")), fields=("place",), name="agenda_offer_one_at_a_time"
                ),
                models.CheckConstraint(
                    condition=models.Q(("state__in", ["open", "taken", "declined", "lapsed", "withdrawn"])),
                    name="agenda_offer_state",
                ),
                models.CheckConstraint(
                    condition=models.Q(("way__in", ["", "sms", "email", "phone"])), name="agenda_offer_way"
                ),
                models.CheckConstraint(
                    condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="agenda_offer_forward"
                ),
            ],
        },
    ),
    CreateModel(
        name="FollowedMerge",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("merge", models.CharField(max_length=40)),
            ("appointment", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="agenda.appointment")),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
        ],
        options={
            "constraints": [models.UniqueConstraint(fields=("appointment", "merge"), name="agenda_merge_once")],
        },
    ),
    CreateModel(
        name="Occupancy",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("starts_at", models.DateTimeField()),
            ("ends_at", models.DateTimeField()),
            ("before", models.PositiveSmallIntegerField(default=0)),
            ("after", models.PositiveSmallIntegerField(default=0)),
            ("place_from", models.PositiveSmallIntegerField(default=0)),
            ("place_until", models.PositiveSmallIntegerField(default=500)),
            ("blocking", models.BooleanField(default=True)),
            ("agenda", models.ForeignKey(null=True, on_delete=models.PROTECT, related_name="+", to="agenda.agenda")),
            (
                "appointment",
                models.ForeignKey(null=True, on_delete=models.PROTECT, related_name="+", to="agenda.appointment"),
            ),
            ("block", models.ForeignKey(null=True, on_delete=models.PROTECT, related_name="+", to="agenda.block")),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            (
                "resource",
                models.ForeignKey(null=True, on_delete=models.PROTECT, related_name="+", to="agenda.resource"),
            ),
            ("hold", models.ForeignKey(null=True, on_delete=models.PROTECT, related_name="+", to="agenda.slothold")),
        ],
        options={
            "indexes": [
                models.Index(fields=["agenda", "ends_at"], name="agenda_occupancy_when"),
                models.Index(fields=["resource", "ends_at"], name="agenda_occupancy_used"),
            ],
            "constraints": [
                models.CheckConstraint(
                    condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="agenda_occupancy_forward"
                ),
                NoOverlap(
                    ends="ends_at",
                    name="agenda_occupancy_agenda",
                    numbers=("place_from", "place_until"),
                    only="blocking",
                    starts="starts_at",
                    within=("agenda",),
                ),
                NoOverlap(
                    ends="ends_at",
                    name="agenda_occupancy_resource",
                    numbers=(),
                    only="blocking",
                    starts="starts_at",
                    within=("resource",),
                ),
                models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("agenda__isnull", True), ("resource__isnull", False)),
                        models.Q(("agenda__isnull", False), ("resource__isnull", True)),
                        _connector="OR",
                    ),
                    name="agenda_occupancy_of_one",
                ),
                models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("appointment", None), ("block", None), ("hold__isnull", False)),
                        models.Q(("appointment__isnull", False), ("block", None), ("hold", None)),
                        models.Q(("appointment", None), ("block__isnull", False), ("hold", None)),
                        _connector="OR",
                    ),
                    name="agenda_occupancy_by_one",
                ),
                models.CheckConstraint(
                    condition=models.Q(("place_from__lt", models.F("place_until")), ("place_until__lte", 500)),
                    name="agenda_occupancy_places",
                ),
            ],
        },
    ),
    CreateModel(
        name="FollowUp",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("absence", models.CharField(max_length=40)),
            ("starts_at", models.DateTimeField()),
            ("wanted", models.CharField(max_length=8)),
            ("words", models.CharField(blank=True, default="", max_length=200)),
            ("asked_at", models.DateTimeField()),
            ("asked_by_name", models.CharField(max_length=120)),
            ("done_at", models.DateTimeField(null=True)),
            ("done_by_name", models.CharField(blank=True, default="", max_length=120)),
            ("outcome", models.CharField(blank=True, default="", max_length=12)),
            ("agenda", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="agenda.agenda")),
            ("appointment", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="agenda.appointment")),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
        ],
        options={
            "indexes": [
                models.Index(
                    condition=models.Q(("done_at__isnull", True)),
                    fields=["house", "starts_at"],
                    name="agenda_follow_up_open",
                )
            ],
            "constraints": [
                models.UniqueConstraint(
                    condition=models.Q(("done_at__isnull", True)), fields=("appointment",), name="agenda_follow_up_once"
                ),
                models.CheckConstraint(
                    condition=models.Q(("wanted__in", ["move", "call", "cancel"])), name="agenda_follow_up_wanted"
                ),
                models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("done_at__isnull", True), ("outcome", "")),
                        models.Q(
                            ("done_at__isnull", False), ("outcome__in", ["called", "cancelled", "kept", "taken_back"])
                        ),
                        _connector="OR",
                    ),
                    name="agenda_follow_up_done",
                ),
            ],
        },
    ),
    CreateModel(
        name="OtherEntry",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("name", models.CharField(max_length=160)),
            ("etag", models.CharField(blank=True, default="", max_length=255)),
            ("digest", models.CharField(blank=True, default="", max_length=64)),
            ("conflict", models.BooleanField(default=False)),
            ("written_at", models.DateTimeField()),
            ("agenda", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="agenda.agenda")),
            ("appointment", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="agenda.appointment")),
            ("calendar", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="agenda.othercalendar")),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
        ],
        options={
            "constraints": [
                models.UniqueConstraint(fields=("calendar", "appointment"), name="agenda_other_entry_once")
            ],
        },
    ),
    CreateModel(
        name="CallAct",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("call", models.CharField(max_length=64)),
            ("revision", models.PositiveIntegerField()),
            ("act", models.CharField(max_length=12)),
            ("starts_at", models.DateTimeField()),
            ("at", models.DateTimeField()),
            ("appointment", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="agenda.appointment")),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
        ],
        options={
            "indexes": [
                models.Index(fields=["house", "call"], name="agenda_call_act_call"),
                models.Index(fields=["client", "at"], name="agenda_call_act_when"),
            ],
            "constraints": [
                models.UniqueConstraint(fields=("appointment", "revision", "act"), name="agenda_call_act_once"),
                models.CheckConstraint(
                    condition=models.Q(("act__in", ["booked", "moved", "cancelled"])), name="agenda_call_act_known"
                ),
            ],
        },
    ),
]


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ("agenda", "0001_booked_elsewhere"),
        ("agenda", "0002_appointments"),
        ("agenda", "0003_days_and_follow_ups"),
        ("agenda", "0004_public_booking"),
        ("agenda", "0005_calendars"),
        ("agenda", "0006_interface_tokens"),
        ("agenda", "0007_waiting_list"),
        ("agenda", "0008_calendars_of_others"),
        ("agenda", "0009_reason_colour"),
        ("agenda", "0010_visit_of_a_form"),
        ("agenda", "0011_feed_of_a_person"),
        ("agenda", "0012_codes_by_sms"),
        ("agenda", "0013_holds_that_are_over"),
        ("agenda", "0014_combined_visits"),
        ("agenda", "0015_set_version"),
        ("agenda", "0016_call_acts"),
    ]
    dependencies = [
        ("callers", "0001_squashed_0002_patient_requests"),
        ("clients", "0001_squashed_0015_read_first"),
        ("foundation", "0001_squashed_0006_only_clients"),
    ]
    operations = [
        BtreeGistExtension(),
        CreateTables(TABLES),
    ]
