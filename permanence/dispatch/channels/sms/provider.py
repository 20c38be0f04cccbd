# SPDX-License-Identifier: AGPL-3.0-or-later
"""The provider as the house describes it: one small file says what its HTTP interface looks like. No code knows one.

    {"url": "https://api.example/v1/messages", "body": "json",
     "auth": {"kind": "bearer", "token": "..."},
     "fields": {"to": "{number}", "from": "{sender}", "text": "{text}", "callback": "{hook}", "reference": "{key}"},
     "id": "messages.0.id", "ok": {"path": "messages.0.status", "values": ["queued"]}, "error": "error.message",
     "sender": "Permanence", "price": {"part": "0.045", "currency": "EUR"},
     "hook": {"secret": "at least 20 signs",
              "receipt": {"id": "id", "state": "status", "delivered": ["delivered"], "failed": ["failed"]},
              "reply": {"number": "from", "text": "text"}}}

`body` is "json" or "form", `auth.kind` "bearer", "basic" (with `user` and `password`), "header" (one of its own, with
`name` and `value`) or "none". Paths go into what came back, a dot for each step, a number for a place in a list. Where
the provider tells of several at once, in a list within the body, the paths of `hook.receipt` or `hook.reply` have one
"*" for the place in that list ("results.*.status"), and each entry is read; a body that is a list itself wants none.
`"tells_back": false`: who answers an SMS is not told what came of it (each such SMS is paid for).
What is not described here is refused when it is read.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

FILE = "sms.json"
"""In the folder of the keys, for passwords stand in it."""
PLACES = frozenset({"number", "number_digits", "sender", "text", "hook", "key"})
DEPTH = 5
SECRET_LENGTH = 20
_SENDER = re.compile(r"[0-9A-Za-z ]{1,11}\Z|\+[0-9]{4,15}\Z")
_PLACE = re.compile(r"\{([a-z_]*)\}")
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class DescriptionWrong(ValueError):
    """The description cannot be used; says which part, and nothing of what stands in it: passwords may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Where a receipt of delivery has what; `delivered` and `failed` are the states that are final."""

    id: str
    state: str
    delivered: frozenset[str]
    failed: frozenset[str]
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """Where an answer that came in has the number it is from, its text, and the provider's id of it ("" for none)."""

    number: str
    text: str
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A description that was read. `part_micros`: the price of one part in millionths of `currency`."""

    url: str
    body: str
    auth: str
    fields: Mapping[str, Any]
    id: str
    sender: str
    part_micros: int
    currency: str
    secret: str = field(repr=False)
    receipt: Receipt | None
    reply: Reply | None
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    ok_path: str = ""
    ok_values: frozenset[str] = frozenset()
    error: str = ""
    tells_back: bool = True


def read_provider(text: str) -> Provider:
    """The description that `text` (JSON) holds. Raises DescriptionWrong."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise DescriptionWrong("it is not JSON") from None
    top = _part(
        data, "it", {"url", "body", "auth", "fields", "id", "sender", "price", "hook"}, {"ok", "error", "tells_back"}
    )
    kind, user, password = _auth(top["auth"])
    price = _part(top["price"], "price", {"part", "currency"})
    hook = _part(top["hook"], "hook", {"secret"}, {"receipt", "reply"})
    ok = _part(top["ok"], "ok", {"path", "values"}) if "ok" in top else {}
    secret = _text(hook["secret"], "hook.secret")
    if len(secret) < SECRET_LENGTH or not re.fullmatch(r"[0-9A-Za-z_-]+", secret):
        raise DescriptionWrong(f"hook.secret: {SECRET_LENGTH} or more of 0-9 A-Z a-z _ -")
    sender = _text(top["sender"], "sender")
    if not _SENDER.match(sender):
        raise DescriptionWrong("sender: at most 11 letters and digits, or a number beginning with +")
    return Provider(
        url=_url(top["url"]),
        body=_word(top["body"], "body", {"json", "form"}),
        auth=kind,
        user=user,
        password=password,
        fields=_fields(top["fields"], top["body"]),
        id=_path(top["id"], "id"),
        sender=sender,
        part_micros=_micros(price["part"]),
        currency=_word(price["currency"], "price.currency", {"EUR", "GBP", "CHF", "USD"}),
        secret=secret,
        receipt=_receipt(hook["receipt"]) if "receipt" in hook else None,
        reply=_reply(hook["reply"]) if "reply" in hook else None,
        ok_path=_path(ok["path"], "ok.path") if ok else "",
        ok_values=_texts(ok["values"], "ok.values") if ok else frozenset(),
        error=_path(top["error"], "error") if "error" in top else "",
        tells_back=_flag(top.get("tells_back", True), "tells_back"),
    )


def filled(fields: Any, values: Mapping[str, str]) -> Any:
    """The fields with their places filled in; what is filled in is not looked at again."""
    if isinstance(fields, dict):
        return {name: filled(each, values) for name, each in fields.items()}
    if isinstance(fields, list):
        return [filled(each, values) for each in fields]
    if isinstance(fields, str):
        return _PLACE.sub(lambda found: values[found[1]], fields)
    return fields


def found_at(data: Any, path: str) -> str:
    """What stands at a path, as text; "" where nothing does, or something that is no text and no number."""
    data = _at(data, path)
    if isinstance(data, str):
        return data
    return str(data) if isinstance(data, int) and not isinstance(data, bool) else ""


def found_each(data: Any, paths: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What stands at these paths, as `found_at`, with the path of its entry: once, of "", or once for each entry of the
    list that they go through at their `*`, in its order; never where there is no list.
    """
    before = next((each.partition(".*")[0] for each in paths if "*" in each), None)
    if before is None:
        yield "", tuple(found_at(data, each) for each in paths)
        return
    entries = _at(data, before)
    for place in range(len(entries) if isinstance(entries, list) else 0):
        said = tuple(found_at(data, each.replace("*", str(place))) for each in paths)
        yield f"{before}.{place}", said


def _at(data: Any, path: str) -> Any:
    for step in path.split(".") if path else ():
        if isinstance(data, dict):
            data = data.get(step)
        elif isinstance(data, list) and step.isascii() and step.isdecimal() and int(step) < len(data):
            data = data[int(step)]
        else:
            return None
    return data


def _part(data: Any, name: str, needed: set[str], more: set[str] | None = None) -> dict[str, Any]:
    if not isinstance(data, dict) or not needed <= set(data) <= needed | (more or set()):
        raise DescriptionWrong(f"{name}: wants {', '.join(sorted(needed))}")
    return data


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str) or not value or len(value) > 500 or not value.isprintable():
        raise DescriptionWrong(f"{name}: a text")
    return value


def _texts(value: Any, name: str) -> frozenset[str]:
    if not isinstance(value, list) or not value or len(value) > 50:
        raise DescriptionWrong(f"{name}: a list of texts")
    return frozenset(_text(each, name) for each in value)


def _word(value: Any, name: str, words: set[str]) -> str:
    if not isinstance(value, str) or value not in words:
        raise DescriptionWrong(f"{name}: one of {', '.join(sorted(words))}")
    return value


def _path(value: Any, name: str) -> str:
    """Into what is answered to a try: it is of one SMS, so that no place in a list is left open."""
    text = _text(value, name)
    if "*" in text:
        raise DescriptionWrong(f"{name}: no * here, it stands in hook.receipt and hook.reply alone")
    return text


def _auth(value: Any) -> tuple[str, str, str]:
    """The kind, and user and password; of a header its name and what stands in it."""
    auth = _part(value, "auth", {"kind"}, {"token", "user", "password", "name", "value"})
    kind = _word(auth["kind"], "auth.kind", {"bearer", "basic", "header", "none"})
    if kind == "none":
        return kind, "", ""
    if kind == "basic":
        return kind, _text(auth.get("user"), "auth.user"), _text(auth.get("password"), "auth.password")
    part = "token" if kind == "bearer" else "value"
    secret = _text(auth.get(part), f"auth.{part}")
    if not secret.isascii():
        raise DescriptionWrong(f"auth.{part}: letters without accents, digits and signs")
    name = _text(auth.get("name"), "auth.name") if kind == "header" else ""
    ours = {"accept", "connection", "content-length", "content-type", "expect", "host", "transfer-encoding"}
    if name and (not re.fullmatch(r"[0-9A-Za-z-]{1,60}", name) or name.lower() in ours | {"user-agent"}):
        raise DescriptionWrong("auth.name: the name of a header that is not ours to write")
    return kind, name, secret


def _url(value: Any) -> str:
    """TLS, but on this machine: a password and a patient's number are not sent in the open."""
    text = _text(value, "url")
    try:
        parts = urlsplit(text)
        sound = bool(parts.hostname) and parts.username is None and not parts.fragment and parts.port != 0
    except ValueError:
        raise DescriptionWrong("url: an https:// address") from None
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    if not sound or not safe or not text.isascii() or " " in text:
        raise DescriptionWrong("url: an https:// address")
    return text


def _fields(value: Any, body: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or not value:
        raise DescriptionWrong("fields: names with their texts")
    _checked(value, nested=body == "json", depth=0)
    written = json.dumps(value)
    if "{text}" not in written or not ("{number}" in written or "{number_digits}" in written):
        raise DescriptionWrong("fields: {text}, and {number} or {number_digits}")
    return value


def _checked(value: Any, *, nested: bool, depth: int) -> None:
    if isinstance(value, str):
        if {found[1] for found in _PLACE.finditer(value)} - PLACES:
            raise DescriptionWrong(f"fields: places are {', '.join(sorted(PLACES))}")
    elif isinstance(value, dict | list) and depth < DEPTH and (depth == 0 or nested):
        for each in value.values() if isinstance(value, dict) else value:
            _checked(each, nested=nested, depth=depth + 1)
    elif not (nested and isinstance(value, bool | int)):
        raise DescriptionWrong("fields: texts; in JSON also numbers, true and false, objects and lists, five deep")


def _micros(value: Any) -> int:
    try:
        price = Decimal(_text(value, "price.part"))
    except InvalidOperation:
        raise DescriptionWrong("price.part: a number written as text") from None
    if not price.is_finite() or not 0 <= price < 100:
        raise DescriptionWrong("price.part: a number written as text")
    return int(price * 1_000_000)


def _together(part: Mapping[str, Any], name: str) -> None:
    """Their `*` stands, once, for the place in one and the same list."""
    paths = [each for each in part.values() if isinstance(each, str) and "*" in each]
    if any(each.split(".").count("*") != 1 or each.count("*") != 1 or each[0] == "*" for each in paths):
        raise DescriptionWrong(f"{name}: one * in a path, for the place in a list that has a name")
    if len({each.partition(".*")[0] for each in paths}) > 1:
        raise DescriptionWrong(f"{name}: the * of all paths is in the same list")


def _flag(value: Any, name: str) -> bool:
    if not isinstance(value, bool):
        raise DescriptionWrong(f"{name}: true or false")
    return value


def _receipt(value: Any) -> Receipt:
    part = _part(value, "hook.receipt", {"id", "state", "delivered", "failed"}, {"why"})
    _together(part, "hook.receipt")
    return Receipt(
        id=_text(part["id"], "hook.receipt.id"),
        state=_text(part["state"], "hook.receipt.state"),
        delivered=_texts(part["delivered"], "hook.receipt.delivered"),
        failed=_texts(part["failed"], "hook.receipt.failed"),
        why=_text(part["why"], "hook.receipt.why") if "why" in part else "",
    )


def _reply(value: Any) -> Reply:
    part = _part(value, "hook.reply", {"number", "text"}, {"id"})
    _together(part, "hook.reply")
    return Reply(
        number=_text(part["number"], "hook.reply.number"),
        text=_text(part["text"], "hook.reply.text"),
        id=_text(part["id"], "hook.reply.id") if "id" in part else "",
    )
