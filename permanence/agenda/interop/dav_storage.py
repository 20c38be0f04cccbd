# SPDX-License-Identifier: AGPL-3.0-or-later
"""Radicale's storage, rights and sign-in over the tables of agendas.

Addresses: `/<person>/<agenda>/<entry>.ics`. Appointments, busy time and absences of the house are there to read; a
device writes and takes away its own events alone. Who asks is known for the time of one request (`SESSION`).
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from radicale.auth import BaseAuth
from radicale.item import Item
from radicale.rights import BaseRights
from radicale.storage import BaseCollection, BaseStorage

from permanence.agenda.interop import events, ics
from permanence.agenda.interop.devices import Session
from permanence.agenda.interop.entries import DOMAIN, Entry, entries, entry_with, window
from permanence.agenda.models import Agenda, Block, CalendarObject, CalendarState
from permanence.agenda.operations.acts import busy_named, locked
from permanence.agenda.queries.agendas import seen
from permanence.agenda.queries.views import AgendaView
from permanence.agenda.refusals import ReadOnly
from permanence.foundation.keys import row_key
from permanence.kernel.clock import Entropy
from permanence.kernel.system import SystemEntropy

SESSION: ContextVar[Session] = ContextVar("calendar session")
TEXTS: ContextVar[bool] = ContextVar("texts are asked for", default=True)
"""Whether a request wants the texts of entries: Radicale serializes each for a report of ETags too, and drops it."""
TOKEN = "http://radicale.org/ns/sync/"  # noqa: S105 - what Radicale reads before a state's own name
_END, _OURS = ".ics", f"@{DOMAIN}"
"""How names of entries end, and identifiers of the house's own."""
STATES_KEPT = timedelta(days=90)
STATES_OF_A_DEVICE = 3
"""The last states of an agenda that a device was given: it asks with the last one, or the one before its answer got
lost.
"""
_ENTROPY: Entropy = SystemEntropy()


class Auth(BaseAuth):
    """The door has looked at the password: it is whom the session says."""

    def get_external_login(self, environ: Any) -> tuple[str, str]:  # noqa: ARG002 - Radicale's signature
        """His name in addresses."""
        return SESSION.get().principal, ""

    def _login(self, login: str, password: str) -> str:  # noqa: ARG002
        return login if login == SESSION.get().principal else ""


class Rights(BaseRights):
    """His own principal to read, his own agendas to read and write, nothing else."""

    def authorization(self, user: str, user_groups: set[str], path: str) -> str:  # noqa: ARG002
        """Radicale's letters: R a collection of collections, r and w a calendar."""
        session, parts = SESSION.get(), [each for each in path.split("/") if each]
        if not parts or parts == [session.principal]:
            return "R"
        if len(parts) == 2 and parts[0] == session.principal and session.agenda(parts[1]) is not None:
            return "rw"
        return ""


class Storage(BaseStorage):
    """Collections by address."""

    _is_collision_free = True
    _supports_unicode = True

    def discover(
        self, path: str, depth: str = "0", child_context_manager: Any = None, user_groups: Any = frozenset()
    ) -> Iterator[Any]:
        """What is at an address, and with a depth what is below it. Nothing, where nothing of his is."""
        del child_context_manager, user_groups
        session, parts = SESSION.get(), [each for each in path.split("/") if each]
        below: Iterable[Any] = ()
        if not parts:
            found: Any = Folder("")
            below = [Folder(session.principal)]
        elif parts[0] != session.principal or len(parts) > 3:
            return
        elif len(parts) == 1:
            found, below = Folder(session.principal), [Calendar(session, each) for each in session.agendas]
        else:
            agenda = session.agenda(parts[1])
            if agenda is None:
                return
            calendar = found = Calendar(session, agenda)
            if len(parts) == 3:
                found = calendar.item(parts[2])
            elif depth != "0":
                below = calendar.get_all()
        if found is not None:
            yield found
            if depth != "0":
                yield from below

    def move(self, item: Any, to_collection: Any, to_href: str) -> None:  # noqa: ARG002
        """Nothing is moved."""
        raise ReadOnly("move")

    def create_collection(self, href: str, items: Any = None, props: Any = None) -> Any:  # noqa: ARG002
        """Agendas are opened by the house."""
        raise ReadOnly(href[:40])

    @contextmanager
    def acquire_lock(self, mode: str, user: str = "", *args: Any, **kwargs: Any) -> Iterator[None]:
        """To write is one transaction under the lock of the agenda: what was looked at before still holds. Raises
        AgendaBusy.
        """
        del user, args
        with busy_named():
            if mode != "w":
                yield
                return
            parts = [each for each in str(kwargs.get("path", "")).split("/") if each]
            with transaction.atomic():
                agenda = SESSION.get().agenda(parts[1]) if len(parts) > 1 else None
                if agenda is not None:
                    locked([row_key(agenda.id)])
                yield

    def verify(self) -> bool:
        """The tables look after themselves."""
        return True


class Folder(BaseCollection):
    """The root, and a person's principal: they hold no entries."""

    def __init__(self, path: str) -> None:
        self._path = path

    @property
    def path(self) -> str:
        """Without slashes around it."""
        return self._path

    def get_meta(self, key: str | None = None) -> Any:
        """The person's name."""
        meta = {"D:displayname": SESSION.get().by.name} if self._path else {}
        return meta if key is None else meta.get(key)

    def set_meta(self, props: Mapping[str, str]) -> None:
        """Nothing is set."""
        raise ReadOnly(", ".join(props)[:40])

    def get_all(self) -> Iterable[Item]:
        """None."""
        return ()

    def get_multi(self, hrefs: Iterable[str]) -> Iterable[tuple[str, Item | None]]:
        """None."""
        return [(each, None) for each in hrefs]

    @property
    def last_modified(self) -> str:
        """Now: it is made for each request."""
        return format_datetime(SESSION.get().at, usegmt=True)


class Later(Item):
    """An entry whose text is made when somebody reads it: what has changed is told by names and ETags alone."""

    def __init__(self, made: Callable[[], str], **fields: Any) -> None:
        super().__init__(text="", name="VCALENDAR", component_name="VEVENT", **fields)
        self._made: Callable[[], str] | None = made

    def serialize(self) -> str:
        """The text; "" where nobody asked for it. Raises SealBroken."""
        return self._read() if TEXTS.get() else ""

    @property
    def vobject_item(self) -> Any:
        """What Radicale's filters read. Raises SealBroken."""
        self._read()
        return super().vobject_item

    def _read(self) -> str:
        if self._made is not None:
            self._text, self._made = self._made(), None
        return str(self._text)


class Drawn(Later):
    """An entry of the house."""


class Calendar(BaseCollection):
    """One agenda."""

    def __init__(self, session: Session, agenda: AgendaView) -> None:
        self._session, self._agenda = session, agenda
        self._items: dict[str, Item] | None = None
        self._row: Agenda = seen([agenda.id], by=session.by)[0]

    @property
    def path(self) -> str:
        """Without slashes around it."""
        return f"{self._session.principal}/{self._agenda.id}"

    @property
    def items(self) -> dict[str, Item]:
        """By name all that stands in it: read once."""
        if self._items is None:
            mine = self._mine()
            hidden = {key for row in mine for key in row.blocks}
            found = self._written(mine)
            found |= {
                _name(each): self._drawn(each) for each in entries(self._row, **self._shown()) if each.key not in hidden
            }
            self._items = found
        return self._items

    def item(self, name: str) -> Item | None:
        """One entry, read alone: who writes one event does not wait for all that stands there."""
        if self._items is not None:
            return self._items.get(name)
        drawn = entry_with(self._row, name.removesuffix(_END), **self._shown()) if name.endswith(_END) else None
        if drawn is not None and not any(drawn.key in row.blocks for row in self._mine()):
            return self._drawn(drawn)
        return self._written(self._mine(name=name)).get(name)

    def get_all(self) -> Iterable[Item]:
        """All entries."""
        return list(self.items.values())

    def get_multi(self, hrefs: Iterable[str]) -> Iterable[tuple[str, Item | None]]:
        """Some entries; None where there is none."""
        return [(each, self.items.get(each)) for each in hrefs]

    def has_uid(self, uid: str) -> bool:
        """Whether an entry is called so."""
        drawn = self.item(f"{uid.removesuffix(_OURS)}{_END}") if uid.endswith(_OURS) else None
        return isinstance(drawn, Drawn) or bool(self._written(self._mine(uid=uid)))

    def upload(self, href: str, item: Item) -> tuple[Item, Item | None]:
        """A device's event. Raises ReadOnly, EventRefused, SlotAlreadyTaken."""
        before = self.item(href)
        if isinstance(before, Drawn):
            raise ReadOnly(href[:40])
        session = self._session
        events.keep_event(
            agenda=self._agenda.id, name=href, text=item.serialize(), by=session.by, at=session.at, entropy=_ENTROPY
        )
        self._items = None
        return self.item(href) or item, before

    def delete(self, href: str | None = None) -> None:
        """A device's event is gone. Raises ReadOnly."""
        if href is None or isinstance(self.item(href), Drawn):
            raise ReadOnly(str(href)[:40])
        session = self._session
        events.drop_event(agenda=self._agenda.id, name=href, by=session.by, at=session.at, entropy=_ENTROPY)
        self._items = None

    def get_meta(self, key: str | None = None) -> Any:
        """What kind it is and how it is called."""
        meta = {"tag": "VCALENDAR", "D:displayname": self._agenda.name, "C:supported-calendar-component-set": "VEVENT"}
        return meta if key is None else meta.get(key)

    def set_meta(self, props: Mapping[str, str]) -> None:
        """Name and colour are the house's."""
        raise ReadOnly(", ".join(props)[:40])

    @property
    def last_modified(self) -> str:
        """Of the entry that changed last."""
        found = [each.last_modified for each in self.items.values() if each.last_modified]
        return max(found, key=parsedate_to_datetime, default=format_datetime(self._session.at, usegmt=True))

    def sync(self, old_token: str = "") -> tuple[str, Iterable[str]]:
        """The name of the state now, and which entries differ from that of `old_token`. Raises ValueError for one that
        is not known (any more).
        """
        now = {name: each.etag for name, each in self.items.items()}
        digest = hashlib.sha256(json.dumps([self._agenda.id, now], sort_keys=True).encode()).hexdigest()
        device, at = f"{self._session.device}-", self._session.at
        token = f"{device}{digest[:40]}"
        mine = CalendarState.objects.filter(agenda=self._row, token__startswith=device)
        before: dict[str, str] = {}
        if old_token:
            row = mine.filter(token=old_token.removeprefix(TOKEN)[:64]).first()
            if row is None or not old_token.startswith(TOKEN):
                raise ValueError("unknown state")
            before = row.known
        _kept, made = CalendarState.objects.update_or_create(
            agenda=self._row,
            token=token,
            defaults={"house_id": self._row.house_id, "client_id": self._row.client_id, "known": now, "at": at},
        )
        if made:
            last = list(mine.order_by("-at", "-pk").values_list("pk", flat=True)[:STATES_OF_A_DEVICE])
            mine.exclude(pk__in=last).delete()
            CalendarState.objects.filter(agenda=self._row, at__lt=at - STATES_KEPT).delete()
        differ = sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
        return f"{TOKEN}{token}", differ

    def _drawn(self, entry: Entry) -> Item:
        said = repr((entry, self._session.by.language)).encode()
        return Drawn(
            partial(ics.single, entry),
            collection=self,
            href=_name(entry),
            etag=f'"{hashlib.sha256(said).hexdigest()[:32]}"',
            uid=entry.uid,
            time_range=(_seconds(entry.starts_at), _seconds(entry.ends_at)),
            last_modified=format_datetime(entry.changed_at, usegmt=True),
        )

    def _shown(self) -> dict[str, Any]:
        """What of the house's own entries is asked for, and how it is said."""
        zone, session = self._agenda.time_zone, self._session
        starts, ends = window(zone=zone, today=session.at.astimezone(ZoneInfo(zone)).date())
        told = {"names": session.names, "homes": session.homes, "language": session.by.language}
        return {**told, "starts": starts, "ends": ends}

    def _mine(self, **asked: str) -> Sequence[CalendarObject]:
        """The person's own events, or those asked for by name or identifier."""
        rows = CalendarObject.objects.filter(agenda=self._row, person=self._session.by.person_key, **asked)
        return list(rows.order_by("pk"))

    def _written(self, rows: Sequence[CalendarObject]) -> dict[str, Item]:
        """The person's events by name. One whose every block was taken away is not there: the house has made that time
        free.
        """
        keys = {key for row in rows for key in row.blocks}
        removed = Block.objects.filter(agenda=self._row, removed_at__isnull=False, key__in=keys)
        gone = set(removed.values_list("key", flat=True)) if keys else set()
        found: dict[str, Item] = {}
        for row in rows:
            if row.blocks and gone.issuperset(row.blocks):
                continue
            found[row.name] = Later(
                partial(events.text_of, row, house=self._session.by.house),
                collection=self,
                href=row.name,
                etag=f'"{row.digest[:32]}"',
                uid=row.uid,
                last_modified=format_datetime(row.changed_at, usegmt=True),
            )
        return found


def _name(entry: Entry) -> str:
    return f"{entry.key}{_END}"


def _seconds(at: datetime) -> int:
    return int(at.timestamp())
