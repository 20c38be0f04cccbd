# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tables of the client accounts. Every row carries its house and, below the client itself, its client."""

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from permanence.clients import rules
from permanence.foundation.tenancy import ClientQuerySet, HouseModel, HouseQuerySet

E164 = RegexValidator(r"^\+[1-9][0-9]{4,14}$", _("Write the number with its country, for instance +35227000010."))
CLOCK = RegexValidator(r"^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$", _("Write the time as 08:30."))


class Client(HouseModel):
    """One client account: a practitioner, a practice or a company whose calls the house answers."""

    KINDS = (
        (rules.ClientKind.PRACTITIONER.value, _("practitioner")),
        (rules.ClientKind.PRACTICE.value, _("practice")),
        (rules.ClientKind.COMPANY.value, _("company")),
    )
    SECTORS = (
        (rules.Sector.HEALTH.value, _("health")),
        (rules.Sector.AFTER_SALES.value, _("after-sales service")),
        (rules.Sector.LEGAL.value, _("legal")),
        (rules.Sector.PROPERTY.value, _("property")),
        (rules.Sector.OTHER.value, _("other")),
    )
    STATES = (
        (rules.ClientState.ACTIVE.value, _("active: calls are answered")),
        (rules.ClientState.SUSPENDED.value, _("suspended: callers hear the closing words")),
        (rules.ClientState.ENDED.value, _("ended")),
    )

    name = models.CharField(_("name"), max_length=120)
    initials = models.CharField(_("two letters"), max_length=2, help_text=_("Drawn on the client's colour."))
    colour = models.PositiveSmallIntegerField(
        _("colour"), validators=[MinValueValidator(1), MaxValueValidator(8)], help_text=_("1 to 8.")
    )
    kind = models.CharField(_("kind"), max_length=20, choices=KINDS)
    sector = models.CharField(_("sector"), max_length=20, choices=SECTORS)
    specialty = models.CharField(_("specialty"), max_length=80, blank=True, default="")
    place = models.CharField(_("place"), max_length=120, blank=True)
    country = models.CharField(_("country"), max_length=2, help_text=_("Two letters: FR, LU, IE."))
    region = models.CharField(
        _("region"),
        max_length=20,
        blank=True,
        default="",
        help_text=_("For public holidays, for instance Alsace-Moselle."),
    )
    time_zone = models.CharField(_("time zone"), max_length=64)
    languages = models.JSONField(
        _("languages"), default=list, help_text=_('Spoken to the callers, the first is the usual one: ["fr", "de"].')
    )
    state = models.CharField(_("state"), max_length=12, choices=STATES, default=rules.ClientState.ACTIVE.value)
    open_always = models.BooleanField(_("open at every moment"), default=False)
    closed_on_holidays = models.BooleanField(_("closed on public holidays"), default=True)
    ring_before_music_s = models.PositiveSmallIntegerField(_("seconds of ringing before the music"), default=10)
    max_wait_s = models.PositiveSmallIntegerField(_("longest wait in seconds"), default=180)
    pool = models.ForeignKey(
        "staff.Pool",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("answered by"),
        help_text=_("Empty: the first pool of the house."),
    )
    trained_only_s = models.PositiveSmallIntegerField(
        _("seconds for trained secretaries only"), default=0, validators=[MaxValueValidator(600)]
    )
    voice_message = models.BooleanField(_("voice message when nobody can answer"), default=False)
    voice_message_agreed_date = models.DateField(_("voice message agreed on"), null=True, blank=True)
    duty_contact = models.CharField(_("duty contact outside hours"), max_length=200, blank=True, default="")

    objects = HouseQuerySet["Client"].as_manager()

    class Meta:
        verbose_name = _("client")
        verbose_name_plural = _("clients")
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(fields=["house", "name"], name="clients_client_name"),
            models.CheckConstraint(condition=models.Q(colour__gte=1, colour__lte=8), name="clients_client_colour"),
            models.CheckConstraint(
                condition=models.Q(voice_message=False)
                | ~models.Q(sector="health")
                | (models.Q(voice_message_agreed_date__isnull=False) & ~models.Q(duty_contact="")),
                name="clients_health_voice_message_agreed",
                violation_error_message=_(
                    "Voice messages of a health client need the date of the doctor's agreement and a duty contact."
                ),
            ),
        )

    def __str__(self) -> str:
        return self.name


class Training(HouseModel):
    """A secretary was trained for the client, on a day, as somebody noted."""

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    secretary = models.ForeignKey("staff.Secretary", on_delete=models.PROTECT, related_name="+")
    trained_date = models.DateField()
    by = models.ForeignKey("foundation.Person", on_delete=models.PROTECT, null=True, related_name="+")
    noted_at = models.DateTimeField()

    objects = ClientQuerySet["Training"].as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["client", "secretary"], name="clients_training_once"),)

    def __str__(self) -> str:
        return f"{self.secretary_id} for {self.client_id}"


class Line(HouseModel):
    """One number of the house, given to a client: calls for him arrive on it."""

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+", verbose_name=_("client"))
    number = models.CharField(_("number"), max_length=16, unique=True, validators=[E164])
    label = models.CharField(_("label"), max_length=80, blank=True, default="")

    objects = ClientQuerySet["Line"].as_manager()

    class Meta:
        verbose_name = _("line")
        verbose_name_plural = _("lines")
        ordering = ("number",)

    def __str__(self) -> str:
        return self.number


class WeeklyOpening(HouseModel):
    """An opening of every week, local time of the client, half-open; `until` may be 24:00.

    An `until` before `opens` goes on into the next day and belongs to the day on which it began.
    """

    WEEKDAYS = (
        (0, _("Monday")),
        (1, _("Tuesday")),
        (2, _("Wednesday")),
        (3, _("Thursday")),
        (4, _("Friday")),
        (5, _("Saturday")),
        (6, _("Sunday")),
    )

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+", verbose_name=_("client"))
    weekday = models.PositiveSmallIntegerField(_("day"), choices=WEEKDAYS)
    opens = models.CharField(_("from"), max_length=5, validators=[CLOCK])
    until = models.CharField(_("until"), max_length=5, validators=[CLOCK])

    objects = ClientQuerySet["WeeklyOpening"].as_manager()

    class Meta:
        verbose_name = _("opening")
        verbose_name_plural = _("opening hours of the week")
        ordering = ("weekday", "opens")
        constraints = (
            models.CheckConstraint(condition=~models.Q(opens=models.F("until")), name="clients_opening_lasts"),
            models.CheckConstraint(condition=models.Q(weekday__lte=6), name="clients_opening_weekday"),
        )

    def __str__(self) -> str:
        return f"{self.weekday} {self.opens}-{self.until}"


class HoursException(HouseModel):
    """What holds on one day instead of the week: an interval, or closed when both times are empty."""

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+", verbose_name=_("client"))
    date = models.DateField(_("day"))
    opens = models.CharField(_("from"), max_length=5, blank=True, default="", validators=[CLOCK])
    until = models.CharField(_("until"), max_length=5, blank=True, default="", validators=[CLOCK])
    label = models.CharField(_("label"), max_length=80, blank=True, default="")

    objects = ClientQuerySet["HoursException"].as_manager()

    class Meta:
        verbose_name = _("exception")
        verbose_name_plural = _("exceptions to the opening hours")
        ordering = ("date", "opens")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(opens="", until="")
                | (~models.Q(opens="") & ~models.Q(until="") & ~models.Q(opens=models.F("until"))),
                name="clients_exception_lasts",
            ),
        )

    def __str__(self) -> str:
        return f"{self.date} {self.opens}-{self.until}"


class Greeting(HouseModel):
    """The phrase to say, in one language. `{name}` becomes the secretary's first name."""

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+", verbose_name=_("client"))
    language = models.CharField(_("language"), max_length=2)
    text = models.CharField(_("phrase to say"), max_length=300)

    objects = ClientQuerySet["Greeting"].as_manager()

    class Meta:
        verbose_name = _("greeting")
        verbose_name_plural = _("greetings")
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=["client", "language"], name="clients_greeting_language"),)

    def __str__(self) -> str:
        return f"{self.language}: {self.text}"


class Instruction(HouseModel):
    """One version of one instruction. A row is never changed: what replaces it is a new row of the same `root`."""

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+", verbose_name=_("client"))
    root = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    version = models.PositiveIntegerField(_("version"), default=1)
    text = models.TextField(_("instruction"))
    author = models.ForeignKey("foundation.Person", on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField(_("written at"))
    starts_at = models.DateTimeField(_("from"), null=True, blank=True)
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)
    priority = models.SmallIntegerField(_("priority"), default=0)
    retired = models.BooleanField(_("retired"), default=False)

    objects = ClientQuerySet["Instruction"].as_manager()

    class Meta:
        verbose_name = _("instruction")
        verbose_name_plural = _("instructions")
        ordering = ("-priority", "id")
        constraints = (
            models.UniqueConstraint(fields=["root", "version"], name="clients_instruction_version"),
            models.CheckConstraint(
                condition=models.Q(root__isnull=True, version=1) | models.Q(root__isnull=False, version__gt=1),
                name="clients_instruction_first",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at__isnull=True)
                | models.Q(starts_at__isnull=True)
                | models.Q(ends_at__gte=models.F("starts_at")),
                name="clients_instruction_forward",
            ),
        )

    def __str__(self) -> str:
        return self.text


class Recipient(HouseModel):
    """For whom a message can be at the client: a practitioner, "the practice", a desk."""

    KINDS = (
        (rules.RecipientKind.PRACTITIONER.value, _("practitioner")),
        (rules.RecipientKind.PRACTICE.value, _("the practice")),
        (rules.RecipientKind.DESK.value, _("desk")),
    )

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+", verbose_name=_("client"))
    kind = models.CharField(_("kind"), max_length=20, choices=KINDS)
    name = models.CharField(_("name"), max_length=120)
    email = models.EmailField(_("e-mail"), blank=True, default="")
    position = models.PositiveSmallIntegerField(_("place in the list"), default=0)
    active = models.BooleanField(_("active"), default=True)

    objects = ClientQuerySet["Recipient"].as_manager()

    class Meta:
        verbose_name = _("recipient")
        verbose_name_plural = _("recipients")
        ordering = ("position", "id")
        constraints = (models.UniqueConstraint(fields=["client", "name"], name="clients_recipient_name"),)

    def __str__(self) -> str:
        return self.name


class Reason(HouseModel):
    """A reason a caller may have, as the message form shows it."""

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+", verbose_name=_("client"))
    code = models.SlugField(_("code"), max_length=40)
    label = models.CharField(_("label"), max_length=80)
    position = models.PositiveSmallIntegerField(_("place in the list"), default=0)

    objects = ClientQuerySet["Reason"].as_manager()

    class Meta:
        verbose_name = _("reason")
        verbose_name_plural = _("reasons")
        ordering = ("position", "id")
        constraints = (models.UniqueConstraint(fields=["client", "code"], name="clients_reason_code"),)

    def __str__(self) -> str:
        return self.label


class PortalUser(HouseModel):
    """A person of the client who signs in to his portal; which recipient he is (none: an assistant who sees all)."""

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+", verbose_name=_("client"))
    person = models.ForeignKey(
        "foundation.Person", on_delete=models.PROTECT, related_name="+", verbose_name=_("person")
    )
    recipient = models.ForeignKey(
        Recipient, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("recipient")
    )
    active = models.BooleanField(_("active"), default=True)

    objects = ClientQuerySet["PortalUser"].as_manager()

    class Meta:
        verbose_name = _("portal user")
        verbose_name_plural = _("portal users")
        constraints = (models.UniqueConstraint(fields=["client", "person"], name="clients_portal_user_once"),)

    def __str__(self) -> str:
        return f"portal user {self.pk}"
