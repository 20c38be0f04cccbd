# SPDX-License-Identifier: AGPL-3.0-or-later
"""Acts on the scripts: write a version, publish it, record what the doctor validated.

A version is never changed: the next one is another row. Publishing asks the linter and runs the sample calls; red flags
come into force only by a validation with a date, and stay in force until the next one, whatever is published meanwhile.
"""

import dataclasses
from datetime import date, datetime
from zoneinfo import ZoneInfo

import orjson
from django.db import transaction

from permanence.clients import queries
from permanence.clients.acts import account, changed
from permanence.clients.models import Recipient, RedFlagValidation
from permanence.clients.models import Script as ScriptRow
from permanence.clients.rules import RecipientKind
from permanence.clients.rules.script import Fault, Script, plain, read_text, write_text
from permanence.clients.rules.script_lint import Around, lint
from permanence.clients.rules.script_run import run_samples
from permanence.clients.rules.script_templates import Beginning, template
from permanence.clients.script_queries import last_validation
from permanence.clients.script_words import of_sample
from permanence.clients.urgent_paths import demand_second
from permanence.foundation.keys import row_key
from permanence.foundation.who import Who
from permanence.kernel.refusals import Refusal

_UNDER_A_FLAG = frozenset({"question_unknown", "choice_unknown", "clause_wrong", "branch_on_free_answer"})
"""The faults of a red flag in force whose question or answer a script takes from under it."""


class ScriptRefused(Refusal):
    """The script is not sound; `faults` says why, and `script_words` in words."""

    code = "script_refused"

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("; ".join(f"{each.code} {each.where} {each.what}".strip() for each in faults))
        self.faults = faults


class ScriptChanged(Refusal):
    """Somebody wrote another version meanwhile: what is to be kept must be put together first."""

    code = "script_changed"


class ScriptUnknown(Refusal):
    """The client has no such version."""

    code = "script_unknown"


class TemplateUnknown(Refusal):
    """There is no such template."""

    code = "template_unknown"


class DoctorUnknown(Refusal):
    """Red flags are validated by a practitioner of this client."""

    code = "doctor_unknown"


class DateAhead(Refusal):
    """Nobody has validated anything tomorrow."""

    code = "date_ahead"


class RedFlagsChanged(Refusal):
    """The list is not the one the doctor saw."""

    code = "red_flags_changed"


def check(*, house: str, client: str, text: str, on: date) -> tuple[Fault, ...]:
    """Everything that stands in the way of publishing this text for the client: the linter's faults, then the samples
    that fail, then what the red flags in force would lack. Changes nothing. Raises ClientUnknown."""
    script, faults = read_text(text)
    if script is None:
        return faults
    faults = _faults(script, house=house, client=client, on=on)
    valid = last_validation(house=house, client=client)
    if faults or valid is None or valid.red_flags == script.red_flags:
        return faults
    samples = tuple(
        dataclasses.replace(each, expect=dataclasses.replace(each.expect, red_flags=())) for each in script.samples
    )
    shown = dataclasses.replace(script, red_flags=valid.red_flags, samples=samples)
    called = {each.id: each.label for each in valid.red_flags}
    found = lint(shown, around_of(house=house, client=client, on=on))
    return tuple(
        dict.fromkeys(
            Fault(code="red_flag_in_force", where=called[each.where])
            if each.code in _UNDER_A_FLAG and each.where in called
            else each
            for each in found
        )
    )


def _faults(script: Script, *, house: str, client: str, on: date) -> tuple[Fault, ...]:
    """What is wrong with the script itself."""
    around = around_of(house=house, client=client, on=on)
    faults = lint(script, around)
    return faults or tuple(of_sample(each) for each in run_samples(script, recipients=around.recipients))


def around_of(*, house: str, client: str, on: date) -> Around:
    """What stands around the script of this client. Two queries. Raises ClientUnknown."""
    view = queries.client(house=house, client=client)
    recipients = {each.id: each.name for each in queries.recipients(house=house, client=client)}
    return Around(recipients=recipients, country=view.country, health=view.health, on=on)


@transaction.atomic
def begin_from_template(*, client: str, code: str, language: str, by: Who, at: datetime, after: int = 0) -> int:
    """A first draft from a template, in a language the client's callers are spoken to; gives its version.

    Raises ClientUnknown, TemplateUnknown, ScriptChanged.
    """
    row = account(client, by=by)
    own = [(each.id, each.kind) for each in queries.recipients(house=by.house, client=client)]
    spoken = language or next(iter(row.languages), "en")
    try:
        script = template(code, Beginning(language=spoken, country=row.country, recipients=own, on=at.date()))
    except KeyError as error:
        raise TemplateUnknown(code) from error
    return write_draft(client=client, text=write_text(script), after=after, by=by, at=at)


@transaction.atomic
def write_draft(*, client: str, text: str, after: int, by: Who, at: datetime) -> int:
    """A new version of the script, sound or not, that follows version `after` (0: the first); gives its number.

    It must at least be of the language. Raises ClientUnknown, ScriptRefused, ScriptChanged.
    """
    row = account(client, by=by)
    script, faults = read_text(text)
    if script is None:
        raise ScriptRefused(faults)
    last = ScriptRow.objects.for_client(row).order_by("-version").first()
    if (last.version if last else 0) != after:
        raise ScriptChanged(f"version {last.version if last else 0} came meanwhile")
    new = ScriptRow.objects.create(
        house_id=row.house_id,
        client=row,
        version=after + 1,
        title=script.title[:200],
        text=write_text(script),
        author_id=by.person_key,
        author_name=by.name,
        written_at=at,
    )
    changed(client=client, action="script.drafted", by=by, at=at, detail={"version": new.version})
    return new.version


@transaction.atomic
def publish(*, client: str, version: int, by: Who, at: datetime) -> None:
    """From now on this version runs in the calls of the client. An earlier version may be published again: it is
    written again, as the newest. Raises ClientUnknown, ScriptUnknown, ScriptRefused."""
    row = account(client, by=by)
    chosen = ScriptRow.objects.for_client(row).filter(version=version).first()
    if chosen is None:
        raise ScriptUnknown(str(version))
    faults = check(house=by.house, client=client, text=chosen.text, on=at.date())
    if faults:
        raise ScriptRefused(faults)
    if chosen.published_at is not None:
        last = ScriptRow.objects.for_client(row).order_by("-version").values_list("version", flat=True)[0]
        again = write_draft(client=client, text=chosen.text, after=last, by=by, at=at)
        chosen = ScriptRow.objects.for_client(row).get(version=again)
    chosen.published_at, chosen.published_by_id = at, by.person_key
    chosen.save(update_fields=["published_at", "published_by"])
    changed(client=client, action="script.published", by=by, at=at, detail={"version": chosen.version})


@transaction.atomic
def publish_text(*, client: str, text: str, after: int, by: Who, at: datetime) -> int:
    """Publish what stands in a page: as the newest version when that says the same, else written first.

    Gives the version. Raises what `write_draft` and `publish` raise; then nothing is written either.
    """
    row = account(client, by=by)
    script, faults = read_text(text)
    if script is None:
        raise ScriptRefused(faults)
    last = ScriptRow.objects.for_client(row).order_by("-version").first()
    same = last is not None and last.version == after and last.text == write_text(script) and last.published_at is None
    version = after if same else write_draft(client=client, text=text, after=after, by=by, at=at)
    publish(client=client, version=version, by=by, at=at)
    return version


@transaction.atomic
def validate_red_flags(
    *, client: str, version: int, red_flags: str, doctor: str, validated: date, by: Who, at: datetime
) -> None:
    """A practitioner of the client (recipient id) validated the red flags of a version, on that day.

    `red_flags` is the list as he saw it (`red_flags_text`): if the version holds another, nothing is recorded. From now
    on these are in force. Raises ClientUnknown, ScriptUnknown, ScriptRefused, DoctorUnknown, DateAhead,
    RedFlagsChanged, ApprovalNeeded.
    """
    row = account(client, by=by)
    chosen = ScriptRow.objects.for_client(row).filter(version=version).first()
    script = read_text(chosen.text)[0] if chosen else None
    if chosen is None or script is None:
        raise ScriptUnknown(str(version))
    key = row_key(doctor)
    found = Recipient.objects.for_client(row).filter(pk=key, kind=RecipientKind.PRACTITIONER, active=True).first()
    if found is None:
        raise DoctorUnknown(doctor)
    if validated > at.astimezone(ZoneInfo(row.time_zone)).date():
        raise DateAhead(validated.isoformat())
    if red_flags_text(script) != red_flags:
        raise RedFlagsChanged(str(version))
    faults = _faults(script, house=by.house, client=client, on=at.date())
    if faults:
        raise ScriptRefused(faults)
    demand_second(row, by=by)
    number = RedFlagValidation.objects.for_client(row).count() + 1
    RedFlagValidation.objects.create(
        house_id=row.house_id,
        client=row,
        script=chosen,
        number=number,
        text=red_flags,
        doctor=found,
        doctor_name=found.name,
        validated_date=validated,
        recorded_by_id=by.person_key,
        recorded_at=at,
    )
    detail = {"version": version, "doctor": doctor, "validated": validated.isoformat(), "flags": len(script.red_flags)}
    changed(client=client, action="red_flags.validated", by=by, at=at, detail=detail)


def red_flags_text(script: Script) -> str:
    """The red flags of a script as the doctor validates them: the same list is the same text."""
    return orjson.dumps(plain(script.red_flags)).decode()
