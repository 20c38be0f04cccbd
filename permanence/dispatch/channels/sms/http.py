# SPDX-License-Identifier: AGPL-3.0-or-later
"""Gives SMS to the provider by HTTP, and reads what its webhook brings.

Taken over: an answer of 2xx that says nothing else. A provider that cannot be reached, refuses our login (401, 403), is
busy (408, 425, 429) or broken (5xx) may be better later; another 4xx is final. No redirection is followed.
"""

import base64
import http.client
import json
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from permanence.dispatch.channels.sms.provider import Provider, filled, found_at, found_each
from permanence.dispatch.rules import Attempt, Outcome

TIMEOUT_S = 20.0
"""Seconds to wait for the connection and for each piece of the answer."""
ANSWER_LIMIT = 64 * 1024
HOOK_LIMIT = 64 * 1024
WHY_LIMIT = 200
FIELDS_LIMIT = 200
AGAIN = frozenset({401, 403, 408, 425, 429})


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """How a try ended; `id` is what the provider calls the SMS, "" where it gave none."""

    attempt: Attempt
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a receipt said of the SMS the provider calls `id`."""

    id: str
    delivered: bool
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """An SMS that came in, as the provider wrote it: the number is not yet read. `id` "" where it has none."""

    number: str
    text: str
    id: str = ""


def give(provider: Provider, *, number: str, text: str, key: str, hook: str) -> Given:
    """Give the provider one SMS. `number` is E.164, `key` ours, `hook` the address of our door for what comes back."""
    values = {
        "number": number,
        "number_digits": number.removeprefix("+"),
        "sender": provider.sender,
        "text": text,
        "key": key,
        "hook": hook,
    }
    fields = filled(provider.fields, values)
    if provider.body == "json":
        body, kind = json.dumps(fields).encode(), "application/json"
    else:
        body, kind = urlencode(fields).encode(), "application/x-www-form-urlencoded"
    headers = {"Content-Type": kind, "Accept": "application/json", "User-Agent": "Permanence"} | _login(provider)
    try:
        status, answer = post(provider.url, body, headers)
    except (OSError, http.client.HTTPException) as error:
        return Given(attempt=Attempt(outcome=Outcome.RETRY, why=_readable(str(error) or type(error).__name__)))
    return _judge(provider, status, answer)


def read_hook(provider: Provider, *, body: bytes, content_type: str) -> tuple[Report | Incoming, ...]:
    """What a request at our door says; a body that is a list says what each of its entries does. What is neither a
    final receipt nor an answer, however malformed, is left out and takes nothing else with it.
    """
    data = _parsed(body, content_type)
    return tuple(said for each in (data if isinstance(data, list) else [data]) for said in _said(provider, each))


def _said(provider: Provider, data: Any) -> Iterable[Report | Incoming]:
    """Of one entry the receipt counts: it may repeat what was sent."""
    found: dict[str, Report | Incoming] = {}
    if (receipt := provider.receipt) is not None:
        for place, (name, state, why) in found_each(data, (receipt.id, receipt.state, receipt.why)):
            if name and state in receipt.delivered | receipt.failed:
                told = _readable(why) or _readable(state)
                found[place] = Report(id=_readable(name)[:100], delivered=state in receipt.delivered, why=told)
    if (reply := provider.reply) is not None:
        for place, (number, text, name) in found_each(data, (reply.number, reply.text, reply.id)):
            if number and text and place not in found:
                found[place] = Incoming(number=number[:40], text=text, id=_readable(name)[:100])
    return found.values()


def _parsed(body: bytes, content_type: str) -> Any:
    """None for what cannot be read."""
    if len(body) > HOOK_LIMIT:
        return None
    try:
        if content_type.partition(";")[0].strip().lower() == "application/json":
            return json.loads(body)
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=FIELDS_LIMIT))
    except (ValueError, RecursionError):
        return None


def _login(provider: Provider) -> dict[str, str]:
    if provider.auth == "bearer":
        return {"Authorization": f"Bearer {provider.password}"}
    if provider.auth == "basic":
        pair = base64.b64encode(f"{provider.user}:{provider.password}".encode()).decode()
        return {"Authorization": f"Basic {pair}"}
    return {provider.user: provider.password} if provider.auth == "header" else {}


def post(url: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    """The status and the body (`ANSWER_LIMIT` at most) of the answer. Raises OSError, http.client.HTTPException."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "https":
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            host, parts.port, timeout=TIMEOUT_S, context=ssl.create_default_context()
        )
    else:
        connection = http.client.HTTPConnection(host, parts.port, timeout=TIMEOUT_S)
    try:
        connection.request("POST", parts.path + (f"?{parts.query}" if parts.query else "") or "/", body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read(ANSWER_LIMIT)
    finally:
        connection.close()


def _judge(provider: Provider, status: int, answer: bytes) -> Given:
    try:
        data = json.loads(answer)
    except (ValueError, RecursionError):
        data = None
    said = found_at(data, provider.error) if provider.error else ""
    why = _readable(f"HTTP {status} {said}".strip())
    if 200 <= status < 300:
        if provider.ok_path and found_at(data, provider.ok_path) not in provider.ok_values:
            return Given(attempt=Attempt(outcome=Outcome.REFUSED, why=why))
        return Given(attempt=Attempt(outcome=Outcome.SENT), id=_readable(found_at(data, provider.id))[:100])
    again = status >= 500 or status in AGAIN
    return Given(attempt=Attempt(outcome=Outcome.RETRY if again else Outcome.REFUSED, why=why))


def _readable(text: str) -> str:
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())[:WHY_LIMIT]
