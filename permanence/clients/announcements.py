# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of what is said to callers: the rules of the greetings, and the client's recorded announcements."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from permanence.clients import file_parts as parts
from permanence.clients.models import Announcement, Greeting
from permanence.foundation.keys import row_key
from permanence.kernel.refusals import Refusal
from permanence.reception.table import GreetingEntry
from permanence.telephony.media.g711 import SAMPLES_PER_SECOND


class AnnouncementUnknown(Refusal):
    """No such recorded announcement at this client."""

    code = "announcement_unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncementView:
    """One recorded announcement. `seconds` long; `greetings`: the ids of those it is heard with, before the music.

    `made_by` is the name of who recorded or brought it, "" for the house itself; `withdrawn_at`: heard no more since.
    """

    id: str
    language: str
    text: str
    content: str
    seconds: float
    closing: bool
    unanswered: bool
    by_microphone: bool
    made_by: str
    made_at: datetime
    withdrawn_at: datetime | None
    greetings: tuple[str, ...]

    @property
    def heard(self) -> bool:
        """Whether callers hear it."""
        return self.closing or self.unanswered or bool(self.greetings)


def greeting_entries(house: int | str, client: int) -> tuple[GreetingEntry, ...]:
    """The rules for what is said, in the order in which they were written. One query."""
    rows = Greeting.objects.for_house(house).for_client(client).order_by("pk")
    return parts.greetings_from(rows.values_list(*parts.GREETING_FIELDS))


def greetings_by_id(*, house: str, client: str) -> dict[str, GreetingEntry]:
    """The rules for what is said by the ids of their rows; empty for a client of another house. One query."""
    rows = Greeting.objects.for_house(house).for_client(row_key(client)).order_by("pk")
    listed = list(rows.values_list(*parts.GREETING_FIELDS))
    return dict(zip((str(row[0]) for row in listed), parts.greetings_from(listed), strict=True))


def digits(weekdays: Iterable[int]) -> str:
    """Chosen days of the week as a row has them."""
    return "".join(str(day) for day in sorted(weekdays))


def announcements(*, house: str, client: str) -> tuple[AnnouncementView, ...]:
    """All of a client, the newest first, those withdrawn included; empty for a client of another house. Two queries."""
    key = row_key(client)
    with_them: dict[int, list[str]] = {}
    attached = Greeting.objects.for_house(house).for_client(key).exclude(announcement=None).order_by("pk")
    for greeting, announcement in attached.values_list("pk", "announcement_id"):
        with_them.setdefault(announcement or 0, []).append(str(greeting))
    rows = Announcement.objects.for_house(house).for_client(key).defer("audio").select_related("made_by")
    return tuple(_view(row, with_them.get(row.pk, [])) for row in rows.order_by("-made_at", "-pk"))


def audio(*, house: str, client: str, announcement: str) -> bytes:
    """The audio of one of a client's, withdrawn or not, as callers hear it: A-law. Raises AnnouncementUnknown."""
    rows = Announcement.objects.for_house(house).for_client(row_key(client)).filter(pk=row_key(announcement))
    found = rows.values_list("audio", flat=True).first()
    if found is None:
        raise AnnouncementUnknown(announcement)
    return bytes(found)


def audio_by_content(*, house: str, client: str, content: str) -> bytes | None:
    """The audio with that sha256 among a client's, None when he has none such. One query."""
    rows = Announcement.objects.for_house(house).for_client(row_key(client)).filter(content=content).order_by("pk")
    found = rows.values_list("audio", flat=True).first()
    return None if found is None else bytes(found)


def sounds(*, house: str, client: str) -> Iterator[tuple[str, bytes]]:
    """All recorded audio of a client, once each, one at a time: its sha256 and A-law."""
    rows = Announcement.objects.for_house(house).for_client(row_key(client))
    for content in rows.order_by("content").values_list("content", flat=True).distinct():
        found = audio_by_content(house=house, client=client, content=content)
        if found is not None:
            yield content, found


def texts(*, house: str, client: str) -> dict[str, str]:
    """What each of a client's says, by the sha256 of its audio. One query."""
    rows = Announcement.objects.for_house(house).for_client(row_key(client)).order_by("pk")
    return dict(rows.values_list("content", "text"))


def _view(row: Announcement, greetings: list[str]) -> AnnouncementView:
    return AnnouncementView(
        id=str(row.pk),
        language=row.language,
        text=row.text,
        content=row.content,
        seconds=row.samples / SAMPLES_PER_SECOND,
        closing=row.closing,
        unanswered=row.unanswered,
        by_microphone=row.by_microphone,
        made_by="" if row.made_by is None else row.made_by.name,
        made_at=row.made_at,
        withdrawn_at=row.withdrawn_at,
        greetings=tuple(greetings),
    )
