# SPDX-License-Identifier: AGPL-3.0-or-later
"""The demonstration's telephone: every SMS of the house, to be answered. Not there in a real house.

An answer goes the way of a real one: to the demonstration's provider, which tells the house's door.
"""

import http.client
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from permanence.dispatch import reminder_operations, reminder_queries
from permanence.dispatch.channels.sms.http import post
from permanence.dispatch.channels.sms.length import Length, measure
from permanence.dispatch.sent_queries import house_zones
from permanence.dispatch.sms_provider import usable_provider
from permanence.foundation import dates, moments
from permanence.kernel.system import SystemClock, SystemEntropy
from permanence.portal.mailbox import Piece, pieces

SHOWN = 100
TO_COME = 5
_CLOCK, _ENTROPY = SystemClock(), SystemEntropy()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One SMS as the telephone shows it, `at` on the clock of its house. `answers` are the texts that were answered."""

    name: str
    number: str
    at: datetime
    pieces: tuple[Piece, ...]
    length: Length
    answers: tuple[str, ...]


def read_smsbox(folder: Path) -> list[Shown]:
    """The SMS in a folder, newest first, at most `SHOWN`. One query."""
    paths = sorted(folder.glob("*.sms"), reverse=True)[:SHOWN] if folder.is_dir() else []
    zones = house_zones(path.stem for path in paths)
    found = []
    for path in paths:
        kept = json.loads(path.read_text(encoding="utf-8"))
        found.append(
            Shown(
                name=path.stem,
                number=kept["to"],
                at=datetime.fromisoformat(kept["at"]).astimezone(zones.get(path.stem, UTC)),
                pieces=pieces(kept["text"]),
                length=measure(kept["text"]),
                answers=tuple(each["text"] for each in kept["answers"]),
            )
        )
    return sorted(found, key=lambda each: each.at, reverse=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToCome:
    """A reminder that waits: its key, of which client, to which number; in words when the visit is, when it goes."""

    key: str
    client: str
    number: str
    visit: str
    due: str


def _to_come() -> list[ToCome]:
    found = reminder_queries.to_come_in_demonstration(most=TO_COME)
    return [
        ToCome(
            key=each.key,
            client=each.client,
            number=each.number,
            visit=_when(each.starts_at, zone),
            due=_when(each.due_at, zone),
        )
        for each, zone in ((each, ZoneInfo(each.time_zone)) for each in found)
    ]


def _when(at: datetime, zone: ZoneInfo) -> str:
    return f"{dates.say(at.astimezone(zone), dates.Form.NAMED_FIGURES)} {moments.clock(at, zone)}"


@login_not_required
@never_cache
@require_safe
def smsbox(request: HttpRequest) -> HttpResponse:
    """The telephone. 404 in a real house."""
    _only_demonstration()
    context = {"messages_shown": read_smsbox(settings.PERMANENCE.data / "sms"), "to_come": _to_come()}
    return render(request, "portal/smsbox.html", context)


@login_not_required
@never_cache
@require_POST
def come_now(request: HttpRequest, reminder: str) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """A reminder to come goes out now. 404 in a real house, and for one that waits no longer."""
    _only_demonstration()
    try:
        reminder_operations.come_now(reminder=reminder, at=_CLOCK.now(), entropy=_ENTROPY)
    except reminder_operations.ReminderUnknown as unknown:
        raise Http404 from unknown
    return HttpResponseRedirect(reverse("demo_sms"), status=303)


@login_not_required
@never_cache
@require_POST
def answer(request: HttpRequest, name: str) -> HttpResponse:
    """Answer one SMS. 404 in a real house, without such an SMS, or while its provider is not there."""
    _only_demonstration()
    found = usable_provider()
    if found is None or not (settings.PERMANENCE.data / "sms" / f"{name}.sms").is_file():
        raise Http404
    url = urlsplit(found.url)._replace(path="/answers").geturl()
    told = json.dumps({"id": name, "text": request.POST.get("text", "")[:160]}).encode()
    try:
        status, _body = post(url, told, {"Authorization": f"Bearer {found.password}"})
    except (OSError, http.client.HTTPException) as error:
        raise Http404 from error
    if status != 202:
        raise Http404
    return HttpResponseRedirect(reverse("demo_sms"))


def _only_demonstration() -> None:
    if not settings.DEMONSTRATION or settings.PERMANENCE.is_seen_from_elsewhere:
        raise Http404
