# SPDX-License-Identifier: AGPL-3.0-or-later
"""What patients do by themselves: the pages that are open to them, the forms they fill in, the mails that follow."""

from django.db import models

from permanence.agenda.models.appointments import KEY_LENGTH, AgendaRow
from permanence.agenda.models.setting import Agenda, VisitReason
from permanence.foundation.tenancy import ClientQuerySet, HouseModel

SLUG_LENGTH = 60


class PublicPage(HouseModel):
    """The public page of one agenda or, without `agenda`, of the practice: then it leads to those of its agendas.

    Off until it is switched on. `reasons`: the ids of those offered on it. `found`: whether robots may list it.
    `phone`: E.164, whom patients call in doubt.
    """

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+")
    agenda = models.ForeignKey(Agenda, on_delete=models.PROTECT, null=True, related_name="+")
    slug = models.CharField(max_length=SLUG_LENGTH, unique=True)
    active = models.BooleanField(default=False)
    found = models.BooleanField(default=False)
    reasons = models.JSONField(default=list, blank=True)
    phone = models.CharField(max_length=20, blank=True, default="")

    objects = ClientQuerySet["PublicPage"].as_manager()

    class Meta:
        ordering = ("slug",)
        constraints = (
            models.UniqueConstraint(
                fields=["client"], condition=models.Q(agenda__isnull=True), name="agenda_public_practice"
            ),
            models.UniqueConstraint(
                fields=["agenda"], condition=models.Q(agenda__isnull=False), name="agenda_public_agenda"
            ),
        )

    def __str__(self) -> str:
        return self.slug


class PublicForm(AgendaRow):
    """A form that somebody fills in on a public page. `key`, made by the page, is its name, and known to his
    browser alone: the appointment it becomes has another, made from it (`queries.public.visit_key`).

    `sealed`: who he says he is, under the house's key, until the form is done. `code_number`: how many codes were sent;
    a code is derived from it and kept nowhere. `booked_at`: when it became the appointment, whose key is
    `visit` ("" before). `mail`: where the mails go. `by_sms`: the code goes to `number` (E.164).
    """

    page = models.ForeignKey(PublicPage, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=KEY_LENGTH)
    reason = models.ForeignKey(VisitReason, on_delete=models.PROTECT, related_name="+")
    is_new = models.BooleanField()
    language = models.CharField(max_length=2)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    held_until = models.DateTimeField()
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    sealed = models.TextField(blank=True, default="")
    mail = models.EmailField(blank=True, default="")
    by_sms = models.BooleanField(default=False)
    number = models.CharField(max_length=20, blank=True, default="")
    code_number = models.PositiveSmallIntegerField(default=0)
    code_tries = models.PositiveSmallIntegerField(default=0)
    code_sent_at = models.DateTimeField(null=True)
    booked_at = models.DateTimeField(null=True)
    visit = models.CharField(max_length=KEY_LENGTH, blank=True, default="")

    objects = ClientQuerySet["PublicForm"].as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["house", "key"], name="agenda_public_form_key"),)
        indexes = (
            models.Index(
                fields=["expires_at"], name="agenda_public_form_over", condition=models.Q(booked_at__isnull=True)
            ),
            models.Index(fields=["house", "visit"], name="agenda_public_form_visit", condition=~models.Q(visit="")),
        )

    def __str__(self) -> str:
        return f"form {self.key}"


class PublicMail(HouseModel):
    """A mail to who booked by himself, due at `next_attempt_at`. `number`: of the code, or the appointment's revision.

    Its moment is the one it was made for: a later one has its own mail.
    """

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+")
    form = models.ForeignKey(PublicForm, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=12)
    number = models.PositiveIntegerField()
    key = models.CharField(max_length=KEY_LENGTH, unique=True)
    starts_at = models.DateTimeField()
    made_at = models.DateTimeField()
    next_attempt_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    leased_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    why = models.CharField(max_length=200, blank=True, default="")

    objects = ClientQuerySet["PublicMail"].as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["form", "kind", "number"], name="agenda_public_mail_once"),)
        indexes = (
            models.Index(
                fields=["next_attempt_at"],
                name="agenda_public_mail_due",
                condition=models.Q(next_attempt_at__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} mail {self.key}"


class PublicKnock(HouseModel):
    """Somebody asked for something that is counted. `digest`: of the address, mail or number, under the site's key.

    `form`: the id of the form for which a slot was taken, "" for anything else.
    """

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+")
    what = models.CharField(max_length=12)
    digest = models.CharField(max_length=64)
    form = models.CharField(max_length=KEY_LENGTH, blank=True, default="")
    at = models.DateTimeField()

    objects = ClientQuerySet["PublicKnock"].as_manager()

    class Meta:
        indexes = (
            models.Index(fields=["digest", "what", "at"], name="agenda_public_knock"),
            models.Index(fields=["house", "form"], name="agenda_public_knock_form", condition=~models.Q(form="")),
        )

    def __str__(self) -> str:
        return f"{self.what} at {self.at}"
