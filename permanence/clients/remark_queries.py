# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of the doctors' remarks on red flags: the last one on each list, and those that wait for the house."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from permanence.clients.models import RedFlagRemark, RedFlagValidation
from permanence.clients.models import Script as ScriptRow
from permanence.clients.rules.script import read_text
from permanence.clients.script_operations import red_flags_text
from permanence.foundation.keys import row_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """What a doctor said of a list (`red_flags`, as text), and the answer; `waits`: for an answer of the house."""

    id: str
    client: str
    client_name: str
    version: int
    red_flags: str
    words: str
    author: str
    made_at: datetime
    answer: str
    answered_by: str
    answered_at: datetime | None

    @property
    def waits(self) -> bool:
        """Whether nobody has answered."""
        return self.answered_at is None


def last_remarks(*, house: str, client: str) -> dict[str, Remark]:
    """The last remark on each list of red flags of a client, by the list as text, unless that was validated after it.

    One query."""
    return {row.text: _view(row) for row in _standing(house).filter(client=row_key(client))}


def remarks_waiting(*, house: str, only: frozenset[str] | None = None) -> tuple[Remark, ...]:
    """What waits for the house, the oldest first; `only`: the ids of the clients looked at, None for all.

    A remark waits no longer once its list was validated after it, or another was written instead. One query, and two
    a client that has one.
    """
    found = [_view(row) for row in _standing(house).filter(answered_at=None)]
    lists = {key: _current(house, key) for key in {each.client for each in found} if only is None or key in only}
    return tuple(each for each in found if each.red_flags in lists.get(each.client, ()))


def remark_waits(*, house: str, client: str) -> Remark | None:
    """The last remark on this client's red flags that waits for the house."""
    return next(reversed(remarks_waiting(house=house, only=frozenset({client}))), None)


def _current(house: str, client: str) -> frozenset[str]:
    """The lists of the newest version and of the one published last. Two queries."""
    rows = ScriptRow.objects.for_house(house).for_client(row_key(client)).order_by("-version")
    newest = rows.first()
    published = rows.exclude(published_at=None).order_by("-published_at", "-version").first()
    scripts = [read_text(row.text)[0] for row in (newest, published) if row is not None]
    return frozenset(red_flags_text(each) for each in scripts if each is not None)


def _standing(house: str) -> QuerySet[RedFlagRemark]:
    """The remarks on lists that were not validated after them, the oldest first."""
    since = RedFlagValidation.objects.filter(
        client=OuterRef("client"), text=OuterRef("text"), recorded_at__gt=OuterRef("made_at")
    )
    rows = RedFlagRemark.objects.for_house(house).filter(~Exists(since))
    return rows.select_related("client", "script").order_by("made_at", "pk")


def _view(row: RedFlagRemark) -> Remark:
    return Remark(
        id=str(row.pk),
        client=str(row.client_id),
        client_name=row.client.name,
        version=row.script.version,
        red_flags=row.text,
        words=row.words,
        author=row.author_name,
        made_at=row.made_at,
        answer=row.answer,
        answered_by=row.answered_by_name,
        answered_at=row.answered_at,
    )
