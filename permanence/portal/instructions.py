# SPDX-License-Identifier: AGPL-3.0-or-later
"""The client writes, changes and ends his instructions to the secretaries. Looked at as she will see it, then saved."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from permanence.clients import approval_queries, approvals, instructions
from permanence.clients import queries as clients
from permanence.clients.instruction_bodies import instruction_body
from permanence.clients.instruction_fields import CallerMalformed, InstructionChanged, ReasonUnknown
from permanence.clients.instruction_words import html_words
from permanence.clients.instructions import InstructionUnknown
from permanence.clients.proving import NotSeen, SaidContradicts, save_proved, save_seen, try_out
from permanence.clients.queries import ClientFile, ClientView, LineUnknown, RecipientUnknown
from permanence.clients.rules import INSTRUCTION_LIMIT, Scope
from permanence.clients.rules.approvals import URGENT_PRIORITY, ProposalKind, is_urgent_instruction
from permanence.clients.said_words import ChangeWords, change_words
from permanence.countries.numbers import NotANumber, parse_number, spell_number
from permanence.foundation.who import Who, portal_only
from permanence.kernel.phone import PhoneNumber
from permanence.kernel.refusals import Refusal
from permanence.kernel.system import SystemClock, SystemEntropy
from permanence.portal.account import back, own
from permanence.portal.first_look import first_look
from permanence.portal.meanwhile import apart
from permanence.portal.moment_fields import read_moment, write_moment
from permanence.portal.spoken_rows import Order, orders
from permanence.reception import markup
from permanence.reception.table import InstructionEntry, RecipientEntry

_CLOCK = SystemClock()
_ENTROPY = SystemEntropy()
NEW = "new"
WHY: dict[type[Refusal], Promise] = {
    RecipientUnknown: gettext_lazy("Choose among the persons of the list."),
    LineUnknown: gettext_lazy("Choose among the lines of the list."),
    ReasonUnknown: gettext_lazy("Choose among the reasons of the list."),
    CallerMalformed: gettext_lazy("Write the caller’s number with its area, or leave the field empty."),
    approvals.TooManyWaiting: gettext_lazy("Too many changes wait for a second person: have some approved first."),
}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@portal_only
def edit(request: HttpRequest, client: str, instruction: str) -> HttpResponse:
    """One instruction, or a new one for "new". POST `step=check` shows the card's list; `step=save` saves it."""
    by, view = own(request, client)
    at = _CLOCK.now()
    file = clients.client_file(house=by.house, client=client, at=at)
    held = next((each for each in file.instructions if each.id == instruction), None)
    typed = _typed(request, view, held, at=at)
    if held is None and instruction != NEW:
        return _ended(request, view, file, instruction, typed, by=by, at=at)
    failed = _failed(typed) if request.method == "POST" else ""
    changed = request.method == "POST" and held is not None and request.POST.get("version", "") != str(held.version)
    if failed or changed or request.method != "POST":
        return _page(request, view, file, held, typed, by=by, at=at, failed=failed, changed=changed and not failed)
    saves, waits = request.POST.get("step") == "save", ""

    def change() -> None:
        nonlocal waits
        waits = approvals.submit(
            client=client,
            kind=ProposalKind.INSTRUCTION,
            body=_body(held, typed),
            by=by,
            at=at,
            entropy=_ENTROPY,
        )

    try:
        found = (save_proved if saves else try_out)(client=client, change=change, by=by, at=at)
    except SaidContradicts as refusal:
        told = change_words(refusal.found)
        return _page(request, view, file, held, typed, by=by, at=at, shown=True, change=told)
    except InstructionChanged:
        later = clients.client_file(house=by.house, client=client, at=at)
        held = next((each for each in later.instructions if each.id == instruction), held)
        return _page(request, view, later, held, typed, by=by, at=at, changed=True)
    except InstructionUnknown:
        return _ended(request, view, file, instruction, typed, by=by, at=at)
    except tuple(WHY) as refusal:
        failed = str(WHY[type(refusal)])
        return _page(request, view, file, held, typed, by=by, at=at, failed=failed)
    if saves:
        return back(client, "waits" if waits else "instruction")
    return _page(request, view, file, held, typed, by=by, at=at, shown=True, change=change_words(found))


@require_POST
@portal_only
def retire(request: HttpRequest, client: str, instruction: str) -> HttpResponse:
    """The instruction holds no longer."""
    by, view = own(request, client)
    at = _CLOCK.now()
    file = clients.client_file(house=by.house, client=client, at=at)
    held = next((each for each in file.instructions if each.id == instruction), None)
    if held is None:
        raise Http404
    version = request.POST.get("version", "")
    if version != str(held.version):  # nobody ends what he has not seen
        return _page(request, view, file, held, _written(view, held), by=by, at=at, changed=True)
    body, waits = {"instruction": held.id, "began_from": held.version}, ""

    def change() -> None:
        nonlocal waits
        waits = approvals.submit(client=client, kind=ProposalKind.RETIREMENT, body=body, by=by, at=at, entropy=_ENTROPY)

    try:
        save_seen(client=client, change=change, seen=request.POST.get("seen", ""), by=by, at=at)
    except InstructionUnknown as refusal:
        raise Http404 from refusal
    except InstructionChanged:
        later = clients.client_file(house=by.house, client=client, at=at)
        held = next((each for each in later.instructions if each.id == instruction), held)
        return _page(request, view, later, held, _written(view, held), by=by, at=at, changed=True)
    except approvals.TooManyWaiting as refusal:
        failed = str(WHY[type(refusal)])
        return _page(request, view, file, held, _written(view, held), by=by, at=at, failed=failed)
    except (SaidContradicts, NotSeen) as told:
        again = _("End the instruction all the same")
        return first_look(request, view, told.found, again=again, carried={"version": version})
    return back(client, "waits" if waits else "retired")


def _ended(
    request: HttpRequest,
    view: ClientView,
    file: ClientFile,
    instruction: str,
    typed: dict[str, Any],
    *,
    by: Who,
    at: datetime,
) -> HttpResponse:
    """It holds no longer: who was writing on it is told and keeps her words, everybody else finds nothing."""
    if request.method != "POST":
        raise Http404
    try:
        instructions.current(house=by.house, client=view.id, instruction=instruction)
    except InstructionUnknown as unknown:
        raise Http404 from unknown
    failed = _("The instruction was retired while you wrote. Your words stand below: saved again, they are a new one.")
    return _page(request, view, file, None, typed, by=by, at=at, failed=failed)


def _body(held: InstructionEntry | None, typed: dict[str, Any]) -> dict[str, Any]:
    """A new instruction, or the next version of one."""
    scope = Scope(
        recipient=typed["recipient"], line=typed["line"], reason=typed["reason"], caller=typed["caller_number"]
    )
    return instruction_body(
        text=typed["text"],
        starts_at=typed["starts_at"],
        ends_at=typed["ends_at"],
        priority=_priority(held, urgent=typed["urgent"]),
        scope=scope,
        acknowledge=typed["acknowledge"],
        instruction=held.id if held is not None else "",
        began_from=held.version if held is not None else None,
    )


def _priority(held: InstructionEntry | None, *, urgent: bool) -> int:
    """The priority it has, as far as that says whether it is urgent."""
    kept = held.priority if held is not None else 0
    return max(kept, URGENT_PRIORITY) if urgent else min(kept, URGENT_PRIORITY - 1)


def _typed(request: HttpRequest, view: ClientView, held: InstructionEntry | None, *, at: datetime) -> dict[str, Any]:
    """What stands in the form: typed, or what is kept. Moments as the field writes them and, read, as moments."""
    found = _written(view, held)
    if request.method == "POST":
        for name in ("recipient", "line", "reason", "caller", "starts", "ends"):  # a field that is not there keeps
            found[name] = request.POST.get(name, found[name]).strip()
        found["text"] = request.POST.get("text", "").replace("\r\n", "\n").strip()
        found["acknowledge"] = request.POST.get("acknowledge") == "1"
        if request.POST.get("asked") == "urgent":  # the form has the box; where it has not, what was kept stays
            found["urgent"] = request.POST.get("urgent") == "1"
    zone = ZoneInfo(view.time_zone)
    for side in ("starts", "ends"):
        found[f"{side}_at"] = read_moment(found[side], zone, at=at)
    return {**found, "caller_number": _number(found["caller"], view)}


def _written(view: ClientView, held: InstructionEntry | None) -> dict[str, Any]:
    """What is kept, as the form shows it; an empty one for None."""
    zone, caller = ZoneInfo(view.time_zone), held.caller if held is not None else ""
    return {
        "text": held.text if held is not None else "",
        "recipient": held.recipient if held is not None else "",
        "line": held.line if held is not None else "",
        "reason": held.reason if held is not None else "",
        "caller": spell_number(PhoneNumber(caller), country=view.country) if caller else "",
        "caller_number": caller,
        "acknowledge": held is not None and held.acknowledge,
        "urgent": held is not None and is_urgent_instruction(held.priority),
        "starts": write_moment(held.starts, zone) if held is not None else "",
        "ends": write_moment(held.ends, zone) if held is not None else "",
        "starts_at": held.starts if held is not None else None,
        "ends_at": held.ends if held is not None else None,
    }


def _number(typed: str, view: ClientView) -> str:
    """The caller's number in E.164, "" for none; what is no number stays as it was typed, and is refused."""
    try:
        return str(parse_number(typed, country=view.country)) if typed else ""
    except NotANumber:
        return typed[:40]


def _choices(file: ClientFile, held: InstructionEntry | None) -> tuple[RecipientEntry, ...]:
    """Whom it can be about; whom it is about already, too when he left."""
    known = {each.id for each in file.recipients}
    if held is None or not held.recipient or held.recipient in known:
        return file.recipients
    return (*file.recipients, RecipientEntry(id=held.recipient, name=held.recipient_name))


def _reasons(file: ClientFile, held: InstructionEntry | None) -> dict[str, str]:
    """What it can be about, by code; what it is about already, too when the form has it no more."""
    kept = {held.reason: held.reason_label or held.reason} if held is not None and held.reason else {}
    return {**kept, **{each.code: each.label for each in file.reasons}}


def _names(file: ClientFile, held: InstructionEntry | None) -> dict[str, str]:
    return {**{each.id: each.name for each in _choices(file, held)}, **_reasons(file, held)}


def _failed(typed: dict[str, Any]) -> str:
    if not markup.words(typed["text"]):
        return _("Write what the secretary should know or do.")
    if len(typed["text"]) > INSTRUCTION_LIMIT:
        return _("At most %(limit)s characters.") % {"limit": INSTRUCTION_LIMIT}
    if told := html_words(typed["text"]):
        return told
    for side in ("starts", "ends"):
        if typed[side] and typed[f"{side}_at"] is None:
            return _("Write day and hour, such as 24/12 14:00, or leave the field empty.")
    if typed["starts_at"] and typed["ends_at"] and typed["ends_at"] <= typed["starts_at"]:
        return _("The end has to come after the beginning.")
    return ""


def _page(
    request: HttpRequest,
    view: ClientView,
    file: ClientFile,
    held: InstructionEntry | None,
    typed: dict[str, Any],
    *,
    by: Who,
    at: datetime,
    shown: bool = False,
    failed: str = "",
    changed: bool = False,
    change: ChangeWords | None = None,
) -> HttpResponse:
    context = {
        "client": view,
        "tab": "line",
        "held": held,
        "instruction": held.id if held is not None else NEW,
        "version": held.version if held is not None else 0,
        "typed": typed,
        "limit": INSTRUCTION_LIMIT,
        "failed": failed,
        "changed": changed,
        "shown": shown or changed,
        "change": change,
        "second": _is_urgent(held, typed) and approval_queries.asks_second(house=by.house, client=view.id),
        "recipients": _choices(file, held),
        "lines": list(dict.fromkeys((*file.lines, *filter(None, (held.line if held else "",))))),
        "reasons": _reasons(file, held),
        "apart": apart(held, _written(view, held), typed, _names(file, held)) if held and changed else (),
        "orders": _as_on_the_card(file, view, held, typed, by=by, at=at) if shown or changed else (),
    }
    refused = bool(failed) or (change is not None and bool(change.conflicts))
    return render(request, "portal/instruction.html", context, status=422 if refused else 409 if changed else 200)


def _is_urgent(held: InstructionEntry | None, typed: dict[str, Any]) -> bool:
    return typed["urgent"] or (held is not None and is_urgent_instruction(held.priority))


def _as_on_the_card(
    file: ClientFile, view: ClientView, held: InstructionEntry | None, typed: dict[str, Any], *, by: Who, at: datetime
) -> tuple[Order, ...]:
    """The list of the card as it would be, what is typed among it and marked."""
    names = {each.id: each.name for each in file.recipients}
    wanted = InstructionEntry(
        id=held.id if held is not None else NEW,
        version=0,
        text=typed["text"],
        author=by.name,
        written_at=at,
        starts=typed["starts_at"],
        ends=typed["ends_at"],
        priority=_priority(held, urgent=typed["urgent"]),
        recipient=typed["recipient"],
        recipient_name=names.get(typed["recipient"], ""),
        line=typed["line"],
        reason=typed["reason"],
        reason_label=_reasons(file, held).get(typed["reason"], ""),
        caller=typed["caller_number"],
        acknowledge=typed["acknowledge"],
    )
    others = [each for each in file.instructions if held is None or each.id != held.id]
    found = orders((wanted, *others), ZoneInfo(view.time_zone), at=at)
    return tuple(replace(each, is_changed=each.id == wanted.id) for each in found)
