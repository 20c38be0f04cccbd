# SPDX-License-Identifier: AGPL-3.0-or-later
"""How an agenda is set: its rooms and equipment, when it is open, and for which reasons patients come."""

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from permanence.agenda.rules.kinds import ExceptionKind, OpeningKind, Way
from permanence.foundation.tenancy import ClientQuerySet, HouseModel

CLOCK = RegexValidator(r"^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$", _("Write the time as 08:30."))


class Agenda(HouseModel):
    """The agenda of one recipient of a client. Its colour is the client's, its zone and holidays too.

    `version` grows with everything that changes what is free: what is kept of an agenda holds for one version.
    """

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+", verbose_name=_("client"))
    recipient = models.ForeignKey(
        "clients.Recipient", on_delete=models.PROTECT, related_name="+", verbose_name=_("recipient")
    )
    name = models.CharField(_("name"), max_length=120)
    step = models.PositiveSmallIntegerField(_("visits begin every so many minutes"), default=5)
    closed_on_holidays = models.BooleanField(_("closed on public holidays"), default=True)
    overbookings_per_day = models.PositiveSmallIntegerField(_("overbookings a day"), default=0)
    active = models.BooleanField(_("active"), default=True)
    version = models.PositiveBigIntegerField(default=1)

    objects = ClientQuerySet["Agenda"].as_manager()

    class Meta:
        verbose_name = _("agenda")
        verbose_name_plural = _("agendas")
        ordering = ("name", "id")
        constraints = (models.UniqueConstraint(fields=["client", "name"], name="agenda_agenda_name"),)

    def __str__(self) -> str:
        return self.name


class Resource(HouseModel):
    """A room or a piece of equipment of a client. `kind` is a word of his: "room", "ecg"."""

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+", verbose_name=_("client"))
    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("kind"), max_length=40)
    site = models.ForeignKey(
        "clients.Site", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("site")
    )
    active = models.BooleanField(_("active"), default=True)

    objects = ClientQuerySet["Resource"].as_manager()

    class Meta:
        verbose_name = _("room or equipment")
        verbose_name_plural = _("rooms and equipment")
        ordering = ("name", "id")
        constraints = (models.UniqueConstraint(fields=["client", "name"], name="agenda_resource_name"),)

    def __str__(self) -> str:
        return self.name


class VisitReason(HouseModel):
    """Why patients come to this client, and what follows from it; the fields are those of `rules.kinds.VisitReason`.

    A reason in use is not deleted: it is retired, and `replacement` says by which one. The lists are JSON: `needs` of
    {ids, kind, before, after}, `questions` and `contra_indications` of {id, text}, `documents` of texts, `sites` of
    ids.
    """

    WAYS = (
        (Way.PRACTICE.value, _("at the practice")),
        (Way.HOME.value, _("home visit")),
        (Way.TELE.value, _("by video")),
    )

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+", verbose_name=_("client"))
    name = models.CharField(_("name"), max_length=80)
    minutes = models.PositiveSmallIntegerField(_("minutes"))
    minutes_new = models.PositiveSmallIntegerField(_("minutes for a new patient"), default=0)
    before = models.PositiveSmallIntegerField(_("minutes kept free before"), default=0)
    after = models.PositiveSmallIntegerField(_("minutes kept free after"), default=0)
    notice = models.PositiveIntegerField(_("minutes of notice"), default=0)
    horizon = models.PositiveSmallIntegerField(_("days ahead at most"), default=0)
    max_per_day = models.PositiveSmallIntegerField(_("at most a day"), default=0)
    max_per_half_day = models.PositiveSmallIntegerField(_("at most a half-day"), default=0)
    max_new_per_day = models.PositiveSmallIntegerField(_("new patients at most a day"), default=0)
    bookable_by = models.JSONField(_("who may book"), default=list)
    way = models.CharField(_("how"), max_length=12, choices=WAYS, default=Way.PRACTICE.value)
    needs = models.JSONField(_("rooms and equipment"), default=list, blank=True)
    sites = models.JSONField(_("sites"), default=list, blank=True)
    questions = models.JSONField(_("questions to ask"), default=list, blank=True)
    documents = models.JSONField(_("documents to bring"), default=list, blank=True)
    youngest = models.PositiveSmallIntegerField(_("youngest age"), null=True, blank=True)
    oldest = models.PositiveSmallIntegerField(_("oldest age"), null=True, blank=True)
    contra_indications = models.JSONField(_("contra-indications"), default=list, blank=True)
    overbooking = models.BooleanField(_("may be overbooked"), default=False)
    position = models.PositiveSmallIntegerField(_("place in the list"), default=0)
    retired_at = models.DateTimeField(_("retired at"), null=True, blank=True)
    replacement = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    objects = ClientQuerySet["VisitReason"].as_manager()

    class Meta:
        verbose_name = _("reason of visits")
        verbose_name_plural = _("reasons of visits")
        ordering = ("position", "id")
        constraints = (
            models.UniqueConstraint(
                fields=["client", "name"], condition=models.Q(retired_at__isnull=True), name="agenda_reason_name"
            ),
            models.CheckConstraint(condition=models.Q(minutes__gt=0), name="agenda_reason_lasts"),
            models.CheckConstraint(
                condition=models.Q(replacement__isnull=True)
                | models.Q(retired_at__isnull=False) & ~models.Q(replacement=models.F("id")),
                name="agenda_reason_replaced",
            ),
        )

    def __str__(self) -> str:
        return self.name


class OpeningException(HouseModel):
    """What is otherwise on one day of an agenda; its openings are the patterns that name it."""

    KINDS = (
        (ExceptionKind.CLOSED.value, _("closed")),
        (ExceptionKind.ONE_OFF.value, _("open besides the week")),
        (ExceptionKind.REPLACED.value, _("open instead of the week")),
    )

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+", verbose_name=_("client"))
    agenda = models.ForeignKey(Agenda, on_delete=models.PROTECT, related_name="+", verbose_name=_("agenda"))
    date = models.DateField(_("day"))
    kind = models.CharField(_("kind"), max_length=10, choices=KINDS)
    label = models.CharField(_("label"), max_length=80, blank=True, default="")

    objects = ClientQuerySet["OpeningException"].as_manager()

    class Meta:
        verbose_name = _("exception to the openings")
        verbose_name_plural = _("exceptions to the openings")
        ordering = ("date", "id")
        constraints = (models.UniqueConstraint(fields=["agenda", "date"], name="agenda_exception_day"),)

    def __str__(self) -> str:
        return f"{self.date} {self.kind}"


class OpeningPattern(HouseModel):
    """An opening of an agenda; the fields are those of `rules.kinds.Opening`. With `exception` it holds on that day
    alone. `reasons` and `resources` are lists of ids.
    """

    KINDS = (
        (OpeningKind.NORMAL.value, _("appointments")),
        (OpeningKind.SAME_DAY.value, _("kept for the same day")),
        (OpeningKind.WALK_IN.value, _("without appointment")),
        (OpeningKind.HOME_VISIT.value, _("home visits")),
        (OpeningKind.TELE.value, _("by video")),
    )

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+", verbose_name=_("client"))
    agenda = models.ForeignKey(Agenda, on_delete=models.PROTECT, related_name="+", verbose_name=_("agenda"))
    exception = models.ForeignKey(OpeningException, on_delete=models.CASCADE, null=True, related_name="+")
    weekday = models.PositiveSmallIntegerField(_("day"), default=0)
    opens = models.CharField(_("from"), max_length=5, validators=[CLOCK])
    until = models.CharField(_("until"), max_length=5, validators=[CLOCK])
    every_weeks = models.PositiveSmallIntegerField(_("every so many weeks"), default=1)
    anchor = models.DateField(_("from the week of"), null=True, blank=True)
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    reasons = models.JSONField(_("reasons"), default=list, blank=True)
    site = models.ForeignKey(
        "clients.Site", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("site")
    )
    resources = models.JSONField(_("rooms and equipment"), default=list, blank=True)
    kind = models.CharField(_("kind"), max_length=12, choices=KINDS, default=OpeningKind.NORMAL.value)
    released_at = models.CharField(_("released at"), max_length=5, blank=True, default="", validators=[CLOCK])
    released_days = models.PositiveSmallIntegerField(_("days before"), default=0)
    travel = models.PositiveSmallIntegerField(_("minutes of travel"), default=0)
    capacity = models.PositiveSmallIntegerField(_("places"), default=1)
    new_patients = models.BooleanField(_("new patients"), default=True)
    online = models.BooleanField(_("online"), default=True)
    on_holidays = models.BooleanField(_("on public holidays"), default=False)

    objects = ClientQuerySet["OpeningPattern"].as_manager()

    class Meta:
        verbose_name = _("opening")
        verbose_name_plural = _("openings")
        ordering = ("weekday", "opens", "id")
        constraints = (
            models.CheckConstraint(condition=models.Q(until__gt=models.F("opens")), name="agenda_pattern_forward"),
            models.CheckConstraint(
                condition=models.Q(weekday__lte=6, every_weeks__gte=1, capacity__gte=1), name="agenda_pattern_sane"
            ),
        )

    def __str__(self) -> str:
        return f"{self.weekday} {self.opens}-{self.until}"
