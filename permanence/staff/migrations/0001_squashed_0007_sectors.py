# SPDX-License-Identifier: AGPL-3.0-or-later
"""The tables of the room in one step: what its first 7 migrations make of an empty database."""

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import migrations, models
from django.db.migrations import CreateModel

from permanence.foundation.tables import CreateTables

TABLES = [
    CreateModel(
        name="Pool",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("name", models.CharField(max_length=80, verbose_name="name")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            ("position", models.PositiveSmallIntegerField(default=0, verbose_name="place in the list")),
            (
                "overflow",
                models.ForeignKey(
                    blank=True,
                    null=True,
                    on_delete=models.PROTECT,
                    related_name="+",
                    to="staff.pool",
                    verbose_name="helped by",
                ),
            ),
            (
                "overflow_after_s",
                models.PositiveSmallIntegerField(
                    default=30, validators=[MaxValueValidator(3600)], verbose_name="after so many seconds"
                ),
            ),
        ],
        options={
            "verbose_name": "pool",
            "verbose_name_plural": "pools",
            "constraints": [
                models.UniqueConstraint(fields=("house", "name"), name="staff_pool_name"),
                models.CheckConstraint(
                    condition=models.Q(
                        ("overflow__isnull", True),
                        models.Q(("overflow", models.F("id")), _negated=True),
                        _connector="OR",
                    ),
                    name="staff_pool_helped_by_another",
                ),
            ],
            "ordering": ("position", "id"),
        },
    ),
    CreateModel(
        name="Secretary",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            (
                "languages",
                models.JSONField(
                    default=list, help_text='In order of ease, for instance ["fr", "de"].', verbose_name="languages"
                ),
            ),
            ("active", models.BooleanField(default=True, verbose_name="active")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            ("person", models.OneToOneField(on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
            ("keys", models.JSONField(default=dict)),
            ("sectors", models.JSONField(default=list, verbose_name="knows the trades")),
        ],
        options={
            "verbose_name": "secretary",
            "verbose_name_plural": "secretaries",
        },
    ),
    CreateModel(
        name="PresenceSpan",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("state", models.CharField(max_length=20)),
            ("reason", models.CharField(blank=True, default="", max_length=40)),
            ("seat", models.CharField(blank=True, default="", max_length=80)),
            ("starts_at", models.DateTimeField()),
            ("ends_at", models.DateTimeField(null=True)),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            ("secretary", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="staff.secretary")),
        ],
        options={
            "verbose_name": "presence",
            "verbose_name_plural": "history of presence",
            "indexes": [models.Index(fields=["house", "starts_at"], name="staff_presence_when")],
            "constraints": [
                models.UniqueConstraint(
                    condition=models.Q(("ends_at__isnull", True)),
                    fields=("secretary",),
                    name="staff_presence_one_running",
                ),
                models.CheckConstraint(
                    condition=models.Q(
                        ("ends_at__isnull", True), ("ends_at__gte", models.F("starts_at")), _connector="OR"
                    ),
                    name="staff_presence_forward",
                ),
            ],
        },
    ),
    CreateModel(
        name="PoolMember",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            ("pool", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="staff.pool")),
            ("secretary", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="staff.secretary")),
        ],
        options={
            "constraints": [models.UniqueConstraint(fields=("secretary", "pool"), name="staff_pool_member_once")],
        },
    ),
    CreateModel(
        name="SeatPlace",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("address", models.CharField(max_length=200)),
            ("country", models.CharField(max_length=2)),
            ("since", models.DateTimeField()),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            ("secretary", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="staff.secretary")),
        ],
        options={
            "abstract": False,
        },
    ),
]


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ("staff", "0001_initial"),
        ("staff", "0002_keys"),
        ("staff", "0003_pools"),
        ("staff", "0004_pool_members"),
        ("staff", "0005_one_pool_gone"),
        ("staff", "0006_seat_place"),
        ("staff", "0007_sectors"),
    ]
    dependencies = [
        ("foundation", "0001_squashed_0006_only_clients"),
    ]
    operations = [
        CreateTables(TABLES),
    ]
