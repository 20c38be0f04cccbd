# SPDX-License-Identifier: AGPL-3.0-or-later
"""The tables of the room in one step: what its first 5 migrations make of an empty database."""

from django.conf import settings
from django.db import migrations, models
from django.db.migrations import CreateModel

from permanence.foundation.tables import CreateTables

TABLES = [
    CreateModel(
        name="SeatRevocation",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("at", models.DateTimeField()),
            ("done_at", models.DateTimeField(null=True)),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            ("secretary", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="staff.secretary")),
        ],
        options={
            "constraints": [
                models.UniqueConstraint(
                    condition=models.Q(("done_at__isnull", True)),
                    fields=("secretary",),
                    name="switchboard_revocation_once",
                )
            ],
        },
    ),
    CreateModel(
        name="SliceVersion",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("version", models.BigIntegerField()),
            ("digest", models.CharField(max_length=64)),
            ("client", models.ForeignKey(null=True, on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
        ],
        options={
            "constraints": [
                models.UniqueConstraint(fields=("client",), name="switchboard_version_client"),
                models.UniqueConstraint(
                    condition=models.Q(("client__isnull", True)), fields=("house",), name="switchboard_version_house"
                ),
            ],
        },
    ),
    CreateModel(
        name="Trunk",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("name", models.SlugField(max_length=40, verbose_name="name")),
            (
                "addresses",
                models.JSONField(
                    default=list,
                    help_text='Where the carrier calls from: ["192.0.2.10", "192.0.2.64/28"].',
                    verbose_name="addresses",
                ),
            ),
            (
                "country",
                models.CharField(
                    help_text="Spells national numbers: FR, LU, IE.", max_length=2, verbose_name="country"
                ),
            ),
            (
                "number_from",
                models.CharField(
                    choices=[
                        ("request_uri", "the request line (usual)"),
                        ("to", "the To header"),
                        ("p_called_party_id", "the P-Called-Party-ID header"),
                    ],
                    default="request_uri",
                    max_length=20,
                    verbose_name="the called number stands in",
                ),
            ),
            ("strip_prefix", models.CharField(blank=True, default="", max_length=12, verbose_name="prefix to cut")),
            (
                "transport",
                models.CharField(
                    choices=[("udp", "UDP"), ("tcp", "TCP"), ("tls", "TLS"), ("auto", "what the DNS says")],
                    default="udp",
                    max_length=4,
                    verbose_name="transport",
                ),
            ),
            ("registrar", models.CharField(blank=True, default="", max_length=200, verbose_name="registrar")),
            ("user", models.CharField(blank=True, default="", max_length=80, verbose_name="user")),
            (
                "secret",
                models.CharField(
                    blank=True,
                    default="",
                    help_text="A file of the keys folder.",
                    max_length=80,
                    verbose_name="name of the secret",
                ),
            ),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            (
                "ca_file",
                models.CharField(
                    blank=True,
                    default="",
                    help_text="A certificate in the keys folder; empty: the authorities of this machine.",
                    max_length=80,
                    verbose_name="the carrier's authority (TLS)",
                ),
            ),
            ("client_certificate", models.BooleanField(default=False, verbose_name="show our certificate (TLS)")),
            (
                "keep_alive_s",
                models.PositiveSmallIntegerField(
                    default=0, help_text="0: never.", verbose_name="ask for a sign of life every (seconds)"
                ),
            ),
            (
                "target",
                models.CharField(
                    blank=True,
                    default="",
                    help_text="A host, or host:port; empty: the registrar, else the first address.",
                    max_length=200,
                    verbose_name="where our calls go",
                ),
            ),
        ],
        options={
            "verbose_name": "trunk",
            "verbose_name_plural": "trunks",
            "ordering": ("name",),
            "constraints": [models.UniqueConstraint(fields=("house", "name"), name="switchboard_trunk_name")],
        },
    ),
    CreateModel(
        name="ForwardingCheck",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("clock", models.CharField(max_length=5)),
            ("next_at", models.DateTimeField()),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            ("number", models.CharField(max_length=16)),
        ],
        options={
            "constraints": [models.UniqueConstraint(fields=("client", "number"), name="switchboard_check_once")],
        },
    ),
    CreateModel(
        name="ForwardingProof",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("number", models.CharField(max_length=16)),
            ("called", models.CharField(blank=True, default="", max_length=16)),
            ("way", models.CharField(max_length=8)),
            ("state", models.CharField(max_length=8)),
            ("daily", models.BooleanField(default=False)),
            ("asked_at", models.DateTimeField()),
            ("started_at", models.DateTimeField(null=True)),
            ("ends_at", models.DateTimeField()),
            ("ended_at", models.DateTimeField(null=True)),
            ("dial", models.CharField(blank=True, default="", max_length=40)),
            ("trunk", models.CharField(blank=True, default="", max_length=40)),
            ("caller", models.CharField(blank=True, default="", max_length=16)),
            ("answered", models.BooleanField(default=False)),
            ("why", models.CharField(blank=True, default="", max_length=20)),
            ("note", models.CharField(blank=True, default="", max_length=20)),
            ("detail", models.CharField(blank=True, default="", max_length=80)),
            (
                "asked_by",
                models.ForeignKey(null=True, on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
            ),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
        ],
        options={
            "indexes": [models.Index(fields=["house", "number", "-asked_at"], name="switchboard_proof_of_line")],
            "constraints": [
                models.UniqueConstraint(
                    condition=models.Q(("state__in", ["due", "running"])),
                    fields=("house", "number"),
                    name="switchboard_proof_one_at_a_time",
                ),
                models.UniqueConstraint(
                    condition=models.Q(("dial", ""), _negated=True),
                    fields=("dial",),
                    name="switchboard_proof_dial_once",
                ),
            ],
        },
    ),
    CreateModel(
        name="CoverageCount",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("version", models.BigIntegerField()),
            ("day", models.DateField()),
            ("conflicts", models.PositiveIntegerField(null=True)),
            ("gaps", models.PositiveIntegerField(null=True)),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
        ],
        options={
            "constraints": [models.UniqueConstraint(fields=("client",), name="switchboard_coverage_client")],
        },
    ),
]


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ("switchboard", "0001_initial"),
        ("switchboard", "0002_trunk_ways"),
        ("switchboard", "0003_forwarding_proofs"),
        ("switchboard", "0004_check_by_number"),
        ("switchboard", "0005_coverage_count"),
    ]
    dependencies = [
        ("clients", "0001_squashed_0015_read_first"),
        ("foundation", "0001_squashed_0006_only_clients"),
        ("staff", "0001_squashed_0007_sectors"),
    ]
    operations = [
        CreateTables(TABLES),
    ]
