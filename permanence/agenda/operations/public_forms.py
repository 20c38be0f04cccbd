# SPDX-License-Identifier: AGPL-3.0-or-later
"""A patient books by himself: he takes a slot, says who he is, types the code he was sent. The system acts for him.

Nothing that is answered here depends on whether the practice knows him. He becomes a patient that is there already
only when name, first name and birth date are the same and the mail or number that he proved is in the file; else a new
provisional one: where he looks like somebody who is there, a secretary compares the two (`newcomers`).
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F

from permanence.agenda.models import PublicForm
from permanence.agenda.operations import appointments, holds
from permanence.agenda.operations.acts import busy_named, locked, reach
from permanence.agenda.operations.answers import asked
from permanence.agenda.operations.appointments import Booking
from permanence.agenda.operations.knocks import forget, hand_on, knock
from permanence.agenda.operations.newcomers import note_newcomer
from permanence.agenda.operations.public_mails import queue
from permanence.agenda.operations.taking import judged
from permanence.agenda.queries.agendas import KEY, known_key
from permanence.agenda.queries.public import (
    FormView,
    form_row,
    form_view,
    hold_of,
    holder_of,
    is_code,
    page,
    page_row,
    visit_key,
)
from permanence.agenda.refusals import (
    ActKeyMalformed,
    ActKeyTaken,
    AddressMissing,
    CodeOver,
    CodeWrong,
    FormIncomplete,
    FormUnknown,
    HoldUnknown,
    QuestionsUnanswered,
    SlotRefused,
)
from permanence.agenda.rules.kinds import Asker
from permanence.agenda.rules.public import (
    CODE_AGAIN,
    CODE_TIME,
    CODE_TRIES,
    FORM_TIME,
    MOST_CODES,
    Knock,
    PublicMailKind,
    typed_code,
)
from permanence.agenda.rules.states import Door
from permanence.agenda.rules.why_not import NotBookable
from permanence.agenda.rules.wishes import Wish
from permanence.callers import operations as callers
from permanence.callers import queries as patients
from permanence.callers.rules.birth import BirthDate
from permanence.callers.rules.form import PatientForm, read_form
from permanence.callers.rules.identity import ContactWay
from permanence.callers.rules.likeness import Like, Traits
from permanence.callers.rules.no_show import judge
from permanence.callers.search import duplicates
from permanence.countries.numbers import takes_code
from permanence.foundation import secrecy
from permanence.foundation.who import Who, system_of

PURPOSE = "agenda.public_form"
KEY_LIMIT = 32
"""Characters of a form's id at most: that of its hold is longer."""
SAME = frozenset({Like.SAME_BIRTH_DATE, Like.SAME_NAME, Like.SAME_FIRST_NAME})


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who he says he is, as typed."""

    last_name: str
    first_name: str
    birth_date: str
    number: str
    mail: str
    agrees: bool = False
    """Whether he may be reminded, the way the code was sent."""
    by_sms: bool = False
    """Whether the code goes to the number, instead of to the mail."""

    def as_patient(self, *, language: str) -> PatientForm:
        """As the room of the callers reads it."""
        return PatientForm(
            used_name=self.last_name,
            first_name=self.first_name,
            birth_date=self.birth_date,
            numbers=(self.number,),
            mail=self.mail,
            language=language,
        )


@busy_named()
def begin(
    *,
    slug: str,
    key: str,
    agenda: str,
    reason: str,
    starts_at: datetime,
    is_new: bool,
    language: str,
    address: str,
    at: datetime,
    instead: str = "",
) -> FormView:
    """Take a slot for the time it takes to fill in the form; `key`, made by the page, is its id: the same again,
    before he says who he is, gives the same form. `instead`: one whose slot is given back once the other one is his.

    Raises PageUnknown, ActKeyMalformed, ActKeyTaken, TooManyKnocks, and what `holds.hold_slot` raises.
    """
    if not KEY.match(key) or len(key) > KEY_LIMIT:
        raise ActKeyMalformed(f"{key[:50]!r}")
    shown = page(slug)
    shown.offer(agenda).reason(reason)
    by, row = shown.by, page_row(slug)
    wanted = {"page_id": row.pk, "agenda_id": int(agenda), "reason_id": int(reason), "starts_at": starts_at}
    wanted["is_new"] = is_new
    before = PublicForm.objects.for_house(by.house_key).filter(key=key).first()
    if before is not None:
        if before.code_sent_at is not None or any(getattr(before, name) != value for name, value in wanted.items()):
            raise ActKeyTaken(key)  # also once it says who he is: a page proves nobody
        return form_view(before)
    # a refused one counts too
    knock(what=Knock.HOLD, who=address, house=row.house_id, client=row.client_id, form=key, at=at)
    with transaction.atomic():
        if instead:
            _give_back_for(agenda, slug=slug, key=instead, at=at)
            hand_on(house=row.house_id, form=known_key(instead), to=key)
        held = holds.hold_slot(
            key=hold_of(key),
            agenda=agenda,
            reason=reason,
            starts_at=starts_at,
            by=by,
            at=at,
            door=Door.PUBLIC,
            holder=holder_of(key),
            is_new=is_new,
        )
        first = {
            "client_id": row.client_id,
            "language": language,
            "ends_at": held.ends_at,
            "held_until": held.expires_at,
            "made_at": at,
            "expires_at": at + FORM_TIME,
            **wanted,
        }
        # the same page, sent twice at one moment, is one form
        made, _new = PublicForm.objects.get_or_create(house_id=row.house_id, key=key, defaults=first)
    return form_view(made)


def _give_back_for(agenda: str, *, slug: str, key: str, at: datetime) -> None:
    """Inside a transaction in which a slot of that agenda is taken: both agendas are locked in their order."""
    with suppress(FormUnknown):
        locked([form_row(slug, key, at=at, lock=True).agenda_id, int(agenda)])
    give_back(slug=slug, key=key, at=at)


@busy_named()
def give_back(*, slug: str, key: str, at: datetime) -> None:
    """He wants another slot: this one is free, and its form is over. Nothing where there is none, or it was booked."""
    try:
        with transaction.atomic():
            row = form_row(slug, key, at=at, lock=True)
            if row.booked_at is None:
                PublicForm.objects.filter(pk=row.pk).update(expires_at=at, sealed="", mail="")
                by = system_of(row.agenda.house)
                holds.release_hold(hold=hold_of(row.key), by=by, at=at, holder=holder_of(row.key))
    except (FormUnknown, HoldUnknown):
        return


@busy_named()
def tell(
    *,
    slug: str,
    key: str,
    identity: Identity,
    said: Mapping[str, str],
    language: str,
    address: str,
    at: datetime,
) -> FormView:
    """He says who he is, and is sent a code. The same at once again sends no other one. The time that is kept for him
    is judged as when he took it.

    `said`: question -> answer, those of the reason and for a visit at home `rules.answers.ADDRESS`. Raises PageUnknown,
    FormUnknown, FormIncomplete, CodeOver (no more codes for this form), SlotRefused, SlotAlreadyTaken, TooManyKnocks,
    and what callers' `read_form` raises.
    """
    row = form_row(slug, key, at=at)
    if row.booked_at is not None:
        return form_view(row)
    kept = read_form(identity.as_patient(language=language), country=row.agenda.client.country, on=_today(row, at))
    lacking = [name for name in ("first_name", "birth_date", "mail") if not kept.fields[name]]
    if lacking or not kept.numbers:
        raise FormIncomplete((*lacking, "number")[0])
    birth = BirthDate.from_iso(str(kept.fields["birth_date"]))
    if not birth.is_whole:
        raise FormIncomplete("birth_date")
    if identity.by_sms and not takes_code(kept.numbers[0]):
        raise FormIncomplete("number")
    wish = _wish(row, birth, _yes_to(row, said))
    kept_at = holds.kept_since(row.agenda, row.starts_at, held_for=wish.holder, at=at)
    judged(reach(str(row.agenda_id), by=system_of(row.agenda.house)), wish, starts=row.starts_at, at=kept_at)
    told = json.dumps({"identity": asdict(identity), "said": dict(said), "language": language})
    with transaction.atomic():
        fresh = form_row(slug, key, at=at, lock=True)
        if _said_just_now(fresh, told, at=at):
            return form_view(fresh)
        if fresh.code_number >= MOST_CODES:
            raise CodeOver(key)
        counted = [(Knock.CODE, address), (Knock.MAIL, str(kept.fields["mail"])), (Knock.NUMBER, kept.numbers[0])]
        counted += [(Knock.SMS, row.agenda.house.slug)] if identity.by_sms else []
        for what, who in counted:
            knock(what=what, who=who, house=row.house_id, client=row.client_id, at=at)
        fresh.sealed = secrecy.seal(told, house=row.agenda.house.slug, purpose=PURPOSE)
        fresh.mail, fresh.language = str(kept.fields["mail"]), language
        fresh.by_sms, fresh.number = identity.by_sms, kept.numbers[0]
        fresh.code_number, fresh.code_tries, fresh.code_sent_at = fresh.code_number + 1, 0, at
        fresh.expires_at = max(fresh.expires_at, at + CODE_TIME)  # no code outlives its form
        fresh.save()
        queue(fresh, PublicMailKind.CODE, number=fresh.code_number, starts_at=fresh.starts_at, at=at)
    return form_view(fresh)


def told_before(*, slug: str, key: str, at: datetime) -> Identity | None:
    """Who he said he is, for him to correct; None before he said it, and where it cannot be read.

    What he answered to the practice's questions is told to nobody again: the key of a form proves no browser. Raises
    PageUnknown, FormUnknown.
    """
    row = form_row(slug, key, at=at)
    try:
        return Identity(**_opened(row)["identity"]) if row.sealed else None
    except secrecy.SealBroken:
        return None


def tell_again(*, slug: str, key: str, address: str, at: datetime) -> FormView:
    """Send another code; the one before is good no longer. Raises what `tell` raises."""
    said = _opened(form_row(slug, key, at=at))
    return tell(
        slug=slug,
        key=key,
        identity=Identity(**said["identity"]),
        said=said["said"],
        language=said["language"],
        address=address,
        at=at,
    )


@busy_named()
def confirm(*, slug: str, key: str, code: str, at: datetime) -> FormView:
    """He types the code: the slot is his. A form that was booked stays so, whatever is typed.

    Raises PageUnknown, FormUnknown, FormIncomplete, CodeWrong, CodeOver, SlotRefused, SlotAlreadyTaken, AgendaBusy:
    then nothing was booked.
    """
    row = form_row(slug, key, at=at)
    if row.booked_at is not None:
        return form_view(row)
    _check_code(row, typed_code(code), at=at)
    proved = row.code_number
    with transaction.atomic():
        row = form_row(slug, key, at=at, lock=True)
        if row.booked_at is not None:
            return form_view(row)
        if row.code_number != proved:  # he said meanwhile that he is somebody else, or at another address
            raise CodeWrong(row.key)
        said, by = _opened(row), system_of(row.agenda.house)
        _yes_to(row, said["said"])  # the practice may ask more than it did then
        patient, is_added = _patient(row, Identity(**said["identity"]), language=said["language"], by=by, at=at)
        booking = Booking(
            patient=patient,
            reason=str(row.reason_id),
            door=Door.PUBLIC,
            holder=holder_of(key),
            new_here=row.is_new,
            said=said["said"],
        )
        made = appointments.book(
            key=visit_key(key), agenda=str(row.agenda_id), starts_at=row.starts_at, booking=booking, by=by, at=at
        )
        if is_added:
            note_newcomer(appointment=made.appointment, by=by, at=at)
        if said["identity"].get("agrees"):
            way = ContactWay.SMS if row.by_sms else ContactWay.MAIL
            callers.note_consent(client=str(row.client_id), patient=patient, way=way, given=True, by=by, at=at)
        row.booked_at, row.visit, row.sealed, row.ends_at = at, made.appointment, "", made.ends_at
        row.save()
        forget(house=row.house_id, form=row.key)
        queue(row, PublicMailKind.BOOKED, number=made.revision, starts_at=made.starts_at, at=at)
    return form_view(row)


def _check_code(row: PublicForm, typed: str, *, at: datetime) -> None:
    """One try is counted before the code is looked at, so that many at once count too."""
    if row.code_sent_at is None:
        raise FormIncomplete("code")
    tries = PublicForm.objects.filter(pk=row.pk, code_number=row.code_number, code_tries__lt=CODE_TRIES)
    if row.code_sent_at + CODE_TIME <= at or not tries.update(code_tries=F("code_tries") + 1):
        raise CodeOver(row.key)
    if not is_code(row.key, row.code_number, typed):
        raise CodeWrong(row.key)


def _today(row: PublicForm, at: datetime) -> date:
    """The day at the practice."""
    return at.astimezone(ZoneInfo(row.agenda.client.time_zone)).date()


def _wish(row: PublicForm, birth: BirthDate, yes_to: frozenset[str]) -> Wish:
    return Wish(
        reason=str(row.reason_id),
        is_new=row.is_new,
        born=birth.days,
        asked_by=Asker.ONLINE,
        holder=holder_of(row.key),
        yes_to=yes_to,
    )


def _said_just_now(row: PublicForm, said: str, *, at: datetime) -> bool:
    if row.code_sent_at is None or at - row.code_sent_at >= CODE_AGAIN or not row.sealed:
        return False
    return secrecy.unseal(row.sealed, house=row.agenda.house.slug, purpose=PURPOSE) == said


def _opened(row: PublicForm) -> dict[str, Any]:
    if not row.sealed:
        raise FormIncomplete("identity")
    said: dict[str, Any] = json.loads(secrecy.unseal(row.sealed, house=row.agenda.house.slug, purpose=PURPOSE))
    if "said" not in said:
        raise FormIncomplete("said")
    return said


def _yes_to(row: PublicForm, said: Mapping[str, str]) -> frozenset[str]:
    """The questions that forbid the visit, for they were answered by yes. Raises FormIncomplete."""
    try:
        return asked(row.agenda, str(row.reason_id), said, on_file="")
    except (QuestionsUnanswered, AddressMissing) as refusal:
        raise FormIncomplete(refusal.code) from refusal


def _patient(row: PublicForm, identity: Identity, *, language: str, by: Who, at: datetime) -> tuple[str, bool]:
    """The one patient whom he proved to be by mail or number, else a new one; and whether he is new.

    Raises SlotRefused where he may not book by himself.
    """
    form, client = identity.as_patient(language=language), str(row.client_id)
    kept = read_form(form, country=row.agenda.client.country, on=_today(row, at))
    traits = Traits(
        used_name=str(kept.fields["used_name"]),
        first_name=str(kept.fields["first_name"]),
        birth=BirthDate.from_iso(str(kept.fields["birth_date"])),
        numbers=frozenset(kept.numbers),
    )
    mail = str(kept.fields["mail"]).casefold()
    same = [
        each.patient
        for each in duplicates(house=by.house, client=client, traits=traits)
        if set(each.likeness.reasons) >= SAME
        and (row.number in each.patient.numbers if row.by_sms else each.patient.mail.casefold() == mail)
    ]
    standing = {each.id: each for each in same if not each.merged_into and not each.is_deceased}
    if len(standing) != 1:
        return callers.add_patient(client=client, patient=visit_key(row.key), form=form, by=by, at=at).id, True
    found = next(iter(standing.values()))
    if judge(patients.no_show_rule(house=by.house, client=client), found.no_shows).blocks_online:
        raise SlotRefused(NotBookable(asked_by=Asker.ONLINE, by=(Asker.SECRETARY,)))
    return found.id, False
