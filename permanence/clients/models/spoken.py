# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is said to callers: greetings, and who is absent."""

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from permanence.clients.models.account import CLOCK, Client, Line, Recipient
from permanence.foundation.tenancy import ClientQuerySet, HouseModel
from permanence.reception import absence, greeting

SPOKEN_LIMIT = 1000
"""Characters of what an announcement says."""
WEEKDAYS = RegexValidator(r"^0?1?2?3?4?5?6?$", _("The days of the week, each once, Monday is 0."))


class Announcement(HouseModel):
    """Recorded words of a client, in one language: `text` is what they say, for search and for who cannot hear.

    `content` is the sha256 of the audio (A-law, 8 kHz, `samples` bytes). `closing`: heard instead of the generated
    closing words of its language when the client is shut; `unanswered`: when nobody could answer within the longest
    wait. A row is never changed but for these and its end: what callers heard stays known.
    """

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+", verbose_name=_("client"))
    language = models.CharField(_("language"), max_length=2)
    text = models.CharField(_("what it says"), max_length=SPOKEN_LIMIT)
    content = models.CharField(max_length=64)
    audio = models.BinaryField()
    samples = models.PositiveIntegerField()
    closing = models.BooleanField(_("closing words"), default=False)
    unanswered = models.BooleanField(default=False)
    by_microphone = models.BooleanField(default=False)
    made_by = models.ForeignKey("foundation.Person", on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    objects = ClientQuerySet["Announcement"].as_manager()

    class Meta:
        verbose_name = _("recorded announcement")
        verbose_name_plural = _("recorded announcements")
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=["client", "language"], condition=models.Q(closing=True), name="clients_closing_words_once"
            ),
            models.UniqueConstraint(
                fields=["client", "language"], condition=models.Q(unanswered=True), name="clients_unanswered_words_once"
            ),
            models.CheckConstraint(
                condition=models.Q(closing=False, unanswered=False) | models.Q(withdrawn_at__isnull=True),
                name="clients_announcement_withdrawn_is_silent",
            ),
        )
        indexes = (models.Index(fields=["client", "content"], name="clients_announcement_content"),)

    def __str__(self) -> str:
        return self.text


_TWICE = _("There is a phrase for the same line, days and hours already: change that one.")


class Greeting(HouseModel):
    """The phrase to say, in one language. `{name}` becomes the secretary's first name.

    Where and when it holds: `reception.greeting` says which of several is said. `weekdays`: the digits of the chosen
    days, 0 is Monday. Times are the client's clock; an `until` not after `opens` goes on into the next day.
    """

    DAY_TYPES = (
        (greeting.EVERY_DAY, _("every day")),
        (greeting.WEEKDAY, _("Monday to Friday")),
        (greeting.SATURDAY, _("Saturday")),
        (greeting.SUNDAY, _("Sunday")),
        (greeting.HOLIDAY, _("public holidays")),
        (greeting.CHOSEN, _("chosen days")),
    )

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+", verbose_name=_("client"))
    language = models.CharField(_("language"), max_length=2)
    text = models.CharField(_("phrase to say"), max_length=300)
    line = models.ForeignKey(
        Line, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("line")
    )
    day_type = models.CharField(_("days"), max_length=10, choices=DAY_TYPES, blank=True, default=greeting.EVERY_DAY)
    weekdays = models.CharField(_("chosen days"), max_length=7, blank=True, default="", validators=[WEEKDAYS])
    opens = models.CharField(_("from"), max_length=5, blank=True, default="", validators=[CLOCK])
    until = models.CharField(_("until"), max_length=5, blank=True, default="", validators=[CLOCK])
    announcement = models.ForeignKey(
        Announcement, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )

    objects = ClientQuerySet["Greeting"].as_manager()

    class Meta:
        verbose_name = _("greeting")
        verbose_name_plural = _("greetings")
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=["client", "language", "day_type", "weekdays", "opens", "until"],
                condition=models.Q(line__isnull=True),
                name="clients_greeting_once",
                violation_error_message=_TWICE,
            ),
            models.UniqueConstraint(
                fields=["client", "line", "language", "day_type", "weekdays", "opens", "until"],
                condition=models.Q(line__isnull=False),
                name="clients_greeting_once_a_line",
                violation_error_message=_TWICE,
            ),
            models.CheckConstraint(
                condition=models.Q(opens="", until="")
                | (~models.Q(opens="") & ~models.Q(until="") & ~models.Q(opens=models.F("until"))),
                name="clients_greeting_lasts",
                violation_error_message=_("Write both times, or none."),
            ),
            models.CheckConstraint(
                condition=models.Q(day_type=greeting.CHOSEN) & ~models.Q(weekdays="")
                | ~models.Q(day_type=greeting.CHOSEN) & models.Q(weekdays=""),
                name="clients_greeting_chosen_days",
                violation_error_message=_("Choose the days of the week, for “chosen days” alone."),
            ),
        )

    def __str__(self) -> str:
        return f"{self.language}: {self.text}"


class Absence(HouseModel):
    """Somebody is away from one moment to another: a recipient, or the whole client (no recipient).

    The only absence in the product. A row is never changed: it is withdrawn, and another one announced.
    """

    TREATMENTS = (
        (absence.ANSWER, _("calls are answered")),
        (absence.ANNOUNCE, _("callers hear the closing words")),
        (absence.VOICE_MESSAGE, _("callers leave a voice message")),
    )

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+", verbose_name=_("client"))
    recipient = models.ForeignKey(
        Recipient, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("who is away")
    )
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    words = models.CharField(_("what to say to callers"), max_length=300)
    urgent_to = models.ForeignKey(
        Recipient, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("urgent to")
    )
    treatment = models.CharField(_("calls meanwhile"), max_length=14, choices=TREATMENTS, default=absence.ANSWER)
    announced_by = models.ForeignKey("foundation.Person", on_delete=models.PROTECT, related_name="+")
    announced_at = models.DateTimeField(_("announced at"))
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)

    objects = ClientQuerySet["Absence"].as_manager()

    class Meta:
        verbose_name = _("absence")
        verbose_name_plural = _("absences")
        ordering = ("starts_at", "id")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")),
                name="clients_absence_lasts",
                violation_error_message=_("An absence ends after it begins."),
            ),
            models.CheckConstraint(
                condition=models.Q(recipient__isnull=True)
                | models.Q(urgent_to__isnull=True)
                | ~models.Q(recipient=models.F("urgent_to")),
                name="clients_absence_urgent_to_another",
                violation_error_message=_("What is urgent goes to somebody else."),
            ),
            models.CheckConstraint(
                condition=models.Q(recipient__isnull=True) | models.Q(treatment=absence.ANSWER),
                name="clients_absence_closes_for_all",
                violation_error_message=_("Only an absence of the whole client closes the lines."),
            ),
        )

    def __str__(self) -> str:
        return self.words
