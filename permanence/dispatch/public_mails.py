# SPDX-License-Identifier: AGPL-3.0-or-later
"""Due work of the post: mails, and codes by SMS, to patients who book by themselves.

Date, hour, practice and link, never a reason. Where the code went by SMS nobody proved the mail: no link goes there.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from email.message import EmailMessage
from functools import partial
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from permanence.agenda.operations import public_mails
from permanence.agenda.operations.public_mails import DuePublicMail
from permanence.agenda.place_words import told_line
from permanence.agenda.queries import appointments as agenda
from permanence.agenda.queries.views import AppointmentView
from permanence.agenda.rules.kinds import Way
from permanence.agenda.rules.public import OVERTAKEN, PublicMailKind
from permanence.callers import queries as callers
from permanence.dispatch import post, sms_operations
from permanence.dispatch.calendar_operations import invitation_of
from permanence.dispatch.channels.email.calendar import add_calendar
from permanence.dispatch.channels.email.content import Addressed, letter
from permanence.dispatch.channels.email.relay import Envelope, Relay, RelaySettings
from permanence.dispatch.post import RUN_LIMIT
from permanence.dispatch.reminder_queries import contact_rule
from permanence.dispatch.rules import LEASE, Attempt, Outcome, ended
from permanence.dispatch.tasks import relay_settings
from permanence.foundation import dates, moments
from permanence.foundation.operations import house_system
from permanence.kernel.refusals import Refusal
from permanence.kernel.system import SystemEntropy


def run_public(
    *,
    at: datetime,
    relay: RelaySettings | None = None,
    limit: int = RUN_LIMIT,
    stop: Callable[[], bool] = lambda: False,
) -> int:
    """Send those that are due at `at`; gives how many were tried. Must not be called inside a transaction."""
    with Relay(relay or relay_settings()) as connection:

        def finish(taken: DuePublicMail, attempt: Attempt) -> None:
            sent, again = ended(attempt, taken.attempt)
            public_mails.finish(taken, at=at, sent=sent, again=again, why=attempt.why)

        return post.send_each(
            "public mail",
            take=partial(public_mails.take_due, at=at, lease=LEASE),
            send=lambda taken: _send(taken, connection, at=at),
            finish=finish,
            limit=limit,
            stop=stop,
        )


def compose(taken: DuePublicMail, *, at: datetime) -> EmailMessage:
    """The mail, in the language in which he booked. Sender and subject name the practice where it allows that: what is
    seen at a glance could tell what somebody is ill with.

    Raises ValueError for an address that cannot stand in a header.
    """
    zone = ZoneInfo(taken.time_zone)
    rule = contact_rule(house=taken.house, client=taken.client)
    about = Addressed(
        key=taken.key,
        house=taken.house,
        house_name=taken.practice if rule.names_practice else taken.house_name,
        sender=settings.PERMANENCE.mail_from,
        recipient=taken.mail,
        language=taken.language,
    )
    path = f"/rdv/{taken.slug}/visit/{taken.token}" if taken.token else ""
    link = f"{settings.PERMANENCE.web_url}{path}" if path else ""
    visit = _visit(taken)
    # who joins by video is there: that link too is for an address that is his alone
    told = taken.is_proved or visit is None or visit.way is not Way.TELE
    with translation.override(taken.language), timezone.override(zone):
        day, hour = (
            dates.say(taken.starts_at.astimezone(zone), dates.Form.NAMED_WHOLE),
            moments.hour_there(taken.starts_at.astimezone(zone)),
        )
        subject = _subject(taken.kind)
        context = {
            "subject": subject,
            "mail": taken,
            "when": f"{day}, {hour}",
            "until": moments.hour_there(taken.until.astimezone(zone)),
            "link": link,
            "place": "" if visit is None else told_line(visit, house=taken.house, named=told),
        }
        text = render_to_string("dispatch/public.txt", context)
        html = render_to_string("dispatch/public.html", context)
    mail = letter(about, subject=subject, text=text, html=html, at=at.astimezone(zone))
    if visit is not None:
        _for_calendar(mail, taken, visit, about, link=link, named=rule.names_practice, told=told)
    return mail


def _visit(taken: DuePublicMail) -> AppointmentView | None:
    """The appointment that is told; None for a code, and in a mail that a later one overtakes."""
    if not taken.visit or taken.code:
        return None
    visit = agenda.appointment(by=house_system(house=taken.house), appointment=taken.visit)
    return visit if visit.revision == taken.number else None


def _for_calendar(
    mail: EmailMessage,
    taken: DuePublicMail,
    visit: AppointmentView,
    about: Addressed,
    *,
    link: str,
    named: bool,
    told: bool,
) -> None:
    """The same as an entry for his calendar. `told`: where it is, and not the way alone."""
    with translation.override(taken.language):
        entry = invitation_of(
            visit,
            by=house_system(house=taken.house),
            address=taken.mail,
            practice=taken.practice if named else "",
            sender=about.house_name,
            is_cancelled=taken.kind is PublicMailKind.CANCELLED,
            link=link,
        )
        if not told:
            entry = replace(entry, place=told_line(visit, house=taken.house, named=False))
    add_calendar(mail, entry)


def _send(taken: DuePublicMail, relay: Relay, *, at: datetime) -> Attempt:
    if _is_overtaken(taken, at=at):
        return Attempt(outcome=Outcome.REFUSED, why=OVERTAKEN)
    if taken.number_of_sms:
        return _by_sms(taken, at=at)
    try:
        mail = compose(taken, at=at)
    except (ValueError, IndexError) as error:  # an address that cannot stand in a header (RFC 5322)
        return Attempt(outcome=Outcome.REFUSED, why=f"{type(error).__name__}: {error}"[:200])
    envelope = Envelope(sender=settings.PERMANENCE.mail_from, recipient=taken.mail, key=taken.key)
    return relay.send(mail, envelope)


def _is_overtaken(taken: DuePublicMail, *, at: datetime) -> bool:
    """Whether what it says is no longer so: the hour is over, the appointment is another one by now, or its patient has
    died.
    """
    is_told = bool(taken.visit) and not taken.code
    return taken.starts_at <= at or (is_told and not _is_of_the_living(_visit(taken)))


def _is_of_the_living(visit: AppointmentView | None) -> bool:
    """Whether it is told, and to a patient who lives, as far as anybody said."""
    if visit is None:
        return False
    found = callers.standing_of(pairs=[(visit.client, visit.patient)])
    return not any(each.is_deceased for each in found.values())


def _by_sms(taken: DuePublicMail, *, at: datetime) -> Attempt:
    """The code goes as an SMS; never as a mail instead, for it proves the number."""
    by = house_system(house=taken.house)
    to = {"client": taken.client, "number": taken.number_of_sms, "language": taken.language, "code": taken.code}
    try:
        sms_operations.send_code(**to, by=by, at=at, entropy=SystemEntropy())
    except Refusal as refusal:
        return Attempt(outcome=Outcome.REFUSED, why=refusal.code)
    return Attempt(outcome=Outcome.SENT)


def _subject(kind: PublicMailKind) -> str:
    return {
        PublicMailKind.CODE: _("Your code"),
        PublicMailKind.BOOKED: _("Your appointment is booked"),
        PublicMailKind.MOVED: _("Your appointment was moved"),
        PublicMailKind.CANCELLED: _("Your appointment was cancelled"),
    }[kind]
