# SPDX-License-Identifier: AGPL-3.0-or-later
"""Import and export of clients, sites and directories: the owner's. A file is checked first and nothing is saved."""

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import render
from django.utils.text import slugify
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from permanence.backstage.account_views import client_or_404, doors
from permanence.backstage.fault_words import file_words, found_words, line_words
from permanence.backstage.sheets import MOST_BYTES, FileUnreadable, decoded
from permanence.backstage.transfers import CARDS, CLIENTS, TABLES, bring_in, written
from permanence.backstage.vcards import write_cards
from permanence.clients import draft_operations as drafts
from permanence.clients.bulk_found import BroughtIn
from permanence.clients.bulk_operations import HouseChanged
from permanence.clients.directory_queries import contacts_of
from permanence.clients.models import Client
from permanence.foundation import audit
from permanence.foundation.who import Who, owner_only, who
from permanence.kernel.system import SystemClock

CLOCK = SystemClock()
SHOWN = 200
"""Faults of one report; the others are counted."""


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@owner_only
def transfers(request: HttpRequest) -> HttpResponse:
    """The page; a posted file is checked, line by line, and waits for the owner's word."""
    by = who(request)
    given = request.POST if request.method == "POST" else request.GET
    client = client_or_404(by, request.GET["client"]) if request.GET.get("client") else None
    kind = CARDS if client is not None else given.get("kind", CLIENTS)
    if kind not in {*TABLES, CARDS} or (kind == CARDS and client is None):
        return HttpResponseBadRequest()
    if request.method != "POST":
        return _page(request, by, kind=kind, client=client)
    try:
        text = _text(request.FILES.get("file"))
        done = bring_in(kind=kind, text=text, client=client, dry=True, by=by, at=CLOCK.now())
    except FileUnreadable as error:
        return _page(request, by, kind=kind, client=client, fault=file_words(error), status=422)
    except IntegrityError:  # somebody gave one of these numbers or names between our look and our writing
        return _page(request, by, kind=kind, client=client, fault=file_words(FileUnreadable("busy")), status=422)
    if done.faults:
        return _page(request, by, kind=kind, client=client, done=done, status=422)
    drafts.keep_draft(kind=kind, body=text, client=client.pk if client else None, by=by, at=CLOCK.now())
    return _page(request, by, kind=kind, client=client, done=done, waits=True)


@never_cache
@require_POST
@owner_only
def import_now(request: HttpRequest) -> HttpResponse:
    """Bring in the file that was checked; it is checked again, for the house may have changed."""
    by, at = who(request), CLOCK.now()
    try:
        kind, text, key = drafts.waiting_draft(by=by, at=at)
        client = client_or_404(by, str(key)) if key else None
        done = bring_in(kind=kind, text=text, client=client, dry=False, by=by, at=at)
    except drafts.DraftGone as gone:
        return _page(request, by, kind=CLIENTS, fault=file_words(FileUnreadable(gone.code)), status=422)
    except (IntegrityError, HouseChanged):  # somebody changed one of these clients meanwhile
        return _page(request, by, kind=CLIENTS, fault=file_words(FileUnreadable("busy")), status=422)
    drafts.drop_draft(by=by)
    status = 422 if done.faults else 200
    return _page(request, by, kind=kind, client=client, done=done, saved=not done.faults, status=status)


@never_cache
@require_POST
@owner_only
def export(request: HttpRequest) -> HttpResponse:
    """A table of the house as CSV; that it left the house is noted."""
    by, kind = who(request), request.POST.get("kind", CLIENTS)
    if kind not in TABLES:
        return HttpResponseBadRequest()
    audit.note(by=by, at=CLOCK.now(), action="clients.exported", subject=f"clients:{kind}")
    return _file(written(kind=kind, by=by), f"{kind}.csv", "text/csv; charset=utf-8")


@never_cache
@require_POST
@owner_only
def export_cards(request: HttpRequest, client: str) -> HttpResponse:
    """The directory of a client as vCards; that it left the house is noted."""
    by = who(request)
    row = client_or_404(by, client)
    subject = f"clients.client:{row.pk}"
    audit.note(by=by, at=CLOCK.now(), action="clients.exported", subject=subject, client=row.pk)
    cards = write_cards(contacts_of(by.house_key, row.pk))
    return _file(cards, f"{slugify(row.name) or 'client'}.vcf", "text/vcard; charset=utf-8")


def _text(file: "UploadedFile[Any] | None") -> str:
    if file is None:
        raise FileUnreadable("no_file")
    if (file.size or 0) > MOST_BYTES:
        raise FileUnreadable("too_large")
    return decoded(file.read())


def _file(text: str, name: str, kind: str) -> HttpResponse:
    return HttpResponse(
        text.encode("utf-8"), content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def _page(
    request: HttpRequest,
    by: Who,
    *,
    kind: str,
    client: Client | None = None,
    done: BroughtIn | None = None,
    fault: str = "",
    waits: bool = False,
    saved: bool = False,
    status: int = 200,
) -> HttpResponse:
    found = found_words(done.proved) if done else []
    context = {
        "kind": kind,
        "found": found[:SHOWN],
        "more_found": max(0, len(found) - SHOWN),
        "client": client,
        "done": done,
        "faults": [line_words(each) for each in done.faults[:SHOWN]] if done else [],
        "more": max(0, len(done.faults) - SHOWN) if done else 0,
        "fault": fault,
        "waits": waits,
        "saved": saved,
    }
    return render(request, "backstage/accounts/transfer.html", {**context, **doors(by)}, status=status)
