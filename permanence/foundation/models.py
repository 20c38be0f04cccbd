# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tables of the common ground: houses, persons, audit trail, outbox, live touches, positions on the engine's bus."""

from typing import Any, ClassVar, Self

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from permanence.foundation.rules import Role
from permanence.foundation.tenancy import HouseModel, HouseQuerySet


class Language(models.TextChoices):
    """The languages of the screens."""

    FRENCH = "fr", _("French")
    ENGLISH = "en", _("English")
    GERMAN = "de", _("German")


class House(models.Model):
    """One answering service: the outermost wall. `slug` names it on every wire."""

    slug = models.SlugField(_("short name"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=120)
    language = models.CharField(_("language"), max_length=2, choices=Language.choices, default=Language.FRENCH)
    country = models.CharField(_("country"), max_length=2, help_text=_("Two letters: FR, LU, IE."))
    time_zone = models.CharField(_("time zone"), max_length=64, default="Europe/Paris")
    demonstration = models.BooleanField(_("demonstration"), default=False)

    class Meta:
        verbose_name = _("house")
        verbose_name_plural = _("houses")

    def __str__(self) -> str:
        return self.name


class PersonManager(BaseUserManager["Person"]):
    """Finds persons by their e-mail, whatever its case. Persons are made by `foundation.operations`."""

    def get_by_natural_key(self, username: str | None) -> "Person":
        """The person whose login is `username`. Raises Person.DoesNotExist."""
        return self.get(email__iexact=username)


class PersonQuerySet(HouseQuerySet["Person"]):
    """Persons of a house."""

    def owners_who_sign_in(self, house: int | str) -> Self:
        """The owners of a house who may sign in and can: one who was only invited opens nothing yet."""
        rows = self.for_house(house).filter(is_owner=True, is_active=True)
        return rows.exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX)


class Person(AbstractBaseUser, HouseModel):
    """Somebody who signs in: e-mail as login. The four marks say which doors open; see `foundation.who`."""

    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    language = models.CharField(_("language"), max_length=2, choices=Language.choices, default=Language.FRENCH)
    is_active = models.BooleanField(_("may sign in"), default=True)
    is_secretary = models.BooleanField(_("secretary"), default=False)
    is_supervisor = models.BooleanField(_("supervisor"), default=False)
    is_owner = models.BooleanField(_("owner"), default=False)
    is_portal_user = models.BooleanField(_("portal user"), default=False)
    only_clients = models.JSONField(null=True, default=None)  # the ids of those she answers for, null is everyone

    objects = PersonManager.from_queryset(PersonQuerySet)()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("persons")
        constraints = (models.UniqueConstraint(Lower("email"), name="foundation_person_email"),)

    def __str__(self) -> str:
        return self.name

    @property
    def roles(self) -> frozenset[Role]:
        """The doors that open for this person."""
        marks = {
            Role.SECRETARY: self.is_secretary,
            Role.SUPERVISOR: self.is_supervisor,
            Role.OWNER: self.is_owner,
            Role.PORTAL_USER: self.is_portal_user,
        }
        return frozenset(role for role, held in marks.items() if held)

    @property
    def clients(self) -> frozenset[str] | None:
        """The ids of the only clients she answers for; None for all of the house, as every owner does."""
        return None if self.is_owner or self.only_clients is None else frozenset(self.only_clients)

    @property
    def is_staff(self) -> bool:
        """Whether the back office opens (Django's admin asks this)."""
        return self.is_owner

    def has_perm(self, perm: str, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        """Django's admin asks this: an owner may do everything in the back office of his house."""
        return self.is_active and self.is_owner

    def has_module_perms(self, app_label: str) -> bool:  # noqa: ARG002 - Django's signature
        """Django's admin asks this for each room."""
        return self.is_active and self.is_owner


class Invitation(HouseModel):
    """A person who has no password yet was sent a link. `number` counts its mails: the link of the last one is good.

    The mail is due while `next_attempt_at` has come and nobody holds a lease; `key` is its Message-ID.
    """

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    by_name = models.CharField(max_length=120)
    number = models.PositiveIntegerField(default=1)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    key = models.CharField(max_length=40)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    leased_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    why = models.CharField(max_length=200, blank=True, default="")

    objects = HouseQuerySet["Invitation"].as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["person"],
                condition=models.Q(accepted_at__isnull=True, revoked_at__isnull=True),
                name="foundation_invitation_one_open",
            ),
            models.CheckConstraint(
                condition=models.Q(accepted_at__isnull=True) | models.Q(revoked_at__isnull=True),
                name="foundation_invitation_one_end",
            ),
        )

    def __str__(self) -> str:
        return f"invitation {self.pk}"


class AuditEntry(HouseModel):
    """Who did what to what, when. Append-only: the database refuses to change or delete a row."""

    at = models.DateTimeField(_("at"))
    by = models.ForeignKey("foundation.Person", on_delete=models.PROTECT, null=True, related_name="+")
    by_name = models.CharField(_("by"), max_length=120)
    action = models.CharField(_("action"), max_length=80)
    subject = models.CharField(_("subject"), max_length=80)
    client_key = models.BigIntegerField(_("client"), null=True, db_index=True)
    detail = models.JSONField(_("detail"), default=dict)

    objects = HouseQuerySet["AuditEntry"].as_manager()

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit trail")
        indexes = (models.Index(fields=["house", "-at"], name="foundation_audit_when"),)

    def __str__(self) -> str:
        return f"{timezone.localtime(self.at):%Y-%m-%d %H:%M} {self.by_name}"


class OutboxEvent(HouseModel):
    """One announced event. Its primary key is its id; `delivered_at` is set when every hearer has heard it."""

    name = models.CharField(max_length=80)
    body = models.JSONField()
    at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True)
    last_error = models.TextField(default="")

    objects = HouseQuerySet["OutboxEvent"].as_manager()

    class Meta:
        indexes = (
            models.Index(
                fields=["next_attempt_at", "id"],
                name="foundation_outbox_due",
                condition=models.Q(delivered_at__isnull=True),
            ),
        )

    def __str__(self) -> str:
        return f"{self.pk} {self.name}"


class OutboxReceipt(models.Model):
    """A hearer has heard an event: written in the same transaction as what the hearer did about it."""

    event = models.ForeignKey(OutboxEvent, on_delete=models.CASCADE, related_name="+")
    hearer = models.CharField(max_length=120)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["event", "hearer"], name="foundation_receipt_once"),)

    def __str__(self) -> str:
        return f"{self.event_id} {self.hearer}"


class EnginePosition(models.Model):
    """The last sequence of an engine's events that a room has applied, moved in the transaction that applies it."""

    hearer = models.CharField(max_length=40)
    engine = models.CharField(max_length=80)
    sequence = models.BigIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["hearer", "engine"], name="foundation_position_once"),)

    def __str__(self) -> str:
        return f"{self.hearer} {self.engine} {self.sequence}"


class LiveTouch(HouseModel):
    """A topic changed: the screens that hear it fetch again. Carries no content; old rows are swept."""

    topic = models.CharField(max_length=120)
    at = models.DateTimeField(db_index=True)

    objects = HouseQuerySet["LiveTouch"].as_manager()

    def __str__(self) -> str:
        return self.topic


class StandingAlarm(HouseModel):
    """What is wrong now with a house, or with the machine that serves it: written and deleted by the worker.

    `code` names the kind, `about` the one of its kind (a trunk, a number), `params` what its words speak of.
    """

    code = models.CharField(max_length=40)
    about = models.CharField(max_length=120, blank=True, default="")
    params = models.JSONField(default=dict)
    since = models.DateTimeField()

    objects = HouseQuerySet["StandingAlarm"].as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["house", "code", "about"], name="foundation_alarm_once"),)

    def __str__(self) -> str:
        return f"{self.code} {self.about}".strip()


class SignOfLife(models.Model):
    """When a process last said that it works; one row a process."""

    process = models.CharField(max_length=40, unique=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.process} {self.at:%Y-%m-%d %H:%M:%S}"


class EngineEventAside(models.Model):
    """An engine's event that a room could not apply, kept so that the others go on; a person looks at it."""

    hearer = models.CharField(max_length=40)
    engine = models.CharField(max_length=80)
    sequence = models.BigIntegerField()
    body = models.JSONField()
    error = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["hearer", "engine", "sequence"], name="foundation_aside_once"),)

    def __str__(self) -> str:
        return f"{self.hearer} {self.engine} {self.sequence}"


class WrongPassword(models.Model):
    """A password that did not go with a user name: when, for which one (in small letters), from which address.

    It belongs to no house: the user name may be nobody's. Rows are swept after a day.
    """

    username = models.CharField(max_length=320)
    address = models.CharField(max_length=45)
    at = models.DateTimeField(db_index=True)

    class Meta:
        indexes = (
            models.Index(fields=["username", "at"], name="foundation_wrong_username"),
            models.Index(fields=["address", "at"], name="foundation_wrong_address"),
        )

    def __str__(self) -> str:
        return f"{self.username} {self.at:%Y-%m-%d %H:%M}"
