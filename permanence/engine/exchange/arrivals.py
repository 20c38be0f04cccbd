# SPDX-License-Identifier: AGPL-3.0-or-later
"""An INVITE of a trusted trunk becomes a call: whose line, who calls, may it be a loop, can we hear each other."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

from permanence.countries.numbers import NotANumber, parse_number
from permanence.engine.exchange.call import Call
from permanence.engine.exchange.moment import Moment
from permanence.engine.exchange.parts import Parts
from permanence.engine.exchange.trunks import HouseTrunk
from permanence.kernel.ids import new_id
from permanence.reception.table import ClientSlice, RoutingTable, TrunkEntry
from permanence.telephony.events import CallArrived, DialReturned
from permanence.telephony.media.sdp import SdpError, SdpRefused
from permanence.telephony.sip.events import InviteReceived
from permanence.telephony.sip.flow import Flow, sees_us_at
from permanence.telephony.sip.incoming import IncomingInvite

MAX_DIVERSIONS = 5
LONGEST_NAME = 128
"""Characters of a name or a reason that a carrier sends: more is cut off here, before it is kept or shown."""
_ANY_ADDRESS = frozenset({"0.0.0.0", "::", ""})
NO_MEDIA = "No Media"
RETRY_AFTER_S = 10
"""When the carrier may send calls again that nobody could have heard: a media process that hangs is back by then. Until
then it takes its other way, if it has one (RFC 3261 section 21.5.4)."""
_FORWARDING_SOURCES = ("history_info", "diversion")
UNKNOWN = "unknown"


@dataclass(slots=True)  # made for every call: not frozen, which would cost a call into C for each field
class Identified:
    """Whose line was called. `client` None: nobody's; `line` is then what the carrier sent."""

    client: ClientSlice | None
    line: str
    found_by: str
    house: str
    trunk: TrunkEntry
    also: tuple[str, ...] = ()
    """Other houses that have this trunk and whose line it may be just as well."""


def spelled(user: str, trunk: TrunkEntry) -> str | None:
    """A user part of the trunk in E.164; None when it is no telephone number. Its prefix is cut first."""
    return _spelled(user, trunk.strip_prefix, trunk.country)


@lru_cache(maxsize=4_096)
def _spelled(user: str, prefix: str, country: str) -> str | None:
    if prefix and user.startswith(prefix):
        user = user[len(prefix) :]
    try:
        return parse_number(user, country=country).e164
    except NotANumber:
        return None


def identify(invite: IncomingInvite, trunks: tuple[HouseTrunk, ...], table: RoutingTable) -> Identified:
    """The client whose number was called, by the candidates of the INVITE: where the trunk says the number stands
    first, then the other called numbers, then History-Info, then Diversion: a hint of one house never outweighs the
    number dialled of another. `trunks` is not empty; only clients of houses that have this trunk are found."""
    for hints in (False, True):
        called = [one for one in invite.called if (one.source in _FORWARDING_SOURCES) is hints]
        for row in trunks:
            order = sorted(called, key=lambda one, at=row.entry.number_from: one.source != at)  # type: ignore[misc]
            for candidate in order:
                line = spelled(candidate.user, row.entry)
                client = None if line is None else table.client_of(line)
                if line is not None and client is not None and client.house == row.house:
                    return Identified(client, line, candidate.source, row.house, row.entry)
    return _unknown(invite, trunks, table)


def _unknown(invite: IncomingInvite, trunks: tuple[HouseTrunk, ...], table: RoutingTable) -> Identified:
    """Nobody's line. Where several houses share the carrier, it is the house's that has a line with the longest common
    beginning (numbers are given in blocks); where that says nothing the first one answers, by the names of the houses,
    and `also` holds the others."""
    found: dict[str, tuple[int, Identified]] = {}
    for row in trunks:
        sent = next((one.user for one in invite.called if one.source == row.entry.number_from), invite.request_user)
        number = spelled(sent, row.entry)
        likeness = 0 if number is None or len(trunks) == 1 else _likeness(number, row.house, table)
        known = found.get(row.house)
        if known is None or likeness > known[0]:
            found[row.house] = likeness, Identified(None, number or sent[:64], UNKNOWN, row.house, row.entry)
    longest = max(likeness for likeness, _ in found.values())
    first, *others = (one for likeness, one in found.values() if likeness == longest)
    return replace(first, also=tuple(one.house for one in others))


def _likeness(number: str, house: str, table: RoutingTable) -> int:
    """The length of the longest common beginning of `number` and a line of the house."""
    lines = (line for line, owner in table.lines.items() if owner[0] == house)
    return max((_common(number, line) for line in lines), default=0)


def _common(one: str, other: str) -> int:
    """How many characters both begin with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((index for index, (a, b) in pairs if a != b), min(len(one), len(other)))


def forwarded_by(invite: IncomingInvite, trunk: TrunkEntry) -> str | None:
    """The number that forwarded the call to us, as far as the carrier says."""
    for candidate in invite.called:
        if candidate.source in _FORWARDING_SOURCES:
            return spelled(candidate.user, trunk) or candidate.user[:64]
    return None


def loop_refusal(invite: IncomingInvite, found: Identified) -> tuple[int, str] | None:
    """The refusal of a call that goes round: more than MAX_DIVERSIONS diversions, or a line of ours that forwards to
    itself. None for a call that does not."""
    if invite.diversion_count > MAX_DIVERSIONS:
        return 482, "Loop Detected"
    if invite.diversion_count == 0:
        return None  # History-Info of a direct call names the called line itself (RFC 7044)
    own = {spelled(one.user, found.trunk) for one in invite.called if one.source in _FORWARDING_SOURCES}
    if found.client is not None and found.found_by not in _FORWARDING_SOURCES and found.line in own:
        return 486, "Line Forwards To Itself"
    return None


class Arrivals:
    """Takes the INVITEs."""

    def __init__(self, parts: Parts, *, came_back: Callable[[str, Moment], None]) -> None:
        """`came_back` is told the id of a call of ours that came back to the house."""
        self._parts = parts
        self._came_back = came_back

    def invite(self, event: InviteReceived, moment: Moment) -> None:
        """Makes a call of it, or refuses it: 400, 482, 486, 488, 503; 603 for a call of ours that came back."""
        exchange = self._parts
        refusal = self._take(event, moment)
        if refusal is not None:
            status, reason = refusal
            headers = () if reason != NO_MEDIA else (("Retry-After", str(RETRY_AFTER_S)),)
            exchange.endpoint.reject(event.session, status, reason, now=moment.now, headers=headers)

    def _take(self, event: InviteReceived, moment: Moment) -> tuple[int, str | None] | None:
        exchange = self._parts
        closed = self._not_now(moment)
        if closed is not None:
            return closed
        trunks = exchange.trunks.at(event.flow.remote[0])
        if not trunks:
            return 403, None
        found = identify(event.invite, trunks, exchange.slices.table)
        if exchange.returns.expected and self._is_ours(event.invite, found, moment):
            return 603, None  # says of the whole called party that it does not want it: no carrier looks further
        looping = loop_refusal(event.invite, found)
        if looping is not None:
            return looping
        port = exchange.ports.take(moment.now)
        if port is None:
            exchange.alarms["ports"] = "new calls are refused: every RTP port is in use"
            return 503, None
        exchange.alarms.pop("ports", None)
        call = self._call(event, found, port, moment)
        try:
            exchange.callers.negotiate(call, event.invite.offer)
        except SdpError as error:
            exchange.ports.give_back(port, moment.now)
            return (488 if isinstance(error, SdpRefused) else 400), None
        self._begin(call, event.invite, found, moment)
        return None

    def _not_now(self, moment: Moment) -> tuple[int, str | None] | None:
        """Why nobody's call can be taken at the moment."""
        exchange = self._parts
        if exchange.closing:
            return 503, None
        if not exchange.journal.accepting:
            exchange.alarms["journal"] = "new calls are refused: the journal cannot be written"
            return 503, None
        exchange.alarms.pop("journal", None)
        return (503, NO_MEDIA) if exchange.media_is_away(moment) else None

    def _is_ours(self, invite: IncomingInvite, found: Identified, moment: Moment) -> bool:
        """Whether this is a call of ours that a client's line forwarded to us; it is then told, once."""
        exchange = self._parts
        sent = (invite.caller, invite.withheld)
        numbers = tuple(spelled(one, found.trunk) or "" for one in sent if one is not None)
        expected = exchange.returns.find(house=found.house, line=found.line, numbers=numbers, now=moment.now)
        if expected is None:
            return False
        if not expected.returned:
            expected.returned = True
            exchange.turn.event(
                DialReturned(
                    house=found.house,
                    at=moment.at,
                    dial=expected.dial,
                    trunk=found.trunk.name,
                    called_line=found.line,
                    client=None if found.client is None else found.client.client,
                    forwarded_by=forwarded_by(invite, found.trunk),
                    forward_reason=invite.diversion_reason,
                    waited_ms=round((moment.now - expected.asked_at) * 1000),
                )
            )
            self._came_back(expected.dial, moment)
        return True

    def _call(self, event: InviteReceived, found: Identified, port: int, moment: Moment) -> Call:
        exchange, invite = self._parts, event.invite
        local = local_host(event.flow)
        host = told_host(exchange.settings.media_host, event.flow)
        caller = None if invite.caller is None else spelled(invite.caller, found.trunk)
        return Call(
            id=new_id(moment.at, exchange.entropy),
            session=event.session,
            house=found.house,
            client=None if found.client is None else found.client.client,
            trunk=found.trunk.name,
            arrived_at=moment.at,
            called_line=found.line,
            caller=None if invite.masked else caller,
            display="" if invite.masked else invite.display[:LONGEST_NAME],
            masked=invite.masked,
            port=port,
            host=host,
            bind_host=local if host == local else None,
            signalled_host=event.flow.remote[0],
            sdp_id=int.from_bytes(exchange.entropy.token(4), "big"),
        )

    def _begin(self, call: Call, invite: IncomingInvite, found: Identified, moment: Moment) -> None:
        exchange = self._parts
        withheld = invite.withheld if invite.masked else None
        exchange.add_call(call)
        for house in found.also:
            exchange.alarms[f"line:{house}/{found.line}"] = "calls come on this number and no client of yours has it"
        arrived = CallArrived(
            house=call.house,
            at=moment.at,
            call=call.id,
            client=call.client,
            trunk=call.trunk,
            called_line=call.called_line,
            caller=call.caller,
            display=call.display,
            masked=call.masked,
            withheld=withheld and (spelled(withheld, found.trunk) or withheld[:64]),
            found_by=found.found_by,
            forwarded_by=forwarded_by(invite, found.trunk),
            forward_reason=invite.diversion_reason and invite.diversion_reason[:LONGEST_NAME],
        )
        exchange.turn.event(arrived)
        desk = exchange.desk_of(call)
        decided = desk.reception.call_arrived(
            call.id,
            client=call.client,
            at=moment.at,
            caller=call.caller,
            masked=call.masked,
            display=call.display,
            called_line=call.called_line,
            trunk=call.trunk,
        )
        desk.apply(decided, moment)


def told_host(public: str, flow: Flow) -> str:
    """Our address in SDP: `public` ("" for none) to those outside, to our own network the address they see."""
    return public if public and sees_us_at(flow.remote[0], public) else local_host(flow)


def local_host(flow: Flow) -> str:
    """The address of ours the flow came to; this machine's own where the socket listens on every address."""
    host = flow.local[0]
    if host not in _ANY_ADDRESS:
        return host
    return "::1" if ":" in host else "127.0.0.1"
