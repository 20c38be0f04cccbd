# SPDX-License-Identifier: AGPL-3.0-or-later
"""The demonstration's mailbox: every mail the house sent, as text, its links to be followed. Not there in a real house.

Nothing of a mail is shown as HTML: what arrived is data. A link is a link only when it leads to this site.
"""

import email
import email.policy
import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

_NAME = re.compile(r"[0-9A-Za-z_-]{1,80}\Z")
_LINK = re.compile(r"https?://[^\s<>\"]+")
SHOWN = 200
SIZE_LIMIT = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stretch of a mail's text; `path` is the address within this site when it is a link."""

    text: str
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail. `name` is its file's, without `.eml`."""

    name: str
    sender: str
    recipient: str
    subject: str
    at: datetime | None
    pieces: tuple[Piece, ...]


def read_mailbox(folder: Path) -> list[Mail]:
    """The mails in a folder, newest first (the files' names begin with the moment), at most `SHOWN`."""
    paths = sorted(folder.glob("*.eml"), reverse=True)[:SHOWN] if folder.is_dir() else []
    return [read_mail(path) for path in paths]


def read_mail(path: Path) -> Mail:
    """One mail from its file, whatever is in it."""
    with path.open("rb") as file:
        found = email.message_from_bytes(file.read(SIZE_LIMIT), policy=email.policy.default)
    body = found.get_body(("plain",))
    try:
        text = str(body.get_content()) if body is not None else ""
    except (LookupError, KeyError):  # a charset or a kind of content that does not exist
        text = ""
    try:
        at = parsedate_to_datetime(str(found["Date"]))
    except ValueError:
        at = None
    return Mail(
        name=path.stem,
        sender=str(found["From"] or ""),
        recipient=str(found["To"] or ""),
        subject=str(found["Subject"] or ""),
        at=at,
        pieces=pieces(text),
    )


def pieces(text: str) -> tuple[Piece, ...]:
    """The text cut at its links; a link to another site stays text."""
    own = urlsplit(settings.PERMANENCE.web_url).netloc
    found: list[Piece] = []
    end = 0
    for match in _LINK.finditer(text):
        parts = urlsplit(match.group())
        if parts.netloc != own:
            continue
        found.append(Piece(text=text[end : match.start()]))
        found.append(Piece(text=match.group(), path=parts.path + (f"?{parts.query}" if parts.query else "")))
        end = match.end()
    return (*found, Piece(text=text[end:]))


@login_not_required
@never_cache
@require_safe
def mailbox(request: HttpRequest) -> HttpResponse:
    """The mailbox's list. 404 in a real house."""
    _only_demonstration()
    return render(request, "portal/mailbox.html", {"mails": read_mailbox(settings.PERMANENCE.mailbox)})


@login_not_required
@never_cache
@require_safe
def mail(request: HttpRequest, name: str) -> HttpResponse:
    """One mail. 404 in a real house, or when there is none of that name."""
    _only_demonstration()
    path = settings.PERMANENCE.mailbox / f"{name}.eml"
    if not _NAME.match(name) or not path.is_file():
        raise Http404
    return render(request, "portal/mail.html", {"mail": read_mail(path)})


def _only_demonstration() -> None:
    if not settings.DEMONSTRATION or settings.PERMANENCE.is_seen_from_elsewhere:
        raise Http404
