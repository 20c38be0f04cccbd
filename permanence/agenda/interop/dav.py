# SPDX-License-Identifier: AGPL-3.0-or-later
"""The CalDAV server: Radicale as a library (RFC 4791, 6578, 5397), with refusals in words instead of bare statuses."""

import io
import logging
from collections.abc import Callable
from functools import cache
from http import HTTPStatus
from typing import Any

from defusedxml import DefusedXmlException
from radicale import config
from radicale.app import Application
from radicale.log import logger

from permanence.agenda.interop.dav_storage import SESSION, TEXTS, Auth, Rights, Storage
from permanence.agenda.interop.dav_words import refused_words
from permanence.agenda.interop.devices import Session
from permanence.agenda.interop.multistatus import CAL, DAV
from permanence.agenda.interop.written import read
from permanence.agenda.refusals import (
    AgendaBusy,
    AgendaUnknown,
    EventRefused,
    ReadOnly,
    SlotAlreadyTaken,
    SpanImpossible,
)
from permanence.kernel.refusals import Refusal

LOG = logging.getLogger(__name__)
BODY_LIMIT = 256 * 1024
"""Octets of a request's body."""
METHODS = ("OPTIONS", "GET", "HEAD", "PROPFIND", "REPORT", "PUT", "DELETE", "PROPPATCH")
_STATUS: dict[type[Refusal], HTTPStatus] = {
    SlotAlreadyTaken: HTTPStatus.CONFLICT,
    EventRefused: HTTPStatus.FORBIDDEN,
    SpanImpossible: HTTPStatus.FORBIDDEN,
    ReadOnly: HTTPStatus.FORBIDDEN,
    AgendaUnknown: HTTPStatus.NOT_FOUND,
    AgendaBusy: HTTPStatus.SERVICE_UNAVAILABLE,
}
_BAD = {"malformed", "no_event", "no_uid", "no_moment", "several"}
_REPORTS = {f"{{{DAV}}}sync-collection", f"{{{CAL}}}calendar-query", f"{{{CAL}}}calendar-multiget"}
type Answer = tuple[int, Any, str | bytes | None, str | None]


class Server(Application):
    """Radicale, whose refusals by our rules are told, and which no body brings down."""

    def do_PUT(self, *args: Any) -> Answer:  # noqa: N802 - Radicale finds it by name
        """Keep an event."""
        return _told(self._kept, *args)

    def _kept(self, environ: dict[str, Any], *args: Any) -> Answer:
        """Read by our bounds first: Radicale counts out every time that an event comes, however many they are."""
        body = environ["wsgi.input"].read()
        environ["wsgi.input"] = io.BytesIO(body)
        try:
            read(body.decode())
        except UnicodeDecodeError as error:
            raise EventRefused("malformed") from error
        kept: Answer = super().do_PUT(environ, *args)
        return kept

    def do_DELETE(self, *args: Any) -> Answer:  # noqa: N802
        """Take an event away."""
        return _told(super().do_DELETE, *args)

    def do_PROPFIND(self, *args: Any) -> Answer:  # noqa: N802
        """Say what is asked of what there is."""
        return _told(_understood, super().do_PROPFIND, *args)

    def do_REPORT(self, *args: Any) -> Answer:  # noqa: N802
        """Answer a query."""
        return _told(_understood, super().do_REPORT, *args)

    def do_PROPPATCH(self, *args: Any) -> Answer:  # noqa: N802
        """Nothing can be set."""
        return _told(super().do_PROPPATCH, *args)

    def _read_xml_request_body(self, *args: Any) -> Any:
        try:
            found = super()._read_xml_request_body(*args)
        except (DefusedXmlException, ValueError, LookupError, RecursionError) as error:
            raise RuntimeError("the body is no XML that is read here") from error
        if found is not None and not len(found):
            raise RuntimeError("nothing is asked")
        if found is not None and found.tag in _REPORTS:
            TEXTS.set(found.find(f".//{{{CAL}}}calendar-data") is not None)
        return found


def _told(act: Callable[..., Answer], *args: Any) -> Answer:
    try:
        return act(*args)
    except Refusal as refusal:
        status = _STATUS.get(type(refusal))
        if status is None:
            raise
        if isinstance(refusal, EventRefused) and str(refusal) in _BAD:
            status = HTTPStatus.BAD_REQUEST
        session = SESSION.get()
        return status.value, {"Content-Type": "text/plain"}, refused_words(refusal, session=session), None


def _understood(act: Callable[..., Answer], *args: Any) -> Answer:
    """Radicale takes it for granted that a query has its parts: one that has not is the client's mistake."""
    try:
        return act(*args)
    except (IndexError, AttributeError, KeyError, TypeError, ValueError, OverflowError):
        LOG.exception("a query of a calendar could not be answered")
        return HTTPStatus.BAD_REQUEST.value, {"Content-Type": "text/plain"}, "", None


@cache
def server() -> Server:
    """The one server of this process; it keeps nothing between two requests."""
    logger.setLevel(logging.ERROR)
    settings = config.load()
    mine: dict[str, dict[str, Any]] = {
        "auth": {"type": Auth, "delay": "0"},
        "rights": {"type": Rights, "permit_delete_collection": "False", "permit_overwrite_collection": "False"},
        "storage": {"type": Storage},
        "web": {"type": "none"},
        "server": {
            "max_content_length": str(BODY_LIMIT),
            "max_resource_size": str(BODY_LIMIT // 2),
            "delay_on_error": "0",
        },
    }
    settings.update(mine, "permanence", privileged=True)
    return Server(settings)


def answer(environ: dict[str, Any], *, session: Session) -> tuple[int, list[tuple[str, str]], bytes]:
    """The server's answer to one request of a session, its body read: status, headers, body."""
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]]) -> None:
        started[:] = [(status, list(headers.items()) if isinstance(headers, dict) else headers)]

    token, texts = SESSION.set(session), TEXTS.set(True)
    try:
        body = b"".join(server()(environ, start_response))
    finally:
        SESSION.reset(token)
        TEXTS.reset(texts)
    status, headers = started[0]
    return int(status[:3]), headers, body
