# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of red flags for those who validate them: what stands in the script, what of it is validated, what waits."""

from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, Subquery

from permanence.clients.models import Proposal, RedFlagRemark, RedFlagValidation
from permanence.clients.models import Script as ScriptRow
from permanence.clients.remark_queries import Remark, last_remarks
from permanence.clients.rules.approvals import ProposalKind, ProposalState
from permanence.clients.rules.script import Script, read_text
from permanence.clients.script_operations import red_flags_text
from permanence.clients.script_queries import Validation, in_force, validations_of


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagList:
    """The red flags of one version. `draft`: not published yet. `validation`: the one that holds it, None: it waits.

    `text` is the list as it is validated (`red_flags_text`). `pending`: a validation waits for a second person.
    `remark`: the last thing a doctor said against it, since it was validated.
    """

    client: str
    version: int
    draft: bool
    script: Script
    text: str
    validation: Validation | None
    pending: bool = False
    remark: Remark | None = None

    @property
    def may_be_validated(self) -> bool:
        """Whether a doctor may still validate this list."""
        return self.validation is None and not self.pending

    @property
    def waits(self) -> bool:
        """Whether this list waits for a doctor, and not for the house to answer him."""
        return self.may_be_validated and (self.remark is None or not self.remark.waits)


def flag_lists(*, house: str, client: str, at: datetime) -> tuple[FlagList, ...]:
    """The list of the draft, if it says something else, then that of the script in force; three queries at most, and
    one where a doctor ever made a remark.

    Empty where there is no script, or never a red flag in it.
    """
    rows = ScriptRow.objects.for_house(house).for_client(int(client))
    last_written = rows.order_by("-version").values("pk")[:1]
    last_published = rows.exclude(published_at=None).order_by("-published_at", "-version").values("pk")[:1]
    remarked = Exists(RedFlagRemark.objects.filter(client=OuterRef("client")))
    both = rows.filter(Q(pk=Subquery(last_written)) | Q(pk=Subquery(last_published))).annotate(remarked=remarked)
    both = both.order_by("-version")
    newest = next(iter(both), None)
    if newest is None:
        return ()
    published = max((row for row in both if row.published_at), key=_when_published, default=None)
    validations = validations_of(house=house, client=client)
    last = next(iter(validations), None)
    found = []
    if newest.published_at is None:
        found.append(_list(newest, client, last))
    if published is not None:
        script = read_text(published.text)[0]
        valid = None if script is None else in_force(validations, script)
        found.append(_list(published, client, valid))
    kept: dict[str, FlagList] = {}
    for each in found:
        if each is not None and (each.script.red_flags or last is not None):
            kept.setdefault(each.text, each)
    if not kept:
        return ()
    said = last_remarks(house=house, client=client) if newest.remarked else {}
    kept = {key: replace(each, remark=said.get(key)) for key, each in kept.items()}
    if all(each.validation is not None for each in kept.values()):
        return tuple(kept.values())
    rows_waiting = Proposal.objects.for_house(house).for_client(client).filter(kind=ProposalKind.RED_FLAGS)
    rows_waiting = rows_waiting.filter(state=ProposalState.WAITING, lapses_at__gt=at)
    waiting = {body["red_flags"] for body in rows_waiting.values_list("body", flat=True)}
    return tuple(replace(each, pending=each.validation is None and each.text in waiting) for each in kept.values())


def count_unvalidated(*, house: str, client: str, at: datetime) -> int:
    """How many lists of red flags wait for a doctor of the client."""
    return sum(each.waits for each in flag_lists(house=house, client=client, at=at))


def validations_so_far(*, house: str, client: str) -> int:
    """How many validations the client has had. One query."""
    return RedFlagValidation.objects.for_house(house).for_client(int(client)).count()


def _when_published(row: ScriptRow) -> tuple[datetime, int]:
    if row.published_at is None:
        raise ValueError("not published")
    return row.published_at, row.version


def _list(row: ScriptRow, client: str, valid: Validation | None) -> FlagList | None:
    script = read_text(row.text)[0]
    if script is None:
        return None
    return FlagList(
        client=client,
        version=row.version,
        draft=row.published_at is None,
        script=script,
        text=red_flags_text(script),
        validation=valid if valid is not None and valid.red_flags == script.red_flags else None,
    )
