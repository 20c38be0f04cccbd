# SPDX-License-Identifier: AGPL-3.0-or-later
"""Invitations: a person of the register gets a mail with a link, behind which she chooses name, password and language.

Theory of operation. The link carries the row's key and the number of the mail, signed (`django.core.signing`): nothing
secret is kept. It is good while the row is neither used, revoked nor expired, the number is that of the last mail, and
the person has no password. The mail is a due row, taken by an update filtered on its values and sent outside every
transaction by `dispatch`; a worker killed between leaves a lease that ends.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core import signing
from django.db import transaction
from django.db.models import Q

from permanence.foundation import audit, operations, outbox
from permanence.foundation.events import PersonChanged
from permanence.foundation.models import Invitation, Language, Person
from permanence.foundation.rules import INVITATION_LASTS, InvitationState, invitation_state
from permanence.foundation.tenancy import HouseQuerySet
from permanence.foundation.who import Who, who_is
from permanence.kernel.clock import Entropy
from permanence.kernel.ids import new_id
from permanence.kernel.refusals import Refusal

SALT = "permanence.invitation"
TOKEN_LIMIT = 200
"""Characters of a link that are looked at."""
NAME_LIMIT = 120
_LARGEST = 2**63 - 1


class InvitationUnknown(Refusal):
    """No invitation behind this link, or none of this house."""

    code = "invitation_unknown"


class InvitationUsed(Refusal):
    """The person has her password already."""

    code = "invitation_used"


class InvitationRevoked(Refusal):
    """The house took the invitation back."""

    code = "invitation_revoked"


class InvitationExpired(Refusal):
    """The link was good for some days only."""

    code = "invitation_expired"


class InvitationReplaced(Refusal):
    """A later mail holds the link that is good."""

    code = "invitation_replaced"


class HasAPassword(Refusal):
    """The person signs in already: there is nothing to invite her to."""

    code = "has_a_password"


class NameMissing(Refusal):
    """A person has a name."""

    code = "name_missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationView:
    """What the page behind a good link shows."""

    house_name: str
    email: str
    name: str
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DueInvitation:
    """A mail that a worker took: it alone may send it until the lease ends. `number` says which mail it is."""

    invitation: int
    number: int
    attempt: int
    key: str
    house: str
    house_name: str
    time_zone: str
    email: str
    language: str
    invited_by: str
    expires_at: datetime
    token: str


def token_of(row: Invitation) -> str:
    """What stands in the link of the last mail."""
    return signing.dumps([row.pk, row.number], salt=SALT)


def state_of(row: Invitation, *, at: datetime) -> InvitationState:
    """Where an invitation stands at `at`."""
    return invitation_state(
        accepted=row.accepted_at is not None,
        revoked=row.revoked_at is not None,
        sent=row.sent_at is not None,
        due=row.next_attempt_at is not None,
        expired=row.expires_at <= at,
    )


def last_invitation(*, house: str, person: str) -> Invitation | None:
    """The last invitation of a person; None when she never had one. One query."""
    rows = Invitation.objects.for_house(house).filter(person_id=int(person)).select_related("person")
    return rows.order_by("-pk").first()


@transaction.atomic
def send_invitation(*, person: str, by: Who, at: datetime, entropy: Entropy) -> str:
    """Invite a person of the register, or once more: the link of an earlier mail is good no longer. Gives the id.

    Raises PersonUnknown, HasAPassword.
    """
    row = operations.person_of(person, by=by)
    if row.has_usable_password():
        raise HasAPassword(person)
    if not row.is_active:
        row.is_active = True
        row.save(update_fields=["is_active"])
    invitation = _open(by).filter(person=row).first()
    if invitation is None:
        invitation = Invitation(house_id=by.house_key, person=row, number=0)
    invitation.by_name, invitation.number = by.name, invitation.number + 1
    invitation.made_at, invitation.expires_at = at, at + INVITATION_LASTS
    invitation.key, invitation.next_attempt_at, invitation.attempts = new_id(at, entropy), at, 0
    invitation.leased_until = invitation.sent_at = None
    invitation.why = ""
    invitation.save()
    _note("person.invited", row, by=by, at=at)
    return str(invitation.pk)


@transaction.atomic
def revoke_invitation(*, person: str, by: Who, at: datetime) -> None:
    """Take the link back; the person may not sign in. Raises PersonUnknown, InvitationUnknown."""
    row = operations.person_of(person, by=by)
    if not _open(by).filter(person=row).update(revoked_at=at, next_attempt_at=None):
        raise InvitationUnknown(person)
    if not row.has_usable_password():
        row.is_active = False
        row.save(update_fields=["is_active"])
    _note("person.invitation_revoked", row, by=by, at=at)


def look(*, token: str, at: datetime) -> InvitationView:
    """What stands behind a link. Raises InvitationUnknown, -Used, -Revoked, -Expired, -Replaced. One query."""
    row = _good(token, at=at)
    person = row.person
    return InvitationView(house_name=row.house.name, email=person.email, name=person.name, language=person.language)


@transaction.atomic
def accept(*, token: str, name: str, password: str, language: str, at: datetime) -> Person:
    """The person chooses her name, password and language; the link is good no longer. Gives the person.

    Raises what `look` does, NameMissing, LanguageUnknown, PasswordWeak.
    """
    row = _good(token, at=at, lock=True)
    if not name.strip():
        raise NameMissing("")
    if language not in Language.values:
        raise operations.LanguageUnknown(language[:8])
    person = row.person
    person.name, person.language = name.strip()[:NAME_LIMIT], language
    operations.set_password(person, password)
    person.save(update_fields=["name", "language", "password"])
    row.accepted_at, row.next_attempt_at = at, None
    row.save(update_fields=["accepted_at", "next_attempt_at"])
    _note("person.invitation_accepted", person, by=who_is(person), at=at)
    return person


def take_due(*, at: datetime, lease: timedelta) -> DueInvitation | None:
    """Take one mail that is due, the longest due first; None when there is none."""
    free = Q(leased_until=None) | Q(leased_until__lte=at)
    due = Invitation.objects.filter(free, next_attempt_at__lte=at).select_related("house", "person")
    for row in due.order_by("next_attempt_at", "pk")[:20]:
        mine = Invitation.objects.filter(
            free, pk=row.pk, number=row.number, attempts=row.attempts, next_attempt_at=row.next_attempt_at
        ).update(leased_until=at + lease, attempts=row.attempts + 1)
        if mine:
            return DueInvitation(
                invitation=row.pk,
                number=row.number,
                attempt=row.attempts + 1,
                key=row.key,
                house=row.house.slug,
                house_name=row.house.name,
                time_zone=row.house.time_zone,
                email=row.person.email,
                language=row.person.language,
                invited_by=row.by_name,
                expires_at=row.expires_at,
                token=token_of(row),
            )
    return None


def finish(taken: DueInvitation, *, at: datetime, sent: bool, again: timedelta | None = None, why: str = "") -> None:
    """Write how the try ended: sent, to be tried again after `again`, or given up. Nothing when the lease was lost."""
    rows = Invitation.objects.filter(pk=taken.invitation, number=taken.number, attempts=taken.attempt)
    rows = rows.filter(next_attempt_at__isnull=False)
    rows.update(
        leased_until=None,
        sent_at=at if sent else None,
        next_attempt_at=None if sent or again is None else at + again,
        why=why[:200],
    )


def _open(by: Who) -> HouseQuerySet[Invitation]:
    rows = Invitation.objects.for_house(by.house_key).select_for_update()
    return rows.filter(accepted_at__isnull=True, revoked_at__isnull=True)


def _good(token: str, *, at: datetime, lock: bool = False) -> Invitation:
    key, number = _read(token)
    rows = Invitation.objects.select_related("house", "person", "person__house")
    row = (rows.select_for_update(of=("self",)) if lock else rows).filter(pk=key).first()
    if row is None:
        raise InvitationUnknown(token[:8])
    if row.accepted_at is not None or row.person.has_usable_password():
        raise InvitationUsed(str(key))
    if row.revoked_at is not None or not row.person.is_active:
        raise InvitationRevoked(str(key))
    if row.number != number:
        raise InvitationReplaced(str(key))
    if row.expires_at <= at:
        raise InvitationExpired(str(key))
    return row


def _read(token: str) -> tuple[int, int]:
    try:
        body = signing.loads(token[: TOKEN_LIMIT + 1], salt=SALT)
    except (signing.BadSignature, ValueError) as error:
        raise InvitationUnknown(token[:8]) from error
    if not isinstance(body, list) or [type(each) for each in body] != [int, int] or not 0 < body[0] <= _LARGEST:
        raise InvitationUnknown(token[:8])
    return body[0], body[1]


def _note(action: str, person: Person, *, by: Who, at: datetime) -> None:
    detail = {"email": person.email}
    audit.note(by=by, at=at, action=action, subject=f"foundation.person:{person.pk}", detail=detail)
    outbox.announce(PersonChanged(house=by.house, at=at, person=str(person.pk)))
