# SPDX-License-Identifier: AGPL-3.0-or-later
"""Acts on the remarks of doctors: "not like this" on a list of red flags, and the answer of the house."""

from datetime import datetime

from django.db import transaction

from permanence.clients.acts import account, changed
from permanence.clients.models import Recipient, RedFlagRemark
from permanence.clients.models import Script as ScriptRow
from permanence.clients.rules import RecipientKind
from permanence.clients.rules.approvals import REMARK_LIMIT
from permanence.clients.rules.script import read_text
from permanence.clients.script_operations import DoctorUnknown, RedFlagsChanged, ScriptUnknown, red_flags_text
from permanence.foundation.keys import row_key
from permanence.foundation.who import Who
from permanence.kernel.refusals import Refusal


class WordsMissing(Refusal):
    """A remark and an answer say something, in at most REMARK_LIMIT characters."""

    code = "words_missing"


class RemarkOver(Refusal):
    """The client has no such remark, or it was answered meanwhile."""

    code = "remark_over"


@transaction.atomic
def remark(*, client: str, version: int, red_flags: str, doctor: str, words: str, by: Who, at: datetime) -> str:
    """A practitioner of the client (recipient id) does not want the red flags of a version as they are; gives its id.

    `red_flags` is the list as he saw it. What is in force stays so. Raises ClientUnknown, ScriptUnknown, DoctorUnknown,
    RedFlagsChanged, WordsMissing.
    """
    row = account(client, by=by)
    chosen = ScriptRow.objects.for_client(row).filter(version=version).first()
    script = read_text(chosen.text)[0] if chosen else None
    if chosen is None or script is None:
        raise ScriptUnknown(str(version))
    practitioners = Recipient.objects.for_client(row).filter(kind=RecipientKind.PRACTITIONER, active=True)
    if not practitioners.filter(pk=row_key(doctor)).exists():
        raise DoctorUnknown(doctor)
    if red_flags_text(script) != red_flags:
        raise RedFlagsChanged(str(version))
    new = RedFlagRemark.objects.create(
        house_id=row.house_id,
        client=row,
        script=chosen,
        text=red_flags,
        words=_said(words),
        author_id=by.person_key,
        author_name=by.name,
        made_at=at,
    )
    changed(client=client, action="red_flags.remarked", by=by, at=at, detail={"version": version, "doctor": doctor})
    return str(new.pk)


@transaction.atomic
def answer(*, client: str, remark: str, words: str, by: Who, at: datetime) -> None:
    """The house answers: the remark waits no longer for it, the list again for the doctor where he has not validated
    it. Raises ClientUnknown, RemarkOver, WordsMissing."""
    row = account(client, by=by)
    found = RedFlagRemark.objects.for_client(row).filter(pk=row_key(remark), answered_at=None).first()
    if found is None:
        raise RemarkOver(remark)
    found.answer, found.answered_by_name, found.answered_at = _said(words), by.name, at
    found.save(update_fields=["answer", "answered_by_name", "answered_at"])
    changed(client=client, action="red_flags.answered", by=by, at=at, detail={"version": found.script.version})


def _said(words: str) -> str:
    said = words.strip()
    if not said or len(said) > REMARK_LIMIT:
        raise WordsMissing(str(len(said)))
    return said
