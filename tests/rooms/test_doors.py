# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every address of the site, and who may GET or POST it: a new address that is not in the table fails.

Nobody: 302 to the sign-in page. Signed in without the role: 403. A way the page does not have: 405. What is of house A
is not there (404) for the same role of house B, and the trail keeps that he asked. No GET or HEAD changes another row
or a file.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.db import transaction
from django.test import Client as Browser
from django.urls import URLResolver, get_resolver, reverse

from permanence.agenda import elsewhere_operations as elsewhere
from permanence.agenda.interop import devices, feeds
from permanence.agenda.interop.for_others import owners
from permanence.agenda.models import Appointment, Newcomer
from permanence.agenda.operations import appointments, blocks, public_pages, waiting_list, waiting_offers
from permanence.agenda.operations import reasons as agenda_reasons
from permanence.agenda.operations import setting as agenda_setting
from permanence.agenda.operations.appointments import Booking
from permanence.agenda.operations.day import ask_follow_up
from permanence.agenda.operations.interface import make_token
from permanence.agenda.operations.waiting_list import Waits
from permanence.agenda.queries import agendas, waiting
from permanence.agenda.queries.follow_ups import open_follow_ups
from permanence.agenda.rules import kinds
from permanence.agenda.rules.elsewhere import ElsewhereForm
from permanence.agenda.rules.follow_ups import Wanted
from permanence.callers import operations as callers
from permanence.callers.rules.form import PatientForm
from permanence.calls.models import Call
from permanence.clients import absences, announcement_operations, approvals, external_agendas, forwarding
from permanence.clients import operations as client_operations
from permanence.clients.access import choose_clients
from permanence.clients.agenda_queries import held_agendas
from permanence.clients.models import Client, ForwardingCode, Instruction, PortalUser
from permanence.clients.rules.approvals import ProposalKind
from permanence.countries.forwarding import Access, ForwardingKind
from permanence.dispatch.models import Sms, SmsReply, Unreached
from permanence.dispatch.sms_operations import REPLY, TEXT
from permanence.foundation import operations, secrecy
from permanence.foundation.access import ASKED_IN_VAIN, NAMING, NOT_THERE
from permanence.foundation.models import AuditEntry, House, Person
from permanence.foundation.rules import Role
from permanence.foundation.who import who_is
from permanence.kernel.system import SystemEntropy
from permanence.messaging import operations as messaging
from permanence.messaging.rules import MessageForm
from permanence.staff import membership
from permanence.staff import operations as staff
from permanence.switchboard.models import Trunk
from tests.rooms.conftest import NOW, OTHER_PASSWORD, SignedInBrowser
from tests.rooms.remembered import rows_of_tables

pytestmark = pytest.mark.django_db

MESSAGE, CALL, ACT, VISIT, PLACE, BLOCK = "m" * 20, "call-of-house-a", "a" * 20, "v" * 20, "w" * 20, "b" * 20
SECRETS = (
    "Jeanne Canarie",
    "CANARI-PATIENT",
    "+352621000147",
    "621 000 147",
    "anticoagulant-canari",
    "instruction-canari",
    "renvoi-canari",
    "pool-canari",
    "agenda-canari",
    "approval-canari",
    "annonce-canari",
    "absence-canari",
    CALL,
)
"""What the other house, and nobody, must ever see."""
HOUSE_ROLES = ("secretary", "supervisor", "owner")
INLINE = re.compile(r"<(?:script|style)(?![^>]*(?:\bsrc=|application/json))[^>]*>|\son[a-z]+=\"|\sstyle=\"")
"""What the policy would stop: script and style of the page itself without a nonce."""
DJANGOS_OWN = {"backstage:jsi18n", "backstage:password_change", "backstage:password_change_done"}
"""Pages of Django's that show nothing of a house."""
ROLES = ("portal", *HOUSE_ROLES)
OPEN = ("nobody", *ROLES)


@dataclass(frozen=True)
class Door:
    """`get` and `post`: the status for each who may; for everybody else the rule of the module. `args` of the address,
    `query` and `body` so that who may gets through. `other`: the status for the same role of house B.
    `writes`: the tables a GET may add to, with the reason in a comment of the table."""

    get: dict[str, int] = field(default_factory=dict)
    post: dict[str, int] = field(default_factory=dict)
    args: tuple[str, ...] = ()
    query: str = ""
    body: dict[str, str] = field(default_factory=dict)
    other: int | None = None
    writes: tuple[str, ...] = ()
    has_get: bool = True


def to(status: int, *roles: str) -> dict[str, int]:
    return dict.fromkeys(roles, status)


def admin(name: str, *, args: tuple[str, ...] = (), get: int = 200, post: int = 200) -> dict[str, Door]:
    """A page of the back office: the owner's. Others are sent to its sign-in page, which refuses."""
    other = 404 if args else None
    return {f"backstage:{name}": Door(get=to(get, "owner"), post=to(post, "owner"), args=args, other=other)}


def supervised(name: str, *, args: tuple[str, ...] = (), get: int = 200, post: int = 200) -> dict[str, Door]:
    """A page of the back office that a supervisor may open too; `post`: what she gets, an owner may."""
    may, other = {"owner": 302 if get == 302 else 200}, 404 if args else None
    return {
        f"backstage:{name}": Door(
            get={"owner": get, "supervisor": get}, post={**may, "supervisor": post}, args=args, other=other
        )
    }


def model(
    name: str, *, add: bool = True, change: int = 200, delete: bool = False, add_post: int = 200
) -> dict[str, Door]:
    """The five pages of a table, by what the house allows."""
    key = ("{" + name + "}",)
    return {
        **admin(f"{name}_changelist"),
        **admin(f"{name}_add", get=200 if add else 403, post=add_post if add else 403),
        **admin(f"{name}_change", args=key, get=200, post=200 if change == 200 else 403),
        **admin(f"{name}_history", args=key),
        **admin(f"{name}_delete", args=key, get=200 if delete else 403, post=200 if delete else 403),
    }


ANYBODY_302 = to(302, *OPEN)
DOORS: dict[str, Door] = {
    "home": Door(get=ANYBODY_302, post=to(405, *OPEN)),
    "login": Door(get={**to(200, *OPEN), **to(302, "portal", "secretary", "supervisor", "owner")}, post=to(422, *OPEN)),
    "logout": Door(get=to(405, *OPEN), post=ANYBODY_302),
    "language": Door(get=to(405, *OPEN), post=ANYBODY_302),
    "theme": Door(get=to(405, *OPEN), post=ANYBODY_302),
    "console:page": Door(get=to(200, "secretary")),
    "console:ticket": Door(get=to(200, "secretary"), query="seat=abc123"),
    "console:place": Door(get=to(200, "secretary"), post=to(422, "secretary")),
    "console:keys": Door(has_get=False, post=to(422, "secretary")),
    "console:messages": Door(has_get=False, post=to(422, "secretary")),
    "console:drafts": Door(get=to(200, "secretary")),
    "console:draft": Door(has_get=False, post=to(405, *ROLES), args=(CALL,)),
    "console:number": Door(get=to(200, "secretary"), query="text=621000147&client={client}"),
    "console:messages-fragment": Door(get=to(200, "secretary")),
    "console:message": Door(get=to(200, "secretary"), args=(MESSAGE,), other=404),
    "console:send-again": Door(has_get=False, post=to(200, "secretary"), args=(MESSAGE,), other=404),
    "console:to-read": Door(get=to(200, "secretary")),
    "console:read": Door(has_get=False, post=to(204, "secretary"), args=("{read}", "1"), other=404),
    "console:red-flags": Door(has_get=False, post=to(422, "secretary")),
    "console:elsewhere": Door(has_get=False, post=to(422, "secretary")),
    "console:elsewhere-correct": Door(has_get=False, post=to(422, "secretary"), args=(ACT,), other=404),
    "console:elsewhere-undo": Door(has_get=False, post=to(200, "secretary"), args=(ACT,), other=404),
    "console:elsewhere-fragment": Door(get=to(200, "secretary")),
    "console:open-tasks": Door(get=to(200, "secretary")),
    "console:patients": Door(has_get=False, post=to(422, "secretary")),
    "console:patient-find": Door(get=to(200, "secretary"), query="client={client}&words=140361", other=404),
    "console:patient-add": Door(has_get=False, post=to(404, "secretary")),
    "console:patient-file": Door(get=to(200, "secretary"), post=to(422, "secretary"), args=("{patient}",), other=404),
    "console:patient-compare": Door(get=to(200, "secretary"), args=("{patient}", "{twin}"), other=404),
    "console:patient-export": Door(has_get=False, post=to(200, "secretary"), args=("{patient}",), other=404),
    "console:patient-of": Door(get=to(302, "secretary"), args=(VISIT,), other=404),
    "console:patients-fragment": Door(
        get=to(200, "secretary"), query="client={client}&words=140361&number=%2B352621000147", other=404
    ),
    "console:agenda": Door(get=to(200, "secretary")),
    "console:agenda-setting": Door(get=to(200, "secretary")),
    "console:agenda-start": Door(get=to(200, "secretary"), query="client={client}&number=%2B352621000147", other=404),
    "console:agenda-why": Door(
        get=to(200, "secretary"), query="agenda={agenda}&day=2026-11-30&minute=540&reason=1", other=404
    ),
    "console:agenda-nearest": Door(
        get=to(200, "secretary"), query="agenda={agenda}&day=2026-11-30&minute=540&reason=1", other=404
    ),
    "console:agenda-late-concerned": Door(get=to(200, "secretary"), query="agenda={agenda}", other=404),
    "console:agenda-grid": Door(get=to(200, "secretary"), query="client={client}&day=2026-11-30", other=404),
    "console:agenda-lane": Door(get=to(200, "secretary"), query="agenda={agenda}&day=2026-11-30", other=404),
    "console:agenda-paper": Door(get=to(200, "secretary"), query="client={client}&day=2026-11-30", other=404),
    "console:agenda-coming": Door(get=to(200, "secretary"), query="client={client}", other=404),
    "console:agenda-slots": Door(get=to(200, "secretary"), query="client={client}", other=404),
    **{
        f"console:agenda-{act}": Door(has_get=False, post=to(422, "secretary"))
        for act in (
            "hold",
            "release",
            "book",
            "overbook",
            "series",
            "move",
            "move-back",
            "cancel",
            "mark",
            "block",
            "unblock",
            "late",
        )
    },
    "console:agenda-series-plan": Door(
        get=to(200, "secretary"), query="client={client}&reason={visit_reason}&days=0,7", other=404
    ),
    "console:agenda-late-back": Door(has_get=False, post=to(422, "secretary")),
    "console:agenda-consent-said": Door(has_get=False, post=to(422, "secretary")),
    "console:agenda-consent": Door(get=to(200, "secretary"), query="client={client}&patient={patient}", other=404),
    "console:agenda-visit": Door(get=to(200, "secretary"), query="appointment={visit}", other=404),
    "console:follow-ups": Door(get=to(200, "secretary")),
    "console:follow-up": Door(has_get=False, post=to(422, "secretary"), args=("{follow_up}",), other=404),
    "console:follow-up-back": Door(has_get=False, post=to(302, "secretary"), args=("{follow_up}",), other=404),
    "console:left-booked": Door(has_get=False, post=to(302, "secretary"), args=("{absence}", "{visit}"), other=404),
    "console:reply": Door(has_get=False, post=to(302, "secretary"), args=("{reply}",), other=404),
    "console:newcomer": Door(has_get=False, post=to(302, "secretary"), args=("{newcomer}",), other=404),
    "console:unreached": Door(has_get=False, post=to(302, "secretary"), args=("{unreached}",), other=404),
    "console:history": Door(get=to(200, "secretary"), query="client={client}&number=%2B352621000147"),
    "console:waiting": Door(get=to(200, "secretary")),
    "console:waiting-form": Door(
        get=to(200, "secretary"), query="client={client}&patient={patient}&reason={visit_reason}", other=404
    ),
    "console:waiting-add": Door(has_get=False, post=to(422, "secretary")),
    "console:waiting-take-back": Door(has_get=False, post=to(422, "secretary")),
    "console:waiting-place": Door(has_get=False, post=to(422, "secretary"), args=("{place}",), other=404),
    "console:waiting-offer": Door(has_get=False, post=to(422, "secretary"), args=("{offer}",), other=404),
    "console:waiting-freed": Door(has_get=False, post=to(302, "secretary"), args=("{freed}",), other=404),
    "portal_waiting": Door(get=to(200, "portal"), post=to(422, "portal"), args=("{client}", "{agenda}"), other=404),
    "portal": Door(get=to(200, "portal")),
    "portal_message": Door(get=to(200, "portal"), args=(MESSAGE,), other=404),
    "portal_audio": Door(get=to(404, "portal"), args=(MESSAGE,), other=404),
    "portal_read": Door(has_get=False, post=to(200, "portal"), args=(MESSAGE,), other=404),
    "portal_acknowledge": Door(has_get=False, post=to(303, "portal"), args=(MESSAGE,), other=404),
    "portal_answer": Door(has_get=False, post=to(422, "portal"), args=(MESSAGE,), other=404),
    "portal_mine": Door(get=to(302, "portal")),
    "portal_line": Door(get=to(200, "portal"), args=("{client}",), other=404),
    "portal_hours": Door(get=to(200, "portal"), post=to(409, "portal"), args=("{client}",), other=404),
    "portal_day": Door(has_get=False, post=to(422, "portal"), args=("{client}",), other=404),
    "portal_greeting": Door(get=to(200, "portal"), post=to(422, "portal"), args=("{client}", "fr"), other=404),
    "portal_instruction": Door(get=to(200, "portal"), post=to(422, "portal"), args=("{client}", "new"), other=404),
    "portal_absence": Door(get=to(200, "portal"), post=to(422, "portal"), args=("{client}",), other=404),
    "portal_back": Door(has_get=False, post=to(404, "portal"), args=("{client}", "none"), other=404),
    "portal_retire": Door(has_get=False, post=to(404, "portal"), args=("{client}", "none"), other=404),
    "portal_directory": Door(get=to(200, "portal"), args=("{client}",), other=404),
    "portal_undo": Door(has_get=False, post=to(404, "portal"), args=("{client}", "none"), other=404),
    "portal_contact": Door(get=to(200, "portal"), post=to(422, "portal"), args=("{client}", "new"), other=404),
    "portal_uncontact": Door(has_get=False, post=to(404, "portal"), args=("{client}", "none"), other=404),
    "portal_site": Door(get=to(200, "portal"), post=to(422, "portal"), args=("{client}", "new"), other=404),
    "portal_unsite": Door(has_get=False, post=to(404, "portal"), args=("{client}", "none"), other=404),
    "portal_phrases": Door(get=to(200, "portal"), args=("{client}",), other=404),
    "portal_phrase": Door(get=to(200, "portal"), post=to(422, "portal"), args=("{client}", "new"), other=404),
    "portal_unphrase": Door(has_get=False, post=to(404, "portal"), args=("{client}", "none"), other=404),
    "portal_announcements": Door(get=to(200, "portal"), args=("{client}",), other=404),
    "portal_announcement_audio": Door(get=to(200, "portal"), args=("{client}", "{announcement}"), other=404),
    "portal_elsewhere": Door(get=to(200, "portal"), args=("{client}",), other=404),
    "portal_elsewhere_one": Door(
        get=to(200, "portal"), post=to(422, "portal"), args=("{client}", "{elsewhere}"), other=404
    ),
    # Without the mark of what the page showed nothing is removed.
    "portal_unelsewhere": Door(has_get=False, post=to(409, "portal"), args=("{client}", "{elsewhere}"), other=404),
    "portal_contact_rule": Door(get=to(200, "portal"), post=to(422, "portal"), args=("{client}",), other=404),
    # An empty rule is a rule: nothing is done about anybody.
    "portal_no_shows": Door(get=to(200, "portal"), post=to(303, "portal"), args=("{client}",), other=404),
    # A patient's link is signed: without our signature it leads to nothing, whoever asks.
    "booking:offer": Door(get=to(404, *OPEN), post=to(404, *OPEN), args=("none-none",)),
    "booking:reminder": Door(get=to(404, *OPEN), post=to(404, *OPEN), args=("none-none",)),
    "portal_public": Door(get=to(200, "portal"), post=to(403, "portal"), args=("{client}",), other=404),
    "portal_flags": Door(get=to(200, "portal"), post=to(403, "portal"), args=("{client}",), other=404),
    "portal_calendars": Door(get=to(200, "portal"), post=to(422, "portal"), args=("{client}",), other=404),
    "portal_feed_revoke": Door(has_get=False, post=to(404, "portal"), args=("{client}", "none"), other=404),
    "portal_feed_names": Door(has_get=False, post=to(404, "portal"), args=("{client}", "none"), other=404),
    "portal_device_names": Door(has_get=False, post=to(404, "portal"), args=("{client}", "none"), other=404),
    "portal_device": Door(has_get=False, post=to(422, "portal"), args=("{client}",), other=404),
    "portal_device_revoke": Door(has_get=False, post=to(404, "portal"), args=("{client}", "none"), other=404),
    "portal_agenda": Door(get=to(302, "portal")),
    "portal_day_of": Door(get=to(200, "portal"), args=("{client}", "{agenda}"), other=404),
    "portal_book": Door(get=to(200, "portal"), post=to(422, "portal"), args=("{client}", "{agenda}"), other=404),
    "portal_day_block": Door(get=to(303, "portal"), post=to(422, "portal"), args=("{client}", "{agenda}"), other=404),
    "portal_day_unblock": Door(
        get=to(303, "portal"), post=to(303, "portal"), args=("{client}", "{agenda}", "{block}"), other=404
    ),
    "portal_day_late": Door(get=to(303, "portal"), post=to(422, "portal"), args=("{client}", "{agenda}"), other=404),
    "portal_visit": Door(
        get=to(303, "portal"), post=to(303, "portal"), args=("{client}", "{agenda}", "{visit}", "arrived"), other=404
    ),
    "portal_booked": Door(get=to(200, "portal"), post=to(422, "portal"), args=("{client}", "{absence}"), other=404),
    "portal_other_calendars": Door(
        get=to(200, "portal"), post=to(422, "portal"), args=("{client}", "{agenda}"), other=404
    ),
    "portal_agenda_setting": Door(get=to(200, "portal"), args=("{client}", "{agenda}"), other=404),
    "portal_agenda_opening": Door(
        get=to(200, "portal"), post=to(422, "portal"), args=("{client}", "{agenda}", "{opening}"), other=404
    ),
    "portal_agenda_day": Door(
        get=to(200, "portal"), post=to(422, "portal"), args=("{client}", "{agenda}", "new"), other=404
    ),
    "portal_agenda_reason": Door(
        get=to(200, "portal"), post=to(422, "portal"), args=("{client}", "{agenda}", "{visit_reason}"), other=404
    ),
    # Looking at what retiring brings is a POST that changes nothing.
    "portal_agenda_retire": Door(
        get=to(200, "portal"), post=to(200, "portal"), args=("{client}", "{agenda}", "{visit_reason}"), other=404
    ),
    "portal_approvals": Door(get=to(200, "portal")),
    "portal_approval": Door(get=to(200, "portal"), args=("{proposal}",), other=404),
    # Approving needs nothing but the button: the change of the table is one of somebody else's.
    "portal_approve": Door(has_get=False, post=to(303, "portal"), args=("{proposal}",), other=404),
    "portal_refuse": Door(has_get=False, post=to(422, "portal"), args=("{proposal}",), other=404),
    "portal_take_back": Door(has_get=False, post=to(422, "portal"), args=("{proposal}",), other=404),
    # The demonstration's mailbox: open to everybody there, and not there in a real house (its own test below).
    "demo_mail": Door(get=to(200, *OPEN), post=to(405, *OPEN)),
    "demo_mail_one": Door(get=to(404, *OPEN), post=to(405, *OPEN), args=("none",)),
    # The demonstration's telephone, as its mailbox.
    "demo_sms": Door(get=to(200, *OPEN), post=to(405, *OPEN)),
    "demo_sms_answer": Door(has_get=False, get=to(405, *OPEN), post=to(404, *OPEN), args=("none",)),
    "demo_sms_come": Door(has_get=False, get=to(405, *OPEN), post=to(404, *OPEN), args=("none",)),
    # The provider of SMS has no session: its secret opens, and a house without a provider has no such door.
    "sms:hook": Door(has_get=False, get=to(405, *OPEN), post=to(404, *OPEN), args=("none",)),
    # Whoever knows the secret address reads; nobody else finds anything.
    "calendar_feed": Door(get=to(404, *OPEN), post=to(405, *OPEN), args=("none",)),
    # A device's password opens these, no cookie does; POST is no way of theirs.
    "dav": Door(get=to(401, *OPEN), post=to(405, *OPEN)),
    "dav_inside": Door(get=to(401, *OPEN), post=to(405, *OPEN), args=("1/1/",)),
    "dav_discovery": Door(get=to(301, *OPEN), post=to(405, *OPEN)),
    "supervision:calls": Door(get=to(200, "supervisor", "owner")),
    "supervision:call": Door(get=to(200, "supervisor", "owner"), args=(CALL,), other=404),
    "supervision:appointments": Door(get=to(200, "supervisor", "owner"), query="month=2026-11"),
    "supervision:instructions": Door(get=to(200, "supervisor", "owner")),
    # Who took the calls out of the house is written down, although it is a GET.
    "supervision:export": Door(
        get=to(200, "supervisor", "owner"), query="client={client}&month=2026-11", other=404, writes=("AuditEntry",)
    ),
    "supervision:called-back": Door(has_get=False, post=to(302, "supervisor", "owner"), args=(CALL,), other=404),
    "supervision:sent": Door(get=to(200, *HOUSE_ROLES), query="undelivered=1"),
    "supervision:not-called-back": Door(has_get=False, post=to(302, "supervisor", "owner"), args=(CALL,), other=404),
    "supervision:send-again": Door(has_get=False, post=to(302, "supervisor", "owner"), args=(MESSAGE,), other=404),
    # Other systems come in with a token: no session opens these, whoever is signed in.
    "fhir_metadata": Door(get=to(200, *OPEN), post=to(405, *OPEN)),
    "fhir_search": Door(get=to(401, *OPEN), post=to(405, *OPEN), args=("Schedule",)),
    "fhir_find": Door(get=to(401, *OPEN), post=to(401, *OPEN)),
    "fhir_hold": Door(get=to(405, *OPEN), post=to(401, *OPEN)),
    "fhir_book": Door(get=to(405, *OPEN), post=to(401, *OPEN)),
    "fhir_export": Door(get=to(405, *OPEN), post=to(401, *OPEN)),
    "fhir_definition": Door(get=to(200, *OPEN), post=to(405, *OPEN), args=("appointment-find",)),
    "fhir_one": Door(get=to(401, *OPEN), post=to(405, *OPEN), args=("Schedule", "1")),
    "fhir_nothing": Door(get=to(401, *OPEN), post=to(401, *OPEN), args=("a/b/c",)),
    "accounts:list": Door(get=to(200, "supervisor", "owner"), query="q=%2B352&state=all"),
    "accounts:card": Door(get=to(200, "supervisor", "owner"), args=("{client}",), other=404),
    "onboarding:clients": Door(get=to(200, "supervisor", "owner")),
    "onboarding:page": Door(get=to(200, "supervisor", "owner"), args=("{client}",), other=404),
    "onboarding:act": Door(has_get=False, post=to(422, "supervisor", "owner"), args=("{client}", "number"), other=404),
    "accounts:new": Door(get=to(200, "owner"), post=to(422, "owner")),
    "accounts:transfers": Door(get=to(200, "owner"), post=to(422, "owner"), query="client={client}", other=404),
    "accounts:import": Door(has_get=False, post=to(422, "owner")),
    "accounts:export": Door(has_get=False, post=to(200, "owner")),
    "accounts:quarantine": Door(get=to(200, "supervisor", "owner")),
    "accounts:lift": Door(has_get=False, post=to(422, "owner")),
    "accounts:end": Door(get=to(200, "owner"), post=to(422, "owner"), args=("{client}",), other=404),
    "accounts:end-withdraw": Door(has_get=False, post=to(302, "owner"), args=("{client}",), other=404),
    "accounts:take-away": Door(has_get=False, post=to(200, "owner"), args=("{client}",), other=404),
    "accounts:take-up": Door(has_get=False, post=to(302, "owner"), args=("{client}",), other=404),
    "accounts:approval": Door(
        get=to(200, "supervisor", "owner"),
        post=to(422, "supervisor", "owner"),
        args=("{client}", "{proposal}"),
        other=404,
    ),
    "accounts:copy": Door(get=to(200, "owner"), post=to(422, "owner"), args=("{client}",), other=404),
    "accounts:cards": Door(has_get=False, post=to(200, "owner"), args=("{client}",), other=404),
    "accounts:patients": Door(get=to(200, "supervisor", "owner"), args=("{client}",), query="words=140361", other=404),
    # An empty rule is a rule: nothing is done about anybody.
    "accounts:patient-rule": Door(has_get=False, post=to(302, "owner"), args=("{client}",), other=404),
    "accounts:patient": Door(
        get=to(200, "supervisor", "owner"), post=to(422, "owner"), args=("{client}", "{patient}"), other=404
    ),
    "accounts:patient-compare": Door(
        get=to(200, "supervisor", "owner"), args=("{client}", "{patient}", "{twin}"), other=404
    ),
    "accounts:patient-export": Door(has_get=False, post=to(200, "owner"), args=("{client}", "{patient}"), other=404),
    "accounts:interface": Door(get=to(200, "supervisor", "owner"), args=("{client}",), other=404),
    "accounts:interface-add": Door(has_get=False, post=to(422, "owner"), args=("{client}",), other=404),
    "accounts:interface-revoke": Door(has_get=False, post=to(302, "owner"), args=("{client}", "{token}"), other=404),
    "accounts:announcements": Door(get=to(200, "supervisor", "owner"), args=("{client}",), other=404),
    "accounts:announcement-add": Door(has_get=False, post=to(422, "owner"), args=("{client}",), other=404),
    "accounts:announcement-uses": Door(
        has_get=False, post=to(302, "owner"), args=("{client}", "{announcement}"), other=404
    ),
    "accounts:announcement-end": Door(
        has_get=False, post=to(302, "owner"), args=("{client}", "{announcement}"), other=404
    ),
    "accounts:announcement-audio": Door(
        get=to(200, "supervisor", "owner"), args=("{client}", "{announcement}"), other=404
    ),
    "accounts:uses": Door(get=to(200, "supervisor", "owner"), args=("{client}",), other=404),
    "accounts:agendas": Door(get=to(200, "supervisor", "owner"), args=("{client}",), other=404),
    "accounts:agendas-given": Door(
        get=to(200, "supervisor", "owner"), post=to(422, "supervisor", "owner"), args=("{client}",), other=404
    ),
    "accounts:device-revoke": Door(
        has_get=False, post=to(302, "supervisor", "owner"), args=("{client}", "{device}"), other=404
    ),
    "accounts:feed-revoke": Door(
        has_get=False, post=to(302, "supervisor", "owner"), args=("{client}", "{agenda}", "{feed}"), other=404
    ),
    "accounts:agenda-begin": Door(has_get=False, post=to(422, "owner"), args=("{client}",), other=404),
    "accounts:agenda-room": Door(has_get=False, post=to(422, "owner"), args=("{client}",), other=404),
    "accounts:agenda-room-end": Door(has_get=False, post=to(302, "owner"), args=("{client}", "{room}"), other=404),
    "accounts:agenda": Door(
        get=to(200, "supervisor", "owner"), post=to(422, "owner"), args=("{client}", "{agenda}"), other=404
    ),
    "accounts:agenda-calendars": Door(
        get=to(200, "supervisor", "owner"), post=to(422, "owner"), args=("{client}", "{agenda}"), other=404
    ),
    "accounts:agenda-import": Door(
        get=to(200, "owner"), post=to(422, "owner"), args=("{client}", "{agenda}"), other=404
    ),
    "accounts:agenda-opening": Door(
        get=to(200, "owner"), post=to(422, "owner"), args=("{client}", "{agenda}", "{opening}"), other=404
    ),
    "accounts:agenda-day": Door(
        get=to(200, "owner"), post=to(422, "owner"), args=("{client}", "{agenda}", "new"), other=404
    ),
    "accounts:agenda-reason": Door(
        get=to(200, "owner"), post=to(422, "owner"), args=("{client}", "{visit_reason}"), other=404
    ),
    # Looking at what retiring brings is a POST that changes nothing.
    "accounts:agenda-retire": Door(
        get=to(200, "owner"), post=to(200, "owner"), args=("{client}", "{visit_reason}"), other=404
    ),
    "backstage:scripts": Door(
        get=to(200, "supervisor", "owner"), post=to(405, "supervisor", "owner"), query="q=script-canari"
    ),
    # A supervisor reads what an owner writes.
    "backstage:script": Door(
        get=to(200, "supervisor", "owner"), post={"owner": 422, "supervisor": 403}, args=("{client}",), other=404
    ),
    "backstage:script_check": Door(
        has_get=False, get=to(405, "owner"), post=to(200, "owner"), args=("{client}",), other=404
    ),
    **admin("index"),
    "backstage:login": Door(get=to(302, "nobody"), post=to(302, "nobody")),
    **admin("logout", get=405, post=302),
    **admin("password_change"),
    **admin("password_change_done", post=405),
    **admin("autocomplete", get=403, post=405),
    "backstage:jsi18n": Door(get=to(200, "supervisor", "owner"), post=to(405, "supervisor", "owner")),
    "backstage:view_on_site": Door(get=to(404, "owner"), post=to(404, "owner"), args=("1", "1")),
    "backstage:app_list": Door(get=to(302, "owner"), post=to(302, "owner"), args=("clients",)),
    **model("clients_client"),
    **supervised("clients_client_change", args=("{clients_client}",), post=403),
    "backstage:clients_client_said": Door(
        get=to(200, "supervisor", "owner"), post=to(405, "supervisor", "owner"), args=("{clients_client}",), other=404
    ),
    **model("clients_forwardingcode", delete=True),
    **model("clients_instruction", delete=True),
    **supervised("clients_instruction_changelist"),
    **supervised("clients_instruction_change", args=("{clients_instruction}",)),
    **supervised("clients_instruction_history", args=("{clients_instruction}",)),
    **supervised("clients_instruction_delete", args=("{clients_instruction}",)),
    # Without a client in the address it leads to the list of the clients.
    **supervised("clients_instruction_add", get=302, post=302),
    **model("foundation_person"),
    **supervised("foundation_person_changelist"),
    **supervised("foundation_person_change", args=("{foundation_person}",), post=403),
    **{
        f"backstage:foundation_person_{act}_invitation": Door(
            get=to(405, "owner"), post=to(302, "owner"), args=("{invited}",), other=404
        )
        for act in ("send", "revoke")
    },
    **admin("skills", post=405),
    "backstage:skills_client": Door(get=to(200, "owner"), post=to(302, "owner"), args=("{client}",), other=404),
    "invitation": Door(get=to(404, *OPEN), post=to(404, *OPEN), args=("none",)),
    "booking:page": Door(get=to(200, *OPEN), post=to(405, *OPEN), args=("dr-weber",)),
    "booking:times": Door(get=to(200, *OPEN), post=to(422, *OPEN), args=("dr-weber",), query="for={public}&new=0"),
    "booking:form": Door(get=to(410, *OPEN), post=to(410, *OPEN), args=("dr-weber", "none")),
    "booking:code": Door(get=to(410, *OPEN), post=to(410, *OPEN), args=("dr-weber", "none")),
    "booking:visit": Door(get=to(404, *OPEN), post=to(405, *OPEN), args=("dr-weber", "none")),
    "booking:calendar": Door(get=to(404, *OPEN), post=to(405, *OPEN), args=("dr-weber", "none")),
    "booking:move": Door(get=to(404, *OPEN), post=to(404, *OPEN), args=("dr-weber", "none")),
    "booking:cancel": Door(get=to(404, *OPEN), post=to(404, *OPEN), args=("dr-weber", "none")),
    **model("foundation_house", add=False),
    **model("switchboard_trunk", delete=True),
    **model("staff_pool", delete=True),
    **model("foundation_auditentry", add=False, change=403),
}


def addresses() -> dict[str, Any]:
    """Name -> pattern of every address; the unnamed ones of Django's admin (redirects and 404) are its own."""
    found: dict[str, Any] = {}

    def walk(patterns: Any, space: str) -> None:
        for each in patterns:
            if isinstance(each, URLResolver):
                walk(each.url_patterns, f"{space}{each.namespace}:" if each.namespace else space)
            elif each.name:
                found[space + each.name] = each
            else:
                found[f"{space}{each.pattern}"] = each

    walk(get_resolver().url_patterns, "")
    return found


UNNAMED = {"backstage:<path:object_id>/", "backstage:(?P<url>.*)$"}


def test_every_address_is_in_the_table() -> None:
    assert set(addresses()) - UNNAMED == set(DOORS)


@dataclass(frozen=True)
class Houses:
    """The signed-in browsers by role, of house A and of house B, and the ids of house A."""

    a: dict[str, Browser]
    b: dict[str, Browser]
    ids: dict[str, str]


@pytest.fixture
def houses(cast, tmp_path: Path) -> Houses:
    key = django_settings.PERMANENCE.ticket_key
    key.parent.mkdir(parents=True, exist_ok=True)
    key.write_bytes(b"k" * 32)
    people: dict[str, dict[str, Browser]] = {}
    for slug, suffix in ((cast.house, "a"), (cast.other_house, "b")):
        system = operations.house_system(house=slug)
        made = people[suffix] = {"nobody": Browser()}
        for role in (Role.SUPERVISOR, Role.OWNER, Role.PORTAL_USER):
            pk = operations.add_person(
                email=f"{role.value}@{suffix}.example",
                name=f"Only {role.value}",
                language="fr",
                roles=frozenset({role}),
                password=OTHER_PASSWORD,
                by=system,
                at=NOW,
            )
            made[role.value.removesuffix("_user")] = SignedInBrowser(
                who_is(Person.objects.select_related("house").get(pk=pk))
            )
            if role is Role.PORTAL_USER:
                client = cast.weber if suffix == "a" else cast.other_client
                client_operations.add_portal_user(client=client, person=pk, recipient=None, by=system, at=NOW)
    people["a"]["secretary"] = SignedInBrowser(cast.claire)
    operations.grant(
        person=cast.nadia.person, role=Role.OWNER, held=False, by=operations.house_system(house="nadia"), at=NOW
    )
    operations.grant(
        person=cast.nadia.person, role=Role.SUPERVISOR, held=False, by=operations.house_system(house="nadia"), at=NOW
    )
    people["b"]["secretary"] = SignedInBrowser(cast.nadia)
    ids = _contents(cast)
    return Houses(people["a"], people["b"], ids)


def _contents(cast: Any) -> dict[str, str]:
    """A message, a call and an instruction of Dr Weber's, with words that must not leave the house."""
    house = House.objects.get(slug=cast.house)
    Call.objects.create(
        house=house,
        client_id=int(cast.weber),
        call=CALL,
        called_line="+35220202020",
        caller="+352621000147",
        display="Jeanne Canarie",
        arrived_at=datetime(2026, 11, 24, 9, tzinfo=UTC),
        ended_at=datetime(2026, 11, 24, 9, 1, tzinfo=UTC),
        abandoned=True,
    )
    recipient = next(iter(PortalUser.objects.filter(client=int(cast.weber), recipient__isnull=False))).recipient_id
    form = MessageForm(
        message=MESSAGE,
        recipient=str(recipient),
        caller_name="Jeanne Canarie",
        caller_number="621 000 147",
        text="anticoagulant-canari",
    )
    messaging.take_message(
        house=cast.house, client_id=cast.weber, call=CALL, by=cast.claire, at=datetime.now(UTC), form=form
    )
    external_agendas.put_agenda(
        client=cast.weber,
        recipient="",
        product="agenda-canari",
        link="https://agenda.example/weber",
        by=cast.marc,
        at=NOW,
    )
    elsewhere.record_act(
        client_id=cast.weber,
        call=CALL,
        by=cast.claire,
        at=datetime.now(UTC),
        form=ElsewhereForm(
            key=ACT, recipient=str(recipient), act="booked", patient_name="Jeanne Canarie", caller_number="621 000 147"
        ),
    )
    person = PatientForm(used_name="Canari-Patient", birth_date="140361", numbers=("+352621000147",))
    patient = callers.add_patient(client=cast.weber, patient=MESSAGE, form=person, by=cast.claire, at=NOW).id
    twin = callers.add_patient(client=cast.weber, patient=MESSAGE + "2", form=person, by=cast.claire, at=NOW).id
    client_operations.write_instruction(
        client=cast.weber,
        text="instruction-canari",
        author=cast.marc.person,
        starts_at=None,
        ends_at=None,
        priority=0,
        acknowledge=True,
        by=cast.marc,
        at=NOW,
    )
    forwarding.keep_code(
        country="LU",
        operator="post",
        access=Access.FIXED,
        kind=ForwardingKind.ALL,
        activate="*70*{number}#",
        source="renvoi-canari",
        by=cast.marc,
        at=NOW,
    )
    invited = operations.add_person(
        email="invited@a.example", name="Invited", language="fr", roles=frozenset(), by=cast.marc, at=NOW
    )
    Client.objects.filter(pk=int(cast.weber)).update(second_approval=True)
    proposed = approvals.submit(
        client=cast.weber,
        kind=ProposalKind.CONTACT,
        body={
            "name": "approval-canari",
            "function": "",
            "numbers": ["+352621000147"],
            "number_for": "callers",
            "may_say": "",
            "instead_of": "",
            "began_from": None,
        },
        by=cast.marc,
        at=datetime.now(UTC),
        entropy=SystemEntropy(),
    )
    announcement = announcement_operations.add_announcement(
        client=cast.weber, language="fr", text="annonce-canari", audio=b"\xd5" * 8000, by=cast.marc, at=NOW
    )
    return {
        "public": _public_page(cast, str(recipient)),
        **_agenda(cast, str(recipient), patient),
        "patient": patient,
        "twin": twin,
        "proposal": proposed,
        "announcement": announcement,
        "elsewhere": held_agendas(house=cast.house, client=cast.weber)[0].id,
        "token": make_token(
            client=cast.weber,
            system="agenda-canari",
            scopes=("read",),
            days=365,
            by=cast.marc,
            at=NOW,
            entropy=SystemEntropy(),
        ).view.id,
        "invited": invited,
        "staff_pool": membership.add_pool(name="pool-canari", by=cast.marc, at=NOW),
        "client": cast.weber,
        "read": str(Instruction.objects.get(text="instruction-canari").pk),
        "clients_client": cast.weber,
        "clients_instruction": str(Instruction.objects.get(text="instruction-canari").pk),
        "clients_forwardingcode": str(ForwardingCode.objects.get(house=house).pk),
        "foundation_person": cast.claire.person,
        "foundation_house": str(house.pk),
        "switchboard_trunk": str(Trunk.objects.filter(house=house).first().pk),  # type: ignore[union-attr]
        "foundation_auditentry": str(AuditEntry.objects.filter(house=house).first().pk),  # type: ignore[union-attr]
    }


def _public_page(cast: Any, recipient: str) -> str:
    """Dr Weber's agenda is open to everybody for one reason; what the page asks for is given."""
    by = operations.house_system(house=cast.house)
    opened = agenda_setting.open_agenda(client=cast.weber, recipient=recipient, name="Public", by=by, at=NOW).id
    wanted = kinds.VisitReason(id="", client=cast.weber, name="Consultation", minutes=20)
    reason = agenda_reasons.set_reason(client=cast.weber, reason=wanted, by=by, at=NOW).id
    public_pages.set_page(
        client=cast.weber, agenda=opened, slug="dr-weber", active=True, reasons=(reason,), by=by, at=NOW
    )
    return f"{opened}-{reason}"


def _agenda(cast: Any, recipient: str, patient: str) -> dict[str, str]:
    """An agenda of Dr Weber's, open, with a reason and a room, and somebody booked while he is away."""
    made = agenda_setting.open_agenda(
        client=cast.weber, recipient=recipient, name="agenda-canari", by=cast.marc, at=NOW
    )
    week = [
        kinds.Opening(id="", agenda=made.id, weekday=day, opens="00:00", until="24:00", on_holidays=True)
        for day in range(7)
    ]
    agenda_setting.set_openings(agenda=made.id, openings=week, by=cast.marc, at=NOW)
    reason = kinds.VisitReason(id="", client=cast.weber, name="agenda-canari", minutes=15)
    reason = agenda_reasons.set_reason(client=cast.weber, reason=reason, by=cast.marc, at=NOW)
    now = datetime.now(UTC)
    starts = now.replace(minute=0, second=0, microsecond=0) + timedelta(days=3)
    booking = Booking(patient=patient, reason=reason.id)
    appointments.book(key=VISIT, agenda=made.id, starts_at=starts, booking=booking, by=cast.claire, at=now)
    absence = absences.announce_absence(
        client=cast.weber,
        starts=starts,
        ends=starts + timedelta(hours=1),
        words="absence-canari",
        announced_by=cast.marc.person,
        by=cast.marc,
        at=now,
    )
    ask_follow_up(client=cast.weber, absence=absence, wanted=Wanted.CALL, by=cast.marc, at=now)
    given = {"label": "agenda-canari", "names": False, "at": NOW, "entropy": SystemEntropy()}
    doctor = next(each for each in owners(client=cast.weber, by=cast.marc))
    return {
        **_waiting(cast, made.id, reason.id, patient),
        "feed": feeds.make_feed(agenda=made.id, by=cast.marc, **given)[0].id,
        "device": devices.make_device(client=cast.weber, person=doctor.id, by=cast.marc, **given)[0].id,
        "patient": patient,
        "visit": VISIT,
        "absence": absence,
        "follow_up": open_follow_ups(by=cast.marc)[0].id,
        "block": _busy(cast, made.id, starts + timedelta(hours=4), now),
        "reply": _answered(cast, patient, now),
        "unreached": _unreached(cast, starts),
        "newcomer": _newcomer(cast, made.id, patient),
        "agenda": made.id,
        "opening": agendas.week_openings(by=cast.marc, agenda=made.id)[0].id,
        "visit_reason": reason.id,
        "room": agenda_setting.add_resource(
            client=cast.weber, name="agenda-canari", kind="room", by=cast.marc, at=NOW
        ).id,
    }


def _busy(cast: Any, agenda: str, starts: datetime, now: datetime) -> str:
    """A time that is kept free of patients."""
    span = {"starts_at": starts, "ends_at": starts + timedelta(minutes=30)}
    return blocks.block(key=BLOCK, agenda=agenda, words="agenda-canari", by=cast.claire, at=now, **span).block


def _newcomer(cast: Any, agenda: str, patient: str) -> str:
    """Dr Weber's patient was booked as somebody new."""
    row = {"house_id": cast.claire.house_key, "client_id": int(cast.weber), "agenda_id": int(agenda)}
    row |= {"patient_id": int(patient), "appointment": Appointment.objects.get(key=VISIT), "noted_at": NOW}
    return str(Newcomer.objects.create(**row).pk)


def _unreached(cast: Any, starts: datetime) -> str:
    """Dr Weber's patient was not reached by his reminder."""
    house = House.objects.get(slug=cast.house)
    told = {"key": "unreached", "kind": "reminder", "appointment": VISIT, "starts_at": starts, "at": NOW}
    return str(Unreached.objects.create(house=house, client_id=int(cast.weber), **told).pk)


def _answered(cast: Any, patient: str, now: datetime) -> str:
    """An SMS to a patient of Dr Weber's, and an answer to it that is neither yes nor no."""
    owner = {"house_id": cast.claire.house_key, "client_id": int(cast.weber)}
    sms = Sms.objects.create(
        patient_id=int(patient),
        key=BLOCK,
        kind="late",
        about=VISIT,
        number="+352621000147",
        language="fr",
        sealed_text=secrecy.seal("Bonjour", house=cast.house, purpose=TEXT, entropy=SystemEntropy()),
        encoding="gsm7",
        parts=1,
        price_micros=0,
        currency="EUR",
        created_at=now,
        expires_at=now,
        state="sent",
        next_attempt_at=now,
        **owner,
    )
    sealed = secrecy.seal("agenda-canari", house=cast.house, purpose=REPLY, entropy=SystemEntropy())
    reply = {"sealed_text": sealed, "meaning": "unclear", "asks": True, "digest": "d" * 64, "at": now}
    return str(SmsReply.objects.create(sms=sms, **reply, **owner).pk)


def _waiting(cast: Any, agenda: str, reason: str, patient: str) -> dict[str, str]:
    """Somebody waits for Dr Weber: one time is too near for him, another is offered to him."""
    day = NOW.date()
    waits = Waits(patient=patient, reason=reason, from_date=day, until_date=day + timedelta(days=60))
    waiting_list.put_on_list(key=PLACE, client=cast.weber, waits=waits, by=cast.claire, at=NOW - timedelta(hours=1))
    ids = {"place": PLACE}
    for name, hours in (("freed", 1), ("offered", 72)):
        starts = NOW + timedelta(hours=hours)
        span = {"starts_at": starts, "ends_at": starts + timedelta(hours=1)}
        key = waiting_offers.note_freed(house=cast.house, agenda=agenda, source=name, at=NOW, **span)
        assert key is not None
        waiting_offers.pursue(freed=key, at=NOW, entropy=SystemEntropy())
        ids[name] = str(key)
    offer = waiting.place(by=cast.claire, place=PLACE).open_offer
    assert offer is not None
    return {**ids, "offer": offer.offer}


def address(name: str, ids: dict[str, str]) -> str:
    door = DOORS[name]
    path = reverse(name, args=[each.format(**ids) for each in door.args])
    return f"{path}?{door.query.format(**ids)}" if door.query else path


def expected(name: str, method: str, role: str) -> int:
    """By the table, else by the rule."""
    door = DOORS[name]
    listed = door.post if method == "POST" else door.get
    if role in listed:
        return listed[role]
    if role == "nobody":
        return 302
    if name.startswith("backstage:") and name != "backstage:login":
        return 302  # to Django's sign-in page of the back office, which refuses with 403 who is signed in
    way_is_there = bool(door.post) if method == "POST" else door.has_get
    return 403 if way_is_there else 405


def limited(cast: Any) -> dict[str, Browser]:
    """A supervisor and a secretary of house A who answer for Dupont alone: what the table asks for is Dr Weber's."""
    found: dict[str, Browser] = {}
    for role in (Role.SUPERVISOR, Role.SECRETARY):
        pk = operations.add_person(
            email=f"limited-{role.value}@a.example",
            name=f"Limited {role.value}",
            language="fr",
            roles=frozenset({role}),
            password=OTHER_PASSWORD,
            by=cast.marc,
            at=NOW,
        )
        if role is Role.SECRETARY:
            staff.make_secretary(person=pk, languages=("fr",), by=cast.marc, at=NOW)
        choose_clients(person=pk, clients=(cast.dupont,), by=cast.marc, at=NOW)
        found[role.value] = SignedInBrowser(who_is(Person.objects.select_related("house").get(pk=pk)))
    return found


ANOTHER_CLIENTS: dict[str, int | None] = {
    "console:history": 404,
    "backstage:clients_client_change": 404,
    "backstage:clients_instruction_change": 404,
    "backstage:clients_instruction_delete": 404,
    "backstage:clients_instruction_history": 404,
    # Who works in the house is in the register for everybody who may read it.
    "backstage:foundation_person_change": None,
}
"""Doors that a person of some clients finds shut although one of another house finds them empty; None: open."""


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_who_answers_for_some_clients_finds_nothing_of_another(houses: Houses, cast: Any, method: str) -> None:
    """404 and a security event in the audit trail, and no other row is touched; lists show nothing of him."""
    wrong = []
    secrets = [secret for secret in SECRETS if secret not in {"pool-canari"}]
    for (name, door), (role, browser) in product(sorted(DOORS.items()), limited(cast).items()):
        allowed = (door.post if method == "POST" else door.get).get(role)
        if allowed is None or allowed in {403, 405}:
            continue
        status = ANOTHER_CLIENTS.get(name, door.other)
        rows, entries = kept(), AuditEntry.objects.count()
        with asked(browser, method, address(name, houses.ids)) as answer:
            body = answer.content.decode(errors="replace")
            wrong += [(name, role, secret) for secret in secrets if secret in body]
            if status is None:
                continue
            changed = differ(rows, kept())
            noted = trail_since(entries)
            if answer.status_code != status or changed != {"AuditEntry"} or noted != ["security.not_hers"]:
                wrong.append((name, role, answer.status_code, sorted(changed), noted))
    assert not wrong, "\n".join(map(str, wrong))


@contextmanager
def asked(browser: Browser, method: str, path: str, *, strict: bool = False) -> Iterator[Any]:
    """The answer to a browser with the same cookies; what it changed is undone at the end."""
    other = Browser(enforce_csrf_checks=strict)
    other.cookies = SimpleCookie(browser.cookies.output(attrs=[], header="", sep=";"))
    with transaction.atomic():
        yield other.generic(method, path, content_type="application/x-www-form-urlencoded")
        transaction.set_rollback(True)


def leads_to_sign_in(answer: Any) -> bool:
    return answer.status_code == 302 and "/login" in answer["Location"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_who_may(houses: Houses, method: str) -> None:
    wrong = []
    for name, role in product(sorted(DOORS), OPEN):
        wanted = expected(name, method, role)
        with asked(houses.a[role], method, address(name, houses.ids)) as answer:
            door = DOORS[name]
            listed = role in (door.post if method == "POST" else door.get)
            elsewhere = leads_to_sign_in(answer) or answer.get("Location", "") == reverse("backstage:index")
            barred = listed or answer.status_code in {403, 405} or elsewhere
            if answer.status_code != wanted or not barred:
                wrong.append((name, role, answer.status_code, wanted))
            if not listed:
                assert not [secret for secret in SECRETS if secret in answer.content.decode()], (name, role)
    assert not wrong, "\n".join(map(str, wrong))


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_other_house_sees_nothing(houses: Houses, method: str) -> None:
    """The same role of house B: what names a thing of house A is not there, the rest shows nothing of house A."""
    rows, entries, wrong = kept(), AuditEntry.objects.count(), []
    for name, door in sorted(DOORS.items()):
        for role, allowed in (door.post if method == "POST" else door.get).items():
            if role == "nobody":
                continue
            with asked(houses.b[role], method, address(name, houses.ids)) as answer:
                body = answer.content.decode(errors="replace")
                if door.other is not None and allowed not in {403, 405} and answer.status_code != door.other:
                    wrong.append((name, role, answer.status_code, door.other))
                wrong += [(name, role, secret) for secret in SECRETS if secret in body]
                if door.other is not None:
                    wrong += told_of(
                        rows, entries, name, role, noted=answer.status_code == 404 and name.startswith(NAMING)
                    )
    assert not wrong, "\n".join(map(str, wrong))


def told_of(rows: dict[str, object], entries: int, name: str, role: str, *, noted: bool) -> list[tuple[Any, ...]]:
    """What is wrong: where it is `noted` one line of the trail came to `rows` and nothing else, elsewhere nothing.
    `entries`: lines of the trail there were."""
    changed, actions = differ(rows, kept()), trail_since(entries)
    if changed - {"AuditEntry"} or len(actions) != noted or not {*actions} <= {ASKED_IN_VAIN, NOT_THERE}:
        return [(name, role, sorted(changed), actions)]
    return []


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_clients_person_finds_nothing_of_another_client_of_the_house(houses: Houses, cast: Any, method: str) -> None:
    """404 and a security event at every door that names a thing; lists show nothing of him."""
    pk = operations.add_person(
        email="another@a.example",
        name="Of another client",
        language="fr",
        roles=frozenset({Role.PORTAL_USER}),
        password=OTHER_PASSWORD,
        by=cast.marc,
        at=NOW,
    )
    client_operations.add_portal_user(client=cast.dupont, person=pk, recipient=None, by=cast.marc, at=NOW)
    other = SignedInBrowser(who_is(Person.objects.select_related("house").get(pk=pk)))
    wrong: list[tuple[Any, ...]] = []
    for name, door in sorted(DOORS.items()):
        allowed = (door.post if method == "POST" else door.get).get("portal")
        if allowed is None or allowed == 405 or door.other is None:
            continue
        rows, entries = kept(), AuditEntry.objects.count()
        with asked(other, method, address(name, houses.ids)) as answer:
            body = answer.content.decode(errors="replace")
            wrong += [(name, secret) for secret in SECRETS if secret in body]
            if answer.status_code != 404:
                wrong.append((name, answer.status_code))
            wrong += told_of(rows, entries, name, "portal", noted=True)
    assert not wrong, "\n".join(map(str, wrong))


def trail_since(entries: int) -> list[str]:
    """The acts in the trail after so many others."""
    return list(AuditEntry.objects.order_by("pk").values_list("action", flat=True)[entries:])


def kept() -> dict[str, object]:
    """Every row of every table, by the name of its model, or the table's own where it has none."""
    models = {model._meta.db_table: model.__name__ for model in apps.get_models()}
    return {models.get(table, table): found for table, found in rows_of_tables().items()}


def differ(before: dict[str, object], after: dict[str, object]) -> set[str]:
    """The tables that are not as they were."""
    return {table for table in {*before, *after} if before.get(table) != after.get(table)}


def files() -> dict[str, bytes]:
    data: Path = django_settings.PERMANENCE.data
    return {str(path): path.read_bytes() for path in sorted(data.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_changes_nothing(houses: Houses, method: str) -> None:
    rows, entries, before, wrong = kept(), AuditEntry.objects.count(), files(), []
    for name in sorted(DOORS):
        with transaction.atomic():
            for browser in (*houses.a.values(), *houses.b.values()):
                browser.generic(method, address(name, houses.ids))
            changed = differ(rows, kept()) - ({"AuditEntry"} if {*trail_since(entries)} <= {NOT_THERE} else set())
            if changed - set(DOORS[name].writes):
                wrong.append((name, changed))
            transaction.set_rollback(True)
    assert not wrong, "\n".join(map(str, wrong))
    assert files() == before


def test_no_other_site_can_post(houses: Houses) -> None:
    """Without the token of our own page a POST does nothing, whoever is signed in (OWASP, CSRF)."""
    rows, wrong = kept(), []
    for name, door in sorted(DOORS.items()):
        for role, status in door.post.items():
            if role == "nobody" or status in {401, 403, 404, 405}:  # 401: no cookie is looked at
                continue
            with asked(houses.a[role], "POST", address(name, houses.ids), strict=True) as answer:
                if answer.status_code != 403 or kept() != rows:
                    wrong.append((name, role, answer.status_code))
    assert not wrong, "\n".join(map(str, wrong))


def test_every_page_is_armoured(houses: Houses) -> None:
    """Content security policy without inline script, no frame, no sniffing, and never in a shared cache."""
    wrong = []
    for name, role in product(sorted(DOORS), OPEN):
        with asked(houses.a[role], "GET", address(name, houses.ids)) as answer:
            policy = answer.get("Content-Security-Policy", "")
            strict = {"script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"}
            sound = all(part in policy for part in strict) and "unsafe" not in policy
            sound = sound and answer["X-Frame-Options"] == "DENY" and answer["X-Content-Type-Options"] == "nosniff"
            if not sound:
                wrong.append((name, role, policy))
            kept_out = "private" in answer.get("Cache-Control", "") or name in DJANGOS_OWN
            if role != "nobody" and answer.status_code == 200 and not kept_out:
                wrong.append((name, role, answer.get("Cache-Control")))
            body = answer.content.decode(errors="replace")
            wrong += [(name, role, each) for each in INLINE.findall(body) if 'nonce="' not in each]
    assert not wrong, "\n".join(map(str, wrong))


def test_a_real_house_has_no_demonstration_mailbox(houses: Houses, settings: Any) -> None:
    settings.DEMONSTRATION = False
    folder: Path = django_settings.PERMANENCE.mailbox
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "none.eml").write_text("Subject: anticoagulant-canari\n\nx")
    for role, path in product(OPEN, ("/demo/mail", "/demo/mail/none")):
        assert houses.a[role].get(path).status_code == 404


def test_no_door_leads_off_the_site(houses: Houses) -> None:
    targets = (
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "http:///evil.example",
    )
    for door, target in product(("/login", "/theme", "/language"), targets):
        given = {"username": "supervisor@a.example", "password": OTHER_PASSWORD, "theme": "dark", "language": "fr"}
        answer = Browser().post(door, {"next": target, **given}, HTTP_REFERER="https://evil.example/x")
        assert answer.status_code == 302
        assert "evil" not in answer["Location"]
        assert "javascript" not in answer["Location"]


def test_signing_in_makes_a_new_session(houses: Houses) -> None:
    """A session planted before signing in is worth nothing afterwards (session fixation, CWE-384)."""
    browser = Browser()
    session = browser.session
    session["planted"] = 1
    session.save()
    planted = session.session_key
    browser.cookies[django_settings.SESSION_COOKIE_NAME] = planted
    browser.post("/login", {"username": "supervisor@a.example", "password": OTHER_PASSWORD})
    cookie = browser.cookies[django_settings.SESSION_COOKIE_NAME]
    assert cookie.value != planted
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    thief = Browser()
    thief.cookies[django_settings.SESSION_COOKIE_NAME] = planted
    assert thief.get("/supervision/calls").status_code == 302
