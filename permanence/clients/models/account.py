# SPDX-License-Identifier: AGPL-3.0-or-later
"""The account itself: the client, his lines, and whom his messages are for."""

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from permanence.clients import rules
from permanence.clients.models.forwarding import E164, ForwardedLine
from permanence.foundation.tenancy import ClientQuerySet, HouseModel, HouseQuerySet

CLOCK = RegexValidator(r"^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$", _("Write the time as 08:30."))


class Client(HouseModel):
    """One client account: a practitioner, a practice or a company whose calls the house answers."""

    KINDS = (
        (rules.ClientKind.PRACTITIONER.value, _("practitioner")),
        (rules.ClientKind.PRACTICE.value, _("practice")),
        (rules.ClientKind.COMPANY.value, _("company")),
        (rules.ClientKind.ASSOCIATION.value, _("association")),
        (rules.ClientKind.PUBLIC_BODY.value, _("public body")),
    )
    SECTORS = (
        (rules.Sector.HEALTH.value, _("health")),
        (rules.Sector.AFTER_SALES.value, _("after-sales service")),
        (rules.Sector.LEGAL.value, _("legal")),
        (rules.Sector.PROPERTY.value, _("property")),
        (rules.Sector.BANK.value, _("bank")),
        (rules.Sector.INSURANCE.value, _("insurance")),
        (rules.Sector.TELECOM.value, _("telecom")),
        (rules.Sector.OTHER.value, _("other")),
    )
    STATES = (
        (rules.ClientState.PROSPECT.value, _("prospect: callers hear the closing words")),
        (rules.ClientState.TRIAL.value, _("trial: calls are answered")),
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
    read_first_s = models.PositiveSmallIntegerField(
        _("seconds for those who have read what must be read"), default=20, validators=[MaxValueValidator(600)]
    )
    voice_message = models.BooleanField(_("voice message when nobody can answer"), default=False)
    voice_message_agreed_date = models.DateField(_("voice message agreed on"), null=True, blank=True)
    duty_contact = models.CharField(_("duty contact outside hours"), max_length=200, blank=True, default="")
    second_approval = models.BooleanField(
        _("urgent paths need a second approval"),
        default=False,
        help_text=_(
            "Urgent instructions, numbers that may be given, who stands in, the duty contact and red flags then hold"
            " only after another person of the client, or the house, has approved them."
        ),
    )
    contract_from = models.DateField(_("contract from"), null=True, blank=True)
    contract_until = models.DateField(_("contract until"), null=True, blank=True, help_text=_("The day is not in it."))
    contract_notes = models.TextField(_("notes on the contract"), blank=True, default="", max_length=4000)

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
            models.CheckConstraint(
                condition=models.Q(contract_from__isnull=True)
                | models.Q(contract_until__isnull=True)
                | models.Q(contract_from__lt=models.F("contract_until")),
                name="clients_contract_forward",
                violation_error_message=_("The contract ends before it begins."),
            ),
        )

    def __str__(self) -> str:
        return self.name


class Line(ForwardedLine, HouseModel):
    """One number of the house, given to a client: calls for him arrive on it, forwarded as `ForwardedLine` says."""

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+", verbose_name=_("client"))
    number = models.CharField(_("number"), max_length=16, unique=True, validators=[E164])
    label = models.CharField(_("label"), max_length=80, blank=True, default="")

    objects = ClientQuerySet["Line"].as_manager()

    class Meta:
        verbose_name = _("line")
        verbose_name_plural = _("lines")
        ordering = ("number",)
        constraints = (
            models.UniqueConstraint(
                fields=["house", "public_number"],
                condition=~models.Q(public_number=""),
                name="clients_line_public_number",
            ),
            models.CheckConstraint(
                condition=~models.Q(public_number=models.F("number")), name="clients_line_forwards_not_to_itself"
            ),
        )

    def __str__(self) -> str:
        return self.number


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
