# SPDX-License-Identifier: AGPL-3.0-or-later
"""The tables of the room in one step: what its first 15 migrations make of an empty database."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import migrations, models
from django.db.migrations import CreateModel

from permanence.foundation.tables import CreateTables

TABLES = [
    CreateModel(
        name="Client",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("name", models.CharField(max_length=120, verbose_name="name")),
            (
                "initials",
                models.CharField(help_text="Drawn on the client's colour.", max_length=2, verbose_name="two letters"),
            ),
            (
                "colour",
                models.PositiveSmallIntegerField(
                    help_text="1 to 8.", validators=[MinValueValidator(1), MaxValueValidator(8)], verbose_name="colour"
                ),
            ),
            (
                "kind",
                models.CharField(
                    choices=[
                        ("practitioner", "practitioner"),
                        ("practice", "practice"),
                        ("company", "company"),
                        ("association", "association"),
                        ("public_body", "public body"),
                    ],
                    max_length=20,
                    verbose_name="kind",
                ),
            ),
            (
                "sector",
                models.CharField(
                    choices=[
                        ("health", "health"),
                        ("after_sales", "after-sales service"),
                        ("legal", "legal"),
                        ("property", "property"),
                        ("bank", "bank"),
                        ("insurance", "insurance"),
                        ("telecom", "telecom"),
                        ("other", "other"),
                    ],
                    max_length=20,
                    verbose_name="sector",
                ),
            ),
            ("specialty", models.CharField(blank=True, default="", max_length=80, verbose_name="specialty")),
            ("place", models.CharField(blank=True, max_length=120, verbose_name="place")),
            ("country", models.CharField(help_text="Two letters: FR, LU, IE.", max_length=2, verbose_name="country")),
            (
                "region",
                models.CharField(
                    blank=True,
                    default="",
                    help_text="For public holidays, for instance Alsace-Moselle.",
                    max_length=20,
                    verbose_name="region",
                ),
            ),
            ("time_zone", models.CharField(max_length=64, verbose_name="time zone")),
            (
                "languages",
                models.JSONField(
                    default=list,
                    help_text='Spoken to the callers, the first is the usual one: ["fr", "de"].',
                    verbose_name="languages",
                ),
            ),
            (
                "state",
                models.CharField(
                    choices=[
                        ("prospect", "prospect: callers hear the closing words"),
                        ("trial", "trial: calls are answered"),
                        ("active", "active: calls are answered"),
                        ("suspended", "suspended: callers hear the closing words"),
                        ("ended", "ended"),
                    ],
                    default="active",
                    max_length=12,
                    verbose_name="state",
                ),
            ),
            ("open_always", models.BooleanField(default=False, verbose_name="open at every moment")),
            ("closed_on_holidays", models.BooleanField(default=True, verbose_name="closed on public holidays")),
            (
                "ring_before_music_s",
                models.PositiveSmallIntegerField(default=10, verbose_name="seconds of ringing before the music"),
            ),
            ("max_wait_s", models.PositiveSmallIntegerField(default=180, verbose_name="longest wait in seconds")),
            ("voice_message", models.BooleanField(default=False, verbose_name="voice message when nobody can answer")),
            (
                "voice_message_agreed_date",
                models.DateField(blank=True, null=True, verbose_name="voice message agreed on"),
            ),
            (
                "duty_contact",
                models.CharField(blank=True, default="", max_length=200, verbose_name="duty contact outside hours"),
            ),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            ("contract_from", models.DateField(blank=True, null=True, verbose_name="contract from")),
            (
                "contract_notes",
                models.TextField(blank=True, default="", max_length=4000, verbose_name="notes on the contract"),
            ),
            (
                "contract_until",
                models.DateField(
                    blank=True, help_text="The day is not in it.", null=True, verbose_name="contract until"
                ),
            ),
            (
                "pool",
                models.ForeignKey(
                    blank=True,
                    help_text="Empty: the first pool of the house.",
                    null=True,
                    on_delete=models.PROTECT,
                    related_name="+",
                    to="staff.pool",
                    verbose_name="answered by",
                ),
            ),
            (
                "trained_only_s",
                models.PositiveSmallIntegerField(
                    default=0, validators=[MaxValueValidator(600)], verbose_name="seconds for trained secretaries only"
                ),
            ),
            (
                "second_approval",
                models.BooleanField(
                    default=False,
                    help_text="Urgent instructions, numbers that may be given, who stands in, the duty contact and red flags then hold only after another person of the client, or the house, has approved them.",
                    verbose_name="urgent paths need a second approval",
                ),
            ),
            (
                "read_first_s",
                models.PositiveSmallIntegerField(
                    default=20,
                    validators=[MaxValueValidator(600)],
                    verbose_name="seconds for those who have read what must be read",
                ),
            ),
        ],
        options={
            "verbose_name": "client",
            "verbose_name_plural": "clients",
            "ordering": ("name",),
            "constraints": [
                models.UniqueConstraint(fields=("house", "name"), name="clients_client_name"),
                models.CheckConstraint(
                    condition=models.Q(("colour__gte", 1), ("colour__lte", 8)), name="clients_client_colour"
                ),
                models.CheckConstraint(
                    condition=models.Q(
                        ("voice_message", False),
                        models.Q(("sector", "health"), _negated=True),
                        models.Q(
                            ("voice_message_agreed_date__isnull", False), models.Q(("duty_contact", ""), _negated=True)
                        ),
                        _connector="OR",
                    ),
                    name="clients_health_voice_message_agreed",
                    violation_error_message="Voice messages of a health client need the date of the doctor's agreement and a duty contact.",
                ),
                models.CheckConstraint(
                    condition=models.Q(
                        ("contract_from__isnull", True),
                        ("contract_until__isnull", True),
                        ("contract_from__lt", models.F("contract_until")),
                        _connector="OR",
                    ),
                    name="clients_contract_forward",
                    violation_error_message="The contract ends before it begins.",
                ),
            ],
        },
    ),
    CreateModel(
        name="ForwardingCode",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("country", models.CharField(max_length=2, verbose_name="country")),
            (
                "operator",
                models.SlugField(
                    blank=True,
                    db_index=False,
                    default="",
                    help_text="Its short name, as on the client's page: post, orange. Empty: every operator of the country.",
                    max_length=40,
                    verbose_name="operator",
                ),
            ),
            (
                "access",
                models.CharField(
                    choices=[("fixed", "fixed line"), ("mobile", "mobile")],
                    default="fixed",
                    max_length=8,
                    verbose_name="kind of line",
                ),
            ),
            (
                "kind",
                models.CharField(
                    choices=[
                        ("all", "all calls"),
                        ("busy", "when busy"),
                        ("no_answer", "when nobody answers"),
                        ("unreachable", "when out of reach"),
                    ],
                    default="all",
                    max_length=12,
                    verbose_name="when",
                ),
            ),
            (
                "activate",
                models.CharField(
                    help_text="{number} stands for the number of the house, {seconds} for the seconds of ringing: *21*{number}#",
                    max_length=60,
                    verbose_name="keys that forward",
                ),
            ),
            ("deactivate", models.CharField(blank=True, default="", max_length=32, verbose_name="keys that end it")),
            ("query", models.CharField(blank=True, default="", max_length=32, verbose_name="keys that ask")),
            (
                "source",
                models.CharField(
                    blank=True,
                    default="",
                    help_text="The operator's page and the day.",
                    max_length=200,
                    verbose_name="where this was read",
                ),
            ),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
        ],
        options={
            "verbose_name": "forwarding code",
            "verbose_name_plural": "forwarding codes of the operators",
            "ordering": ("country", "operator", "access", "kind"),
            "constraints": [
                models.UniqueConstraint(
                    fields=("house", "country", "operator", "access", "kind"), name="clients_forwarding_code_once"
                )
            ],
        },
    ),
    CreateModel(
        name="HoursException",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("date", models.DateField(verbose_name="day")),
            (
                "opens",
                models.CharField(
                    blank=True,
                    default="",
                    max_length=5,
                    validators=[RegexValidator("^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$", "Write the time as 08:30.")],
                    verbose_name="from",
                ),
            ),
            (
                "until",
                models.CharField(
                    blank=True,
                    default="",
                    max_length=5,
                    validators=[RegexValidator("^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$", "Write the time as 08:30.")],
                    verbose_name="until",
                ),
            ),
            ("label", models.CharField(blank=True, default="", max_length=80, verbose_name="label")),
            (
                "client",
                models.ForeignKey(
                    on_delete=models.PROTECT, related_name="+", to="clients.client", verbose_name="client"
                ),
            ),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
        ],
        options={
            "verbose_name": "exception",
            "verbose_name_plural": "exceptions to the opening hours",
            "ordering": ("date", "opens"),
            "constraints": [
                models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("opens", ""), ("until", "")),
                        models.Q(
                            models.Q(("opens", ""), _negated=True),
                            models.Q(("until", ""), _negated=True),
                            models.Q(("opens", models.F("until")), _negated=True),
                        ),
                        _connector="OR",
                    ),
                    name="clients_exception_lasts",
                )
            ],
        },
    ),
    CreateModel(
        name="Line",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            (
                "number",
                models.CharField(
                    max_length=16,
                    unique=True,
                    validators=[
                        RegexValidator(
                            "^\\+[1-9][0-9]{4,14}$", "Write the number with its country, for instance +35227000010."
                        )
                    ],
                    verbose_name="number",
                ),
            ),
            ("label", models.CharField(blank=True, default="", max_length=80, verbose_name="label")),
            (
                "client",
                models.ForeignKey(
                    on_delete=models.PROTECT, related_name="+", to="clients.client", verbose_name="client"
                ),
            ),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            (
                "access",
                models.CharField(
                    choices=[("fixed", "fixed line"), ("mobile", "mobile")],
                    default="fixed",
                    max_length=8,
                    verbose_name="kind of line",
                ),
            ),
            (
                "forwarding",
                models.CharField(
                    choices=[
                        ("all", "all calls, day and night"),
                        ("hours", "all calls, at hours the client switches on and off"),
                        ("overflow", "when the client is busy or does not answer"),
                        ("no_answer", "when the client does not answer"),
                        ("busy", "when the client is busy"),
                        ("direct", "direct: callers dial the number of the house"),
                    ],
                    default="all",
                    max_length=12,
                    verbose_name="forwarding",
                ),
            ),
            (
                "no_answer_s",
                models.PositiveSmallIntegerField(
                    blank=True, null=True, verbose_name="seconds of ringing before it is forwarded"
                ),
            ),
            (
                "operator",
                models.SlugField(blank=True, db_index=False, default="", max_length=40, verbose_name="operator"),
            ),
            (
                "public_number",
                models.CharField(
                    blank=True,
                    default="",
                    max_length=16,
                    validators=[
                        RegexValidator(
                            "^\\+[1-9][0-9]{4,14}$", "Write the number with its country, for instance +35227000010."
                        )
                    ],
                    verbose_name="the client's public number",
                ),
            ),
        ],
        options={
            "verbose_name": "line",
            "verbose_name_plural": "lines",
            "ordering": ("number",),
            "constraints": [
                models.UniqueConstraint(
                    condition=models.Q(("public_number", ""), _negated=True),
                    fields=("house", "public_number"),
                    name="clients_line_public_number",
                ),
                models.CheckConstraint(
                    condition=models.Q(("public_number", models.F("number")), _negated=True),
                    name="clients_line_forwards_not_to_itself",
                ),
            ],
        },
    ),
    CreateModel(
        name="Reason",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("code", models.SlugField(max_length=40, verbose_name="code")),
            ("label", models.CharField(max_length=80, verbose_name="label")),
            ("position", models.PositiveSmallIntegerField(default=0, verbose_name="place in the list")),
            (
                "client",
                models.ForeignKey(
                    on_delete=models.PROTECT, related_name="+", to="clients.client", verbose_name="client"
                ),
            ),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
        ],
        options={
            "verbose_name": "reason",
            "verbose_name_plural": "reasons",
            "ordering": ("position", "id"),
            "constraints": [models.UniqueConstraint(fields=("client", "code"), name="clients_reason_code")],
        },
    ),
    CreateModel(
        name="Recipient",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            (
                "kind",
                models.CharField(
                    choices=[("practitioner", "practitioner"), ("practice", "the practice"), ("desk", "desk")],
                    max_length=20,
                    verbose_name="kind",
                ),
            ),
            ("name", models.CharField(max_length=120, verbose_name="name")),
            ("email", models.EmailField(blank=True, default="", max_length=254, verbose_name="e-mail")),
            ("position", models.PositiveSmallIntegerField(default=0, verbose_name="place in the list")),
            ("active", models.BooleanField(default=True, verbose_name="active")),
            (
                "client",
                models.ForeignKey(
                    on_delete=models.PROTECT, related_name="+", to="clients.client", verbose_name="client"
                ),
            ),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
        ],
        options={
            "verbose_name": "recipient",
            "verbose_name_plural": "recipients",
            "ordering": ("position", "id"),
            "constraints": [models.UniqueConstraint(fields=("client", "name"), name="clients_recipient_name")],
        },
    ),
    CreateModel(
        name="WeeklyOpening",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            (
                "weekday",
                models.PositiveSmallIntegerField(
                    choices=[
                        (0, "Monday"),
                        (1, "Tuesday"),
                        (2, "Wednesday"),
                        (3, "Thursday"),
                        (4, "Friday"),
                        (5, "Saturday"),
                        (6, "Sunday"),
                    ],
                    verbose_name="day",
                ),
            ),
            (
                "opens",
                models.CharField(
                    max_length=5,
                    validators=[RegexValidator("^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$", "Write the time as 08:30.")],
                    verbose_name="from",
                ),
            ),
            (
                "until",
                models.CharField(
                    max_length=5,
                    validators=[RegexValidator("^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$", "Write the time as 08:30.")],
                    verbose_name="until",
                ),
            ),
            (
                "client",
                models.ForeignKey(
                    on_delete=models.PROTECT, related_name="+", to="clients.client", verbose_name="client"
                ),
            ),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
        ],
        options={
            "verbose_name": "opening",
            "verbose_name_plural": "opening hours of the week",
            "ordering": ("weekday", "opens"),
            "constraints": [
                models.CheckConstraint(
                    condition=models.Q(("opens", models.F("until")), _negated=True), name="clients_opening_lasts"
                ),
                models.CheckConstraint(condition=models.Q(("weekday__lte", 6)), name="clients_opening_weekday"),
            ],
        },
    ),
    CreateModel(
        name="Script",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("version", models.PositiveIntegerField(verbose_name="version")),
            ("title", models.CharField(max_length=200, verbose_name="title")),
            ("text", models.TextField(verbose_name="script")),
            ("author_name", models.CharField(max_length=120, verbose_name="written by")),
            ("written_at", models.DateTimeField(verbose_name="written at")),
            ("published_at", models.DateTimeField(null=True, verbose_name="published at")),
            (
                "author",
                models.ForeignKey(null=True, on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
            ),
            (
                "client",
                models.ForeignKey(
                    on_delete=models.PROTECT, related_name="+", to="clients.client", verbose_name="client"
                ),
            ),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            (
                "published_by",
                models.ForeignKey(null=True, on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
            ),
        ],
        options={
            "verbose_name": "script",
            "verbose_name_plural": "scripts",
            "ordering": ("client", "-version"),
            "constraints": [
                models.UniqueConstraint(fields=("client", "version"), name="clients_script_version"),
                models.CheckConstraint(condition=models.Q(("version__gte", 1)), name="clients_script_counted"),
            ],
        },
    ),
    CreateModel(
        name="Contact",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("name", models.CharField(max_length=120, verbose_name="name")),
            ("function", models.CharField(blank=True, default="", max_length=80, verbose_name="function")),
            ("numbers", models.JSONField(blank=True, default=list, verbose_name="numbers")),
            (
                "number_for",
                models.CharField(
                    choices=[
                        ("nobody", "nobody: we dial it"),
                        ("professionals", "professionals"),
                        ("callers", "every caller"),
                    ],
                    default="nobody",
                    max_length=16,
                    verbose_name="the number may be given to",
                ),
            ),
            (
                "may_say",
                models.CharField(blank=True, default="", max_length=300, verbose_name="what may be told, and to whom"),
            ),
            ("position", models.PositiveSmallIntegerField(default=0, verbose_name="place in the list")),
            (
                "client",
                models.ForeignKey(
                    on_delete=models.PROTECT, related_name="+", to="clients.client", verbose_name="client"
                ),
            ),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
        ],
        options={
            "verbose_name": "contact",
            "verbose_name_plural": "directory",
            "ordering": ("position", "id"),
            "constraints": [models.UniqueConstraint(fields=("client", "name"), name="clients_contact_name")],
        },
    ),
    CreateModel(
        name="ImportDraft",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("kind", models.CharField(max_length=16)),
            ("body", models.TextField()),
            ("made_at", models.DateTimeField()),
            ("client", models.ForeignKey(null=True, on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            ("person", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
        ],
        options={
            "constraints": [models.UniqueConstraint(fields=("person",), name="clients_draft_person")],
        },
    ),
    CreateModel(
        name="Quarantine",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("number", models.CharField(max_length=16, unique=True, verbose_name="number")),
            ("label", models.CharField(blank=True, default="", max_length=80, verbose_name="label")),
            ("since", models.DateTimeField(verbose_name="since")),
            ("until", models.DateField(verbose_name="until")),
            ("reason", models.CharField(max_length=200, verbose_name="reason")),
            (
                "client",
                models.ForeignKey(
                    on_delete=models.PROTECT, related_name="+", to="clients.client", verbose_name="client"
                ),
            ),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            ("kept", models.JSONField(default=dict)),
        ],
        options={
            "verbose_name": "number in quarantine",
            "verbose_name_plural": "numbers in quarantine",
            "ordering": ("until", "number"),
        },
    ),
    CreateModel(
        name="Site",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("name", models.CharField(max_length=80, verbose_name="name")),
            ("address", models.CharField(blank=True, default="", max_length=300, verbose_name="address")),
            (
                "access",
                models.CharField(
                    blank=True,
                    default="",
                    help_text="Entrance, door code, bus, tram.",
                    max_length=300,
                    verbose_name="access",
                ),
            ),
            ("parking", models.CharField(blank=True, default="", max_length=200, verbose_name="parking")),
            (
                "lift",
                models.CharField(
                    blank=True,
                    choices=[("", "not known"), ("yes", "yes"), ("no", "no")],
                    default="",
                    max_length=3,
                    verbose_name="lift",
                ),
            ),
            ("floor", models.CharField(blank=True, default="", max_length=40, verbose_name="floor")),
            (
                "hours",
                models.CharField(
                    blank=True,
                    default="",
                    help_text="In words; the opening hours of the line stand above.",
                    max_length=200,
                    verbose_name="remark on the hours",
                ),
            ),
            ("position", models.PositiveSmallIntegerField(default=0, verbose_name="place in the list")),
            (
                "client",
                models.ForeignKey(
                    on_delete=models.PROTECT, related_name="+", to="clients.client", verbose_name="client"
                ),
            ),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
        ],
        options={
            "verbose_name": "site",
            "verbose_name_plural": "sites",
            "ordering": ("position", "id"),
            "constraints": [models.UniqueConstraint(fields=("client", "name"), name="clients_site_name")],
        },
    ),
    CreateModel(
        name="Training",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("trained_date", models.DateField()),
            ("noted_at", models.DateTimeField()),
            (
                "by",
                models.ForeignKey(null=True, on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
            ),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            ("secretary", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="staff.secretary")),
        ],
        options={
            "constraints": [models.UniqueConstraint(fields=("client", "secretary"), name="clients_training_once")],
        },
    ),
    CreateModel(
        name="Announcement",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("language", models.CharField(max_length=2, verbose_name="language")),
            ("text", models.CharField(max_length=1000, verbose_name="what it says")),
            ("content", models.CharField(max_length=64)),
            ("audio", models.BinaryField()),
            ("samples", models.PositiveIntegerField()),
            ("closing", models.BooleanField(default=False, verbose_name="closing words")),
            ("by_microphone", models.BooleanField(default=False)),
            ("made_at", models.DateTimeField()),
            ("withdrawn_at", models.DateTimeField(null=True)),
            (
                "client",
                models.ForeignKey(
                    on_delete=models.PROTECT, related_name="+", to="clients.client", verbose_name="client"
                ),
            ),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            (
                "made_by",
                models.ForeignKey(null=True, on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
            ),
            ("unanswered", models.BooleanField(default=False)),
        ],
        options={
            "verbose_name": "recorded announcement",
            "verbose_name_plural": "recorded announcements",
            "ordering": ("id",),
            "indexes": [models.Index(fields=["client", "content"], name="clients_announcement_content")],
            "constraints": [
                models.UniqueConstraint(
                    condition=models.Q(("closing", True)),
                    fields=("client", "language"),
                    name="clients_closing_words_once",
                ),
                models.UniqueConstraint(
                    condition=models.Q(("unanswered", True)),
                    fields=("client", "language"),
                    name="clients_unanswered_words_once",
                ),
                models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("closing", False), ("unanswered", False)),
                        ("withdrawn_at__isnull", True),
                        _connector="OR",
                    ),
                    name="clients_announcement_withdrawn_is_silent",
                ),
            ],
        },
    ),
    CreateModel(
        name="Proposal",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            (
                "kind",
                models.CharField(
                    choices=[
                        ("instruction", "instruction"),
                        ("retirement", "retirement"),
                        ("urgent_to", "urgent_to"),
                        ("absence_over", "absence_over"),
                        ("contact", "contact"),
                        ("contact_removed", "contact_removed"),
                        ("duty_contact", "duty_contact"),
                        ("red_flags", "red_flags"),
                    ],
                    max_length=16,
                ),
            ),
            ("body", models.JSONField()),
            ("author_name", models.CharField(max_length=120)),
            ("made_at", models.DateTimeField()),
            ("lapses_at", models.DateTimeField()),
            (
                "state",
                models.CharField(
                    choices=[
                        ("waiting", "waiting"),
                        ("approved", "approved"),
                        ("refused", "refused"),
                        ("taken_back", "taken_back"),
                        ("overtaken", "overtaken"),
                        ("lapsed", "lapsed"),
                    ],
                    default="waiting",
                    max_length=12,
                ),
            ),
            ("decided_by_name", models.CharField(blank=True, default="", max_length=120)),
            ("decided_at", models.DateTimeField(null=True)),
            ("cause", models.CharField(blank=True, default="", max_length=300)),
            (
                "author",
                models.ForeignKey(null=True, on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
            ),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            (
                "decided_by",
                models.ForeignKey(null=True, on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
            ),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
        ],
        options={
            "indexes": [models.Index(fields=["client", "state"], name="clients_proposal_waiting")],
            "constraints": [
                models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("state", "approved"), _negated=True),
                        ("author__isnull", True),
                        models.Q(("author", models.F("decided_by")), _negated=True),
                        _connector="OR",
                    ),
                    name="clients_proposal_two_persons",
                )
            ],
        },
    ),
    CreateModel(
        name="EntryChange",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("entry", models.CharField(choices=[("site", "site"), ("contact", "contact")], max_length=8)),
            ("before", models.JSONField(null=True)),
            ("after", models.JSONField(null=True)),
            ("position", models.PositiveSmallIntegerField(default=0)),
            ("person_name", models.CharField(max_length=120)),
            ("at", models.DateTimeField()),
            ("undone", models.BooleanField(default=False)),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            (
                "person",
                models.ForeignKey(null=True, on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
            ),
        ],
        options={
            "indexes": [models.Index(fields=["client", "at"], name="clients_entry_change_at")],
        },
    ),
    CreateModel(
        name="Greeting",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("language", models.CharField(max_length=2, verbose_name="language")),
            ("text", models.CharField(max_length=300, verbose_name="phrase to say")),
            (
                "client",
                models.ForeignKey(
                    on_delete=models.PROTECT, related_name="+", to="clients.client", verbose_name="client"
                ),
            ),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            (
                "day_type",
                models.CharField(
                    blank=True,
                    choices=[
                        ("", "every day"),
                        ("weekday", "Monday to Friday"),
                        ("saturday", "Saturday"),
                        ("sunday", "Sunday"),
                        ("holiday", "public holidays"),
                        ("chosen", "chosen days"),
                    ],
                    default="",
                    max_length=10,
                    verbose_name="days",
                ),
            ),
            (
                "line",
                models.ForeignKey(
                    blank=True,
                    null=True,
                    on_delete=models.PROTECT,
                    related_name="+",
                    to="clients.line",
                    verbose_name="line",
                ),
            ),
            (
                "opens",
                models.CharField(
                    blank=True,
                    default="",
                    max_length=5,
                    validators=[RegexValidator("^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$", "Write the time as 08:30.")],
                    verbose_name="from",
                ),
            ),
            (
                "until",
                models.CharField(
                    blank=True,
                    default="",
                    max_length=5,
                    validators=[RegexValidator("^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$", "Write the time as 08:30.")],
                    verbose_name="until",
                ),
            ),
            (
                "weekdays",
                models.CharField(
                    blank=True,
                    default="",
                    max_length=7,
                    validators=[RegexValidator("^0?1?2?3?4?5?6?$", "The days of the week, each once, Monday is 0.")],
                    verbose_name="chosen days",
                ),
            ),
            (
                "announcement",
                models.ForeignKey(
                    blank=True,
                    editable=False,
                    null=True,
                    on_delete=models.PROTECT,
                    related_name="+",
                    to="clients.announcement",
                ),
            ),
        ],
        options={
            "verbose_name": "greeting",
            "verbose_name_plural": "greetings",
            "ordering": ("id",),
            "constraints": [
                models.UniqueConstraint(
                    condition=models.Q(("line__isnull", True)),
                    fields=("client", "language", "day_type", "weekdays", "opens", "until"),
                    name="clients_greeting_once",
                    violation_error_message="There is a phrase for the same line, days and hours already: change that one.",
                ),
                models.UniqueConstraint(
                    condition=models.Q(("line__isnull", False)),
                    fields=("client", "line", "language", "day_type", "weekdays", "opens", "until"),
                    name="clients_greeting_once_a_line",
                    violation_error_message="There is a phrase for the same line, days and hours already: change that one.",
                ),
                models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("opens", ""), ("until", "")),
                        models.Q(
                            models.Q(("opens", ""), _negated=True),
                            models.Q(("until", ""), _negated=True),
                            models.Q(("opens", models.F("until")), _negated=True),
                        ),
                        _connector="OR",
                    ),
                    name="clients_greeting_lasts",
                    violation_error_message="Write both times, or none.",
                ),
                models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("day_type", "chosen"), models.Q(("weekdays", ""), _negated=True)),
                        models.Q(models.Q(("day_type", "chosen"), _negated=True), ("weekdays", "")),
                        _connector="OR",
                    ),
                    name="clients_greeting_chosen_days",
                    violation_error_message="Choose the days of the week, for “chosen days” alone.",
                ),
            ],
        },
    ),
    CreateModel(
        name="Instruction",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("version", models.PositiveIntegerField(default=1, verbose_name="version")),
            ("text", models.TextField(verbose_name="instruction")),
            ("written_at", models.DateTimeField(verbose_name="written at")),
            ("starts_at", models.DateTimeField(blank=True, null=True, verbose_name="from")),
            ("ends_at", models.DateTimeField(blank=True, null=True, verbose_name="until")),
            ("priority", models.SmallIntegerField(default=0, verbose_name="priority")),
            ("retired", models.BooleanField(default=False, verbose_name="retired")),
            ("author", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
            (
                "client",
                models.ForeignKey(
                    on_delete=models.PROTECT, related_name="+", to="clients.client", verbose_name="client"
                ),
            ),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            (
                "root",
                models.ForeignKey(null=True, on_delete=models.PROTECT, related_name="+", to="clients.instruction"),
            ),
            (
                "acknowledge",
                models.BooleanField(
                    default=False,
                    help_text="Every secretary is asked to say that she has read it, before her next call.",
                    verbose_name="to be read by everybody",
                ),
            ),
            ("caller", models.CharField(blank=True, default="", max_length=16, verbose_name="only for this caller")),
            ("line", models.CharField(blank=True, default="", max_length=16, verbose_name="only on this line")),
            ("reason", models.CharField(blank=True, default="", max_length=40, verbose_name="only for this reason")),
            (
                "recipient",
                models.ForeignKey(
                    blank=True,
                    null=True,
                    on_delete=models.PROTECT,
                    related_name="+",
                    to="clients.recipient",
                    verbose_name="only for this recipient",
                ),
            ),
        ],
        options={
            "verbose_name": "instruction",
            "verbose_name_plural": "instructions",
            "ordering": ("-priority", "id"),
            "constraints": [
                models.UniqueConstraint(fields=("root", "version"), name="clients_instruction_version"),
                models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("root__isnull", True), ("version", 1)),
                        models.Q(("root__isnull", False), ("version__gt", 1)),
                        _connector="OR",
                    ),
                    name="clients_instruction_first",
                ),
                models.CheckConstraint(
                    condition=models.Q(
                        ("ends_at__isnull", True),
                        ("starts_at__isnull", True),
                        ("ends_at__gte", models.F("starts_at")),
                        _connector="OR",
                    ),
                    name="clients_instruction_forward",
                ),
            ],
        },
    ),
    CreateModel(
        name="PortalUser",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("active", models.BooleanField(default=True, verbose_name="active")),
            (
                "client",
                models.ForeignKey(
                    on_delete=models.PROTECT, related_name="+", to="clients.client", verbose_name="client"
                ),
            ),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            (
                "person",
                models.ForeignKey(
                    on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="person"
                ),
            ),
            (
                "recipient",
                models.ForeignKey(
                    blank=True,
                    null=True,
                    on_delete=models.PROTECT,
                    related_name="+",
                    to="clients.recipient",
                    verbose_name="recipient",
                ),
            ),
        ],
        options={
            "verbose_name": "portal user",
            "verbose_name_plural": "portal users",
            "constraints": [models.UniqueConstraint(fields=("client", "person"), name="clients_portal_user_once")],
        },
    ),
    CreateModel(
        name="Absence",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("starts_at", models.DateTimeField(verbose_name="from")),
            ("ends_at", models.DateTimeField(verbose_name="until")),
            ("words", models.CharField(max_length=300, verbose_name="what to say to callers")),
            (
                "treatment",
                models.CharField(
                    choices=[
                        ("answer", "calls are answered"),
                        ("announce", "callers hear the closing words"),
                        ("voice_message", "callers leave a voice message"),
                    ],
                    default="answer",
                    max_length=14,
                    verbose_name="calls meanwhile",
                ),
            ),
            ("announced_at", models.DateTimeField(verbose_name="announced at")),
            ("withdrawn_at", models.DateTimeField(blank=True, null=True, verbose_name="withdrawn at")),
            (
                "announced_by",
                models.ForeignKey(on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
            ),
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
                    blank=True,
                    null=True,
                    on_delete=models.PROTECT,
                    related_name="+",
                    to="clients.recipient",
                    verbose_name="who is away",
                ),
            ),
            (
                "urgent_to",
                models.ForeignKey(
                    blank=True,
                    null=True,
                    on_delete=models.PROTECT,
                    related_name="+",
                    to="clients.recipient",
                    verbose_name="urgent to",
                ),
            ),
        ],
        options={
            "verbose_name": "absence",
            "verbose_name_plural": "absences",
            "ordering": ("starts_at", "id"),
            "constraints": [
                models.CheckConstraint(
                    condition=models.Q(("ends_at__gt", models.F("starts_at"))),
                    name="clients_absence_lasts",
                    violation_error_message="An absence ends after it begins.",
                ),
                models.CheckConstraint(
                    condition=models.Q(
                        ("recipient__isnull", True),
                        ("urgent_to__isnull", True),
                        models.Q(("recipient", models.F("urgent_to")), _negated=True),
                        _connector="OR",
                    ),
                    name="clients_absence_urgent_to_another",
                    violation_error_message="What is urgent goes to somebody else.",
                ),
                models.CheckConstraint(
                    condition=models.Q(("recipient__isnull", True), ("treatment", "answer"), _connector="OR"),
                    name="clients_absence_closes_for_all",
                    violation_error_message="Only an absence of the whole client closes the lines.",
                ),
            ],
        },
    ),
    CreateModel(
        name="RedFlagValidation",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("number", models.PositiveIntegerField()),
            ("text", models.TextField(verbose_name="red flags")),
            ("doctor_name", models.CharField(max_length=120)),
            ("validated_date", models.DateField(verbose_name="validated on")),
            ("recorded_at", models.DateTimeField()),
            (
                "client",
                models.ForeignKey(
                    on_delete=models.PROTECT, related_name="+", to="clients.client", verbose_name="client"
                ),
            ),
            (
                "doctor",
                models.ForeignKey(
                    on_delete=models.PROTECT, related_name="+", to="clients.recipient", verbose_name="validated by"
                ),
            ),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            (
                "recorded_by",
                models.ForeignKey(null=True, on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
            ),
            (
                "script",
                models.ForeignKey(
                    on_delete=models.PROTECT, related_name="+", to="clients.script", verbose_name="script"
                ),
            ),
        ],
        options={
            "verbose_name": "validation of red flags",
            "verbose_name_plural": "validations of red flags",
            "ordering": ("client", "-number"),
            "constraints": [models.UniqueConstraint(fields=("client", "number"), name="clients_validation_number")],
        },
    ),
    CreateModel(
        name="ProposalMail",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("key", models.CharField(max_length=40, unique=True)),
            ("next_attempt_at", models.DateTimeField(null=True)),
            ("leased_until", models.DateTimeField(null=True)),
            ("attempts", models.PositiveSmallIntegerField(default=0)),
            ("sent_at", models.DateTimeField(null=True)),
            ("why", models.CharField(blank=True, default="", max_length=200)),
            ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            ("person", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
            ("proposal", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.proposal")),
        ],
        options={
            "indexes": [models.Index(fields=["next_attempt_at"], name="clients_proposal_mail_due")],
            "constraints": [models.UniqueConstraint(fields=("proposal", "person"), name="clients_proposal_mail_once")],
        },
    ),
    CreateModel(
        name="ExternalAgenda",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("product", models.CharField(max_length=60, verbose_name="agenda")),
            ("link", models.CharField(max_length=500, verbose_name="link")),
            ("remark", models.CharField(blank=True, default="", max_length=200, verbose_name="remark")),
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
                    blank=True,
                    help_text="Empty: of all of them.",
                    null=True,
                    on_delete=models.PROTECT,
                    related_name="+",
                    to="clients.recipient",
                    verbose_name="whose",
                ),
            ),
        ],
        options={
            "verbose_name": "external agenda",
            "verbose_name_plural": "external agendas",
            "ordering": ("id",),
            "constraints": [
                models.UniqueConstraint(
                    condition=models.Q(("recipient__isnull", True)),
                    fields=("client",),
                    name="clients_agenda_of_all",
                    violation_error_message="The client has one agenda of all already.",
                ),
                models.UniqueConstraint(
                    fields=("client", "recipient"),
                    name="clients_agenda_of_recipient",
                    violation_error_message="This recipient has an agenda already.",
                ),
                models.CheckConstraint(
                    condition=models.Q(("link__startswith", "https://")), name="clients_agenda_https"
                ),
            ],
        },
    ),
    CreateModel(
        name="InstructionAcknowledgement",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("at", models.DateTimeField(verbose_name="read at")),
            (
                "client",
                models.ForeignKey(
                    on_delete=models.PROTECT, related_name="+", to="clients.client", verbose_name="client"
                ),
            ),
            ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
            ("instruction", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.instruction")),
            ("secretary", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="staff.secretary")),
        ],
        options={
            "verbose_name": "acknowledgement",
            "verbose_name_plural": "acknowledgements",
            "constraints": [
                models.UniqueConstraint(fields=("instruction", "secretary"), name="clients_acknowledged_once")
            ],
        },
    ),
]


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ("clients", "0001_initial"),
        ("clients", "0002_spoken"),
        ("clients", "0003_instruction_scope"),
        ("clients", "0004_scripts"),
        ("clients", "0005_forwarding"),
        ("clients", "0006_accounts"),
        ("clients", "0007_pool"),
        ("clients", "0008_training"),
        ("clients", "0009_quarantine_kept"),
        ("clients", "0010_announcements"),
        ("clients", "0011_approvals"),
        ("clients", "0012_external_agendas"),
        ("clients", "0013_unanswered_words"),
        ("clients", "0014_absence_over"),
        ("clients", "0015_read_first"),
    ]
    dependencies = [
        ("foundation", "0001_squashed_0006_only_clients"),
        ("staff", "0001_squashed_0007_sectors"),
    ]
    operations = [
        CreateTables(TABLES),
    ]
