# SPDX-License-Identifier: AGPL-3.0-or-later
"""The RoutingTable: everything the telephone needs to answer a call without asking a database.

An immutable map (house, client) -> versioned slice, and one slice a house. `switchboard` assembles and publishes the
slices, the exchange keeps them on its disk. On the wire a slice is `kernel.events.to_plain` of these classes.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from permanence.kernel.events import from_plain, to_plain
from permanence.reception import markup
from permanence.reception.parts import CardParts

HEALTH_SECTOR = "health"
ANSWERED = frozenset({"trial", "active"})
"""The states of a client in which his calls are answered; in any other his callers hear the closing words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Local times of one day, "HH:MM", half-open; `until` may be "24:00"."""

    opens: str
    until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekdayHours:
    """`weekday` counts from 0 (Monday) to 6 (Sunday), as ISO 8601 minus one."""

    weekday: int
    intervals: tuple[Interval, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DateHours:
    """What holds on one day ("YYYY-MM-DD") instead of the week: no interval means closed."""

    date: str
    intervals: tuple[Interval, ...]
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningHours:
    """The week, its exceptions, and whether the public holidays of the country (and region) close the line."""

    always: bool = False
    week: tuple[WeekdayHours, ...] = ()
    exceptions: tuple[DateHours, ...] = ()
    closed_on_holidays: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class GreetingEntry:
    """The phrase to say, in one language ("fr", "en", "de"). `{name}` becomes the secretary's first name.

    It holds on `line` (E.164, "" for every line), on days of `day_type` ("" every day, weekday, saturday, sunday,
    holiday, or chosen: the `weekdays`, 0 is Monday), from `opens` to `until` by the client's clock ("HH:MM", both ""
    for the whole day; an `until` not after `opens` goes on into the next day). `reception.greeting` chooses.
    `announcement`: the sha256 of recorded audio, `announcement_s` seconds long, which a caller who is put to wait hears
    before the music; "" for none.
    """

    language: str
    text: str
    line: str = ""
    day_type: str = ""
    weekdays: tuple[int, ...] = ()
    opens: str = ""
    until: str = ""
    announcement: str = ""
    announcement_s: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class InstructionEntry:
    """One instruction in one version. In force when `starts <= at < ends`; None is open.

    What it is about, "" for everything: a `line` (E.164) or a `caller` (E.164), known while the phone rings, choose the
    calls on which it is shown; a `recipient` (id) or a `reason` (code) is found out in the call, so that it is shown
    with their names. `acknowledge`: every secretary is to say that she has read it; `readers`: the ids of those who
    have read this version.
    """

    id: str
    version: int
    text: str
    author: str
    written_at: datetime
    starts: datetime | None = None
    ends: datetime | None = None
    priority: int = 0
    recipient: str = ""
    recipient_name: str = ""
    line: str = ""
    reason: str = ""
    reason_label: str = ""
    caller: str = ""
    acknowledge: bool = False
    readers: tuple[str, ...] = ()

    @property
    def blocks(self) -> tuple[markup.Block, ...]:
        """The text as it is shown."""
        return markup.blocks(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsenceEntry:
    """Somebody is away while `starts <= at < ends`: one recipient (his id), or the whole client ("").

    `words`: what to say to callers; `urgent_to`: the recipient to whom what is urgent goes meanwhile, "" for nobody.
    `treatment` of the calls while the whole client is away: answer, announce (closing words) or voice_message.
    """

    id: str
    starts: datetime
    ends: datetime
    words: str
    by: str
    announced_at: datetime
    recipient: str = ""
    urgent_to: str = ""
    treatment: str = "answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientEntry:
    """For whom a message can be: a practitioner, or "the practice" itself."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonEntry:
    """A reason a caller may have, as the message form shows it."""

    code: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptEntry:
    """The script in force: JSON `text` in the language of the clients' scripts, which the reception does not read.

    It holds the red flags that the doctor validated on `validated_date` ("YYYY-MM-DD"), none when that is "".
    """

    version: int
    text: str
    validated_date: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteEntry:
    """One place of the client, as callers ask about it; what is not known is "". `lift`: yes, no, "" (not known)."""

    name: str
    address: str = ""
    access: str = ""
    parking: str = ""
    lift: str = ""
    floor: str = ""
    hours: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactEntry:
    """One person or desk of the client's directory, `numbers` in E.164.

    `shown`: the same numbers, as they are written in the client's country. `number_for`: to whom a number may be given:
    nobody (the house alone dials it), professionals, callers. `may_say`: what else may be told, and to whom.
    """

    name: str
    function: str = ""
    numbers: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    number_for: str = "nobody"
    may_say: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgendaEntry:
    """An agenda that the client keeps elsewhere: whose (a recipient's id, "" for all of them), and where it opens.

    `link` is https, `host` the site it leads to, as she is told before she opens it.
    """

    recipient: str
    product: str
    link: str
    host: str
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingWords:
    """The recorded closing words of one language, by prompt name, after the emergency sentence of the country.

    `occasions`: for what they were recorded, `closed` (he is shut) and `max_wait` (nobody could answer). Of those that
    name none, as before there were occasions, only the first is sure: "we are closed" is wrong to who waited in vain.
    """

    language: str
    prompts: tuple[str, ...]
    occasions: tuple[str, ...] = ("closed",)


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceMessageConsent:
    """The doctor's dated agreement to voice messages and the duty contact he named; both needed by a health client."""

    agreed_date: str
    duty_contact: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSlice:
    """One client as the telephone sees him. `pool`: "" for the first. `trained`: who alone is offered his calls for
    `trained_only_s` s of the wait; who has read what must be, for `read_first_s` (0: all). `parts`: of his card."""

    house: str
    client: str
    version: int
    name: str
    initials: str
    colour: int
    kind: str
    sector: str
    place: str
    country: str
    region: str
    time_zone: str
    languages: tuple[str, ...]
    state: str
    lines: tuple[str, ...]
    hours: OpeningHours
    greetings: tuple[GreetingEntry, ...]
    instructions: tuple[InstructionEntry, ...] = ()
    recipients: tuple[RecipientEntry, ...] = ()
    reasons: tuple[ReasonEntry, ...] = ()
    ring_before_music_s: int = 10
    max_wait_s: int = 180
    closing: tuple[ClosingWords, ...] = ()
    voice_message: bool = False
    voice_message_consent: VoiceMessageConsent | None = None
    absences: tuple[AbsenceEntry, ...] = ()
    script: ScriptEntry | None = None
    sites: tuple[SiteEntry, ...] = ()
    contacts: tuple[ContactEntry, ...] = ()
    pool: str = ""
    trained: tuple[str, ...] = ()
    trained_only_s: int = 0
    read_first_s: int = 0
    agendas: tuple[AgendaEntry, ...] = ()
    parts: CardParts | None = None

    @property
    def is_health(self) -> bool:
        """Whether the law of health holds for him, so also where his sector is spelled otherwise or is not said."""
        return self.sector.strip().casefold() in {HEALTH_SECTOR, ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretaryEntry:
    """One secretary. `pools`: those she is in, none for the house's first. `clients`: the only ones whose calls she may
    be offered, None for every client of her pools."""

    id: str
    name: str
    languages: tuple[str, ...]
    pools: tuple[str, ...] = ()
    clients: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolEntry:
    """Secretaries who answer for the same clients. A caller who waited `overflow_after_s` seconds is offered to the
    pool `overflow` too; "" for none."""

    id: str
    name: str
    overflow: str = ""
    overflow_after_s: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkEntry:
    """One trunk. `addresses`: "host" or "host/prefix" allowed as sources. `number_from`: where the called number
    stands (request_uri, to, p_called_party_id); `country` spells national numbers; `strip_prefix` is cut first.
    `transport`: udp, tcp, tls, or auto for what the DNS says. For a registered trunk `registrar`, `user` and the name
    of the secret in `keys/`. `target` ("host" or "host:port") is where our calls go, "" for the registrar, else the
    first address. `ca_file` in `keys/` signs the carrier's certificate, "" for the machine's authorities;
    `client_certificate` shows the carrier ours. `keep_alive_s`: OPTIONS this often, 0 for never."""

    name: str
    addresses: tuple[str, ...]
    country: str
    number_from: str = "request_uri"
    strip_prefix: str = ""
    transport: str = "udp"
    registrar: str = ""
    user: str = ""
    secret: str = ""
    target: str = ""
    ca_file: str = ""
    client_certificate: bool = False
    keep_alive_s: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseSlice:
    """The house: its people, its trunks, the limits of an offer and of the wrap-up (seconds). The first of `pools`
    answers for who has no other; none at all is one pool of everybody."""

    house: str
    version: int
    name: str
    language: str
    secretaries: tuple[SecretaryEntry, ...]
    trunks: tuple[TrunkEntry, ...]
    offer_s: int = 12
    wrap_up_s: int = 90
    reconnect_s: int = 30
    demonstration: bool = False
    pools: tuple[PoolEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class RoutingTable:
    """All slices an exchange holds. `put` and `without` give a new table; an older version never replaces a newer."""

    houses: dict[str, HouseSlice] = field(default_factory=dict)
    clients: dict[tuple[str, str], ClientSlice] = field(default_factory=dict)
    lines: dict[str, tuple[str, str]] = field(default_factory=dict)

    @classmethod
    def holding(cls, entries: Iterable[HouseSlice | ClientSlice]) -> "RoutingTable":
        """The table of all these, each the only one of its house or client: as `put` one after the other, at once."""
        houses: dict[str, HouseSlice] = {}
        clients: dict[tuple[str, str], ClientSlice] = {}
        lines: dict[str, tuple[str, str]] = {}
        for entry in entries:
            if isinstance(entry, HouseSlice):
                houses[entry.house] = entry
            else:
                key = (entry.house, entry.client)
                clients[key] = entry
                lines.update(dict.fromkeys(entry.lines, key))
        return cls(houses, clients, lines)

    def put(self, new: HouseSlice | ClientSlice) -> "RoutingTable":
        """The table with `new` in it; `self` when it already holds that version or a later one."""
        if isinstance(new, HouseSlice):
            held = self.houses.get(new.house)
            if held is not None and held.version >= new.version:
                return self
            return RoutingTable({**self.houses, new.house: new}, self.clients, self.lines)
        key = (new.house, new.client)
        before = self.clients.get(key)
        if before is not None and before.version >= new.version:
            return self
        lines = {line: owner for line, owner in self.lines.items() if owner != key}
        lines.update(dict.fromkeys(new.lines, key))
        return RoutingTable(self.houses, {**self.clients, key: new}, lines)

    def without(self, house: str, client: str) -> "RoutingTable":
        """The table without that client."""
        key = (house, client)
        clients = {held: entry for held, entry in self.clients.items() if held != key}
        return RoutingTable(self.houses, clients, {line: owner for line, owner in self.lines.items() if owner != key})

    def client_of(self, line: str) -> ClientSlice | None:
        """The client whose house number (E.164) is `line`."""
        owner = self.lines.get(line)
        return None if owner is None else self.clients[owner]

    def versions(self) -> dict[str, dict[str, int]]:
        """The versions held: house -> {"" for the house itself, client id for each client: version}."""
        found = {house: {"": entry.version} for house, entry in self.houses.items()}
        for (house, client), entry in self.clients.items():
            found.setdefault(house, {})[client] = entry.version
        return found


def write_slice(entry: HouseSlice | ClientSlice) -> dict[str, object]:
    """The slice as a JSON object, its kind under "slice"."""
    return {"slice": "house" if isinstance(entry, HouseSlice) else "client", **to_plain(entry)}


def read_slice(data: dict[str, object]) -> HouseSlice | ClientSlice:
    """The inverse of `write_slice`. Raises ValueError, TypeError or KeyError when it does not fit."""
    if data.get("slice") == "house":
        return from_plain(HouseSlice, data)
    return from_plain(ClientSlice, data)
