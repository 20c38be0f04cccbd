# SPDX-License-Identifier: AGPL-3.0-or-later
"""The console's page and what it asks of the site: a ticket, messages, drafts, today's list, a caller's history.

Every view serves the signed-in secretary of her own house; the page's own requests get JSON or a fragment.
Refusals come back as `{"code", "why"}`: the page has the words for the codes.
"""

import json
from collections.abc import Callable
from dataclasses import fields
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.templatetags.static import static
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from permanence.calls import queries as calls
from permanence.clients import queries as clients
from permanence.console import history, place, rows
from permanence.console.agenda_words import causes
from permanence.console.own_page import own_page_only
from permanence.console.words import catalogue, outcomes
from permanence.countries.numbers import NotANumber, country_of, parse_number, spell_international
from permanence.dispatch import operations as dispatch
from permanence.foundation import access
from permanence.foundation.rules import Role
from permanence.foundation.seats import seat_ticket
from permanence.foundation.who import Who, secretary_only, who
from permanence.kernel.refusals import Refusal
from permanence.kernel.system import SystemClock, SystemEntropy
from permanence.messaging import operations as messaging
from permanence.messaging import queries as messages
from permanence.messaging.rules import MessageForm
from permanence.staff import operations as staffing
from permanence.staff import places
from permanence.staff import queries as staff
from permanence.staff.rules import RESERVED_KEYS, STANDARD_KEYS, KeyChoice

BODY_LIMIT = 128 * 1024
"""Bytes of a request's JSON."""
SEAT_LIMIT = 64
"""Characters of a seat's id."""
CALL_LIMIT = 40
"""Characters of a call's id."""
_FORM_FIELDS = {each.name: each.type for each in fields(MessageForm)}
_CLOCK = SystemClock()
_ENTROPY = SystemEntropy()


class BadRequest(Refusal):
    """The request's body is not what the page sends."""

    code = "bad_request"


def answers_in_json(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Turns a Refusal into `{"code", "why"}` with status 422."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except Refusal as refusal:
            return JsonResponse({"code": refusal.code, "why": refusal.why}, status=422)

    return answered


def json_body(request: HttpRequest) -> dict[str, Any]:
    """The request's JSON object. Raises BadRequest."""
    if len(request.body) > BODY_LIMIT:
        raise BadRequest(f"{len(request.body)} bytes, {BODY_LIMIT} at most")
    try:
        data = json.loads(request.body)
    except ValueError as error:
        raise BadRequest("not JSON") from error
    if not isinstance(data, dict):
        raise BadRequest("not an object")
    return data


def text_of(data: dict[str, Any], name: str) -> str:
    """A text of the request's object, "" where it is not there. Raises BadRequest."""
    value = data.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadRequest(f"{name} is not a text")
    return value


def call_of(data: dict[str, Any]) -> str:
    """The id of a call, "" where it is none. Raises BadRequest."""
    call = text_of(data, "call")
    if len(call) > CALL_LIMIT or not call.isprintable():
        raise BadRequest(f"{call[:CALL_LIMIT]!r} is no call")
    return call


@never_cache
@require_safe
@ensure_csrf_cookie
@secretary_only
def page(request: HttpRequest) -> HttpResponse:
    """The console. Everything else it needs comes from the exchange, over the line."""
    by = who(request)
    held = places.place_of(house=by.house, person=by.person)
    context = {
        "config": config_of(request),
        "words": catalogue(),
        "outcomes": outcomes(),
        "causes": causes(),
        "place": held,
        "place_known": place.known_here(request, held),
        "supervisor": bool(by.roles & {Role.SUPERVISOR, Role.OWNER}),
    }
    return render(request, "console/console.html", context)


def config_of(request: HttpRequest) -> dict[str, Any]:
    """What the modules of a page of hers have to know from the beginning."""
    by = who(request)
    return {
        "lineUrl": settings.PERMANENCE.line_url,
        "liveUrl": "/live",
        "ticketUrl": "/console/ticket",
        "csrf": get_token(request),
        "house": by.house,
        "timeZone": str(calls.zone_of(house=by.house)),
        "person": by.person,
        "personName": by.name,
        "keys": _keys(by),
        "sendsMail": settings.PERMANENCE.mail_is_set,
        "demonstration": bool(settings.DEMONSTRATION),
        "icons": {"calm": static("design/icon.svg"), "ring": static("design/icon-ring.svg")},
    }


def _keys(by: Who) -> dict[str, Any]:
    """The keys of the page: the usual ones, those nobody may choose, and what this person changed."""
    try:
        chosen = staff.key_choice(house=by.house, person=by.person)
    except staff.NotASecretary:  # the mark of the role without the secretary's row: the usual keys
        chosen = KeyChoice()
    return {"standard": dict(STANDARD_KEYS), "reserved": RESERVED_KEYS, "chosen": _plain(chosen)}


def _plain(choice: KeyChoice) -> dict[str, Any]:
    return {"chords": dict(choice.chords), "numbers": choice.numbers}


@require_POST
@own_page_only
@answers_in_json
def keys(request: HttpRequest) -> HttpResponse:
    """Keeps the keys she changed, all of them; nothing chosen gives back the usual ones. Answers with what holds."""
    by, data = who(request), json_body(request)
    chords, numbers = data.get("chords", {}), data.get("numbers", True)
    if not isinstance(chords, dict) or not all(isinstance(each, str) for each in chords.values()):
        raise BadRequest("chords is not an object of texts")
    if not isinstance(numbers, bool):
        raise BadRequest("numbers is not true or false")
    staffing.choose_keys(by=by, choice=KeyChoice(chords=chords, numbers=numbers))
    return JsonResponse(_plain(staff.key_choice(house=by.house, person=by.person)))


@never_cache
@require_safe
@own_page_only
@answers_in_json
def ticket(request: HttpRequest) -> HttpResponse:
    """A ticket for the seat named by `seat`, good for ten minutes; the page renews it long before."""
    by = who(request)
    seat = request.GET.get("seat", "")
    if not seat.isascii() or not seat.isalnum() or len(seat) > SEAT_LIMIT:
        raise BadRequest("seat is not the id of a seat")
    secretary = staff.secretary_of(house=by.house, person=by.person)
    rights = ("answer", "listen") if Role.SUPERVISOR in by.roles else ("answer",)
    text = seat_ticket(
        house=by.house, secretary=secretary.id, name=secretary.name, seat=seat, rights=rights, at=_CLOCK.now()
    )
    return JsonResponse({"ticket": text})


@require_POST
@own_page_only
@answers_in_json
def take_message(request: HttpRequest) -> HttpResponse:
    """Keeps a message. The page sends it again until it hears the answer; the id it made keeps it one message."""
    data = json_body(request)
    read_back = data.get("read_back", False)
    if not isinstance(read_back, bool):
        raise BadRequest("read_back is not true or false")
    texts = {name: text_of(data, name) for name in _FORM_FIELDS if name != "read_back"}
    by = who(request)
    access.demand(by, client=text_of(data, "client"), subject="messaging.message")
    kept = messaging.take_message(
        house=by.house,
        client_id=text_of(data, "client"),
        call=call_of(data),
        by=by,
        at=_CLOCK.now(),
        form=MessageForm(**texts, read_back=read_back),
    )
    return JsonResponse({"message": kept.message, "taken_at": kept.taken_at.isoformat()}, status=201)


@never_cache
@require_safe
@own_page_only
def one_message(request: HttpRequest, message: str) -> HttpResponse:
    """One message of her house, opened in its row: its words, its number, how far it went, what the client answered."""
    by = who(request)
    at = _CLOCK.now()
    found = messages.message(by.house, message, at)
    if found is None:
        return JsonResponse({"code": "no_such_message", "why": ""}, status=404)
    access.demand(by, client=found.client, subject=f"messaging.message:{found.message}")
    opened = rows.opened(found, calls.zone_of(house=by.house), now=at)
    return render(request, "console/message.html", {"message": found, "opened": opened})


@require_POST
@own_page_only
@answers_in_json
def send_again(request: HttpRequest, message: str) -> HttpResponse:
    """Sends a message that did not get out once more, to where its recipient is reached now."""
    by = who(request)
    try:
        count = dispatch.retry(house=by.house, message=message, by=by, at=_CLOCK.now(), entropy=_ENTROPY)
    except messaging.NoSuchMessage as refusal:
        return JsonResponse({"code": refusal.code, "why": ""}, status=404)
    return JsonResponse({"deliveries": count})


@require_http_methods(["PUT", "DELETE"])
@own_page_only
@answers_in_json
def draft(request: HttpRequest, call: str) -> HttpResponse:
    """Keeps (PUT) or forgets (DELETE) what she has typed for a call."""
    by = who(request)
    if request.method == "DELETE":
        messaging.discard_draft(house=by.house, by=by, call=call)
        return HttpResponse(status=204)
    body = json_body(request).get("body")
    if not isinstance(body, dict):
        raise BadRequest("body is not an object")
    messaging.save_draft(house=by.house, by=by, call=call, at=_CLOCK.now(), body=body)
    return HttpResponse(status=204)


@never_cache
@require_safe
@own_page_only
@answers_in_json
def drafts(request: HttpRequest) -> HttpResponse:
    """Everything she has typed that no message holds yet."""
    by = who(request)
    found = messages.drafts(by.house, by.person)
    return JsonResponse({"drafts": [{"call": each.call, "body": each.body} for each in found]})


@never_cache
@require_safe
@own_page_only
@answers_in_json
def number(request: HttpRequest) -> HttpResponse:
    """The number behind what was typed, by the spelling of the client's country: E.164, as shown, its country."""
    by = who(request)
    typed = request.GET.get("text", "")[:80]
    country = _country(by, request.GET.get("client", ""))
    try:
        found = parse_number(typed, country=country)
    except NotANumber as refusal:
        return JsonResponse({"ok": False, "code": refusal.code})
    shown = spell_international(found)
    return JsonResponse({"ok": True, "e164": found.e164, "display": shown, "country": country_of(found) or ""})


def _country(by: Who, client: str) -> str:
    try:
        if not by.may_see(client):
            return ""
        return clients.client(house=by.house, client=client).country
    except clients.ClientUnknown:
        return ""


@never_cache
@require_safe
@own_page_only
def messages_fragment(request: HttpRequest) -> HttpResponse:
    """Today's messages with their state, those that still wait first."""
    by = who(request)
    found = messages.todays_messages(by.house, _CLOCK.now(), by.clients)
    answers = messages.answers_to(by.house, [row.message for row in found if row.answers])
    drawn = rows.message_rows(found, answers, calls.zone_of(house=by.house))
    return render(request, "console/messages.html", {"rows": drawn})


@never_cache
@require_safe
@own_page_only
def history_fragment(request: HttpRequest) -> HttpResponse:
    """Earlier contacts of a number with this client only; `short` gives the one line of the ringing view."""
    by = who(request)
    client, asked = request.GET.get("client", ""), request.GET.get("number", "")
    if client:
        access.demand(by, client=client, subject=f"clients.client:{client[:20]}")
    contacts = history.contacts(by, client=client, number=asked, at=_CLOCK.now())
    template = "console/contacts.html" if "short" in request.GET else "console/history.html"
    context = {
        "contacts": contacts,
        "known": bool(client and asked),
        "last": contacts[0] if contacts else None,
        "named": history.named(contacts),
    }
    return render(request, template, context)
