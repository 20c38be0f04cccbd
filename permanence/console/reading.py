# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a secretary is asked to read before her next call, and her word that she has."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from permanence.clients import instructions, reading
from permanence.console.own_page import own_page_only
from permanence.console.views import answers_in_json
from permanence.countries.numbers import spell_international
from permanence.foundation.who import who
from permanence.kernel.events import to_plain
from permanence.kernel.phone import PhoneNumber
from permanence.kernel.system import SystemClock
from permanence.staff import queries as staff

_CLOCK = SystemClock()


@never_cache
@require_safe
@own_page_only
@answers_in_json
def to_read(request: HttpRequest) -> HttpResponse:
    """What she has not read, the most important first: `{"unread": [...]}`; an entry has what a card shows of it."""
    by = who(request)
    secretary = staff.secretary_of(house=by.house, person=by.person)
    found = instructions.to_read(house=by.house, secretary=secretary.id, at=_CLOCK.now())
    return JsonResponse({"unread": [_entry(view) for view in found if by.may_see(view.client)]})


@require_POST
@own_page_only
@answers_in_json
def read(request: HttpRequest, instruction: str, version: int) -> HttpResponse:
    """She has read that version."""
    try:
        reading.acknowledge_instruction(instruction=instruction, version=version, by=who(request), at=_CLOCK.now())
    except instructions.InstructionUnknown as refusal:
        return JsonResponse({"code": refusal.code, "why": ""}, status=404)
    return HttpResponse(status=204)


def _entry(view: instructions.InstructionView) -> dict[str, Any]:
    return {
        "id": view.instruction,
        "version": view.version,
        "client": view.client,
        "name": view.client_name,
        "initials": view.client_initials,
        "colour": view.client_colour,
        "text": view.text,
        "blocks": to_plain(view.blocks),
        "author": view.author,
        "since_ms": _milliseconds(view.starts_at or view.written_at),
        "until_ms": None if view.ends_at is None else _milliseconds(view.ends_at),
        "recipient_name": view.recipient_name,
        "reason_label": view.reason_label,
        "line": _spelt(view.scope.line),
        "caller": _spelt(view.scope.caller),
    }


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _spelt(number: str) -> str:
    return spell_international(PhoneNumber(number)) if number else ""
