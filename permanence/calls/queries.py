# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of the calls: frozen rows, scoped to the house and, where asked, to one client.

Days and months are those of the house's time zone. Every query asks the database a fixed number of times.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, Max, Min, OuterRef, Q, TextField
from django.db.models.functions import Cast, ExtractHour, ExtractIsoWeekDay

from permanence.calls.models import Call, CallOffer, Familiarity
from permanence.foundation.keys import NO_ROW, row_key
from permanence.foundation.models import House
from permanence.foundation.tenancy import ClientQuerySet
from permanence.kernel.refusals import Refusal
from permanence.reception.events import UNREAD

PAGE = 50
CALL_BACK_DAYS = 30
"""How far back a caller who was not answered stands on the list of those to be called back."""
LIST_LIMIT = 200
EXPORT_CHUNK = 500
ANSWERED = "answered"
"""How an offer ended that she took (`CallOffer.how`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FamiliarityView:
    """How many calls a secretary took for a client, and when the last."""

    taken: int
    last_at: datetime


class NoSuchHouse(Refusal):
    """No house of that short name."""

    code = "no_such_house"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferRow:
    """One console that rang: whose, and how that ended (empty while it rings). `unread`: it fell back to her, who had
    not read what must be read."""

    secretary: str
    secretary_name: str
    offered_at: datetime
    how: str
    unread: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRow:
    """One call as lists show it. `caller` is empty when masked or unknown; `client` None on a line nobody has."""

    call: str
    client: str | None
    client_name: str
    client_initials: str
    client_colour: int
    called_line: str
    caller: str
    display: str
    masked: bool
    arrived_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    wait_ms: int | None
    secretary: str | None
    secretary_name: str
    abandoned: bool
    closed_reason: str
    ended_by: str
    why: str
    outcome: str
    voice_seconds: float | None
    called_back_at: datetime | None
    called_back_by: str
    voice_begun_at: datetime | None = None
    offers: tuple[OfferRow, ...] = ()

    @property
    def unread(self) -> bool:
        """Whether it was answered by somebody who had not read what must be read when it rang."""
        return any(each.unread and each.how == ANSWERED for each in self.offers)

    @property
    def talked_ms(self) -> int | None:
        """From the first answer to the end, None when it was not answered or goes on."""
        if self.answered_at is None or self.ended_at is None:
            return None
        return max(int((self.ended_at - self.answered_at).total_seconds() * 1000), 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFilters:
    """What the list shows. `first` and `last` are days of the house, both included; None is open. `outcome`: its code.
    `unread_only`: the calls that fell back to who had not read what must be read, and were answered by her.

    `only`: the ids of the clients whose calls the asking person may see, None for all.
    """

    client: str = ""
    secretary: str = ""
    first: date | None = None
    last: date | None = None
    abandoned_only: bool = False
    unread_only: bool = False
    outcome: str = ""
    only: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPage:
    """One page, newest call first. `page` counts from 1."""

    rows: tuple[CallRow, ...]
    total: int
    page: int
    pages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenCall:
    """A call whose recording was found: its house, when it ended (None while it goes on), whether it is known here."""

    house: str
    ended_at: datetime | None
    announced: bool


def spoken_call(call: str) -> SpokenCall | None:
    """The call with this id in whatever house it is (the spool is the machine's); None when none is recorded yet."""
    row = Call.objects.filter(call=call).select_related("house").first()
    if row is None:
        return None
    return SpokenCall(house=row.house.slug, ended_at=row.ended_at, announced=bool(row.voice_file))


def zone_of(*, house: str) -> ZoneInfo:
    """The time zone of a house, by whose days its calls are counted. Raises NoSuchHouse. One query."""
    zone = House.objects.filter(slug=house).values_list("time_zone", flat=True).first()
    if zone is None:
        raise NoSuchHouse(house)
    return ZoneInfo(zone)


def call_page(*, house: str, filters: CallFilters, page: int = 1, zone: ZoneInfo) -> CallPage:
    """One page of a house's calls; a page after the last gives the last. Three queries."""
    found = _filtered(house, filters, zone)
    total = found.count()
    pages = max(-(-total // PAGE), 1)
    page = min(max(page, 1), pages)
    rows = list(found[(page - 1) * PAGE : page * PAGE])
    offers = _offers(house, rows)
    return CallPage(rows=tuple(_view(row, offers.get(row.pk, ())) for row in rows), total=total, page=page, pages=pages)


def one_call(*, house: str, call: str) -> CallRow | None:
    """One call of a house; None for another's. Two queries."""
    row = Call.objects.for_house(house).select_related(*_JOINED).filter(call=call).first()
    return None if row is None else _view(row, _offers(house, [row]).get(row.pk, ()))


def exported_calls(*, house: str, client: str, first: date, last: date, zone: ZoneInfo) -> Iterator[CallRow]:
    """All calls of one client in those days (both included), oldest first. One query, read in chunks."""
    found = _filtered(house, CallFilters(client=client, first=first, last=last), zone)
    for row in found.order_by("arrived_at", "pk").iterator(chunk_size=EXPORT_CHUNK):
        yield _view(row)


def to_call_back(*, house: str, at: datetime, only: frozenset[str] | None = None) -> tuple[CallRow, ...]:
    """The callers whom nobody answered and who can be called back, the one who waits longest first. One query.

    Those who hung up and those sent away after the longest wait without leaving a voice message, in the last
    `CALL_BACK_DAYS`. Who was answered later at the same client is not listed, and who tried several times only once.
    """
    unanswered = _unanswered(_hers(Call.objects.for_house(house), only)).filter(
        arrived_at__gte=at - timedelta(days=CALL_BACK_DAYS), called_back_at__isnull=True
    )
    later = Call.objects.filter(
        Q(client=OuterRef("client")) | Q(client__isnull=True, called_line=OuterRef("called_line")),
        house=OuterRef("house"),
        caller=OuterRef("caller"),
        arrived_at__gt=OuterRef("arrived_at"),
    )
    answered_later = later.filter(Q(answered_at__isnull=False, abandoned=False) | Q(called_back_at__isnull=False))
    tried_again = _unanswered(later)
    found = unanswered.filter(~Exists(answered_later), ~Exists(tried_again)).order_by("arrived_at", "pk")
    return tuple(_view(row) for row in found.select_related(*_JOINED)[:LIST_LIMIT])


def lines_of_nobody(*, house: str, since: datetime) -> tuple[str, ...]:
    """The lines on which calls came since a moment and that were no client's then, as the carrier wrote them."""
    found = Call.objects.for_house(house).filter(client__isnull=True, arrived_at__gte=since).exclude(called_line="")
    return tuple(found.order_by("called_line").values_list("called_line", flat=True).distinct()[:LIST_LIMIT])


def called_back(*, house: str, since: datetime, only: frozenset[str] | None = None) -> tuple[CallRow, ...]:
    """Those marked as called back since a moment, the latest first: what can be undone. One query."""
    rows = _hers(Call.objects.for_house(house), only)
    found = rows.filter(called_back_at__gte=since).order_by("-called_back_at", "-pk")
    return tuple(_view(row) for row in found.select_related(*_JOINED)[:LIST_LIMIT])


def earlier_calls(*, house: str, client: str, number: str, before: datetime, limit: int = 20) -> tuple[CallRow, ...]:
    """Earlier calls of a number (E.164) to one client, newest first; never those to another client. One query."""
    if not number or row_key(client) == NO_ROW:
        return ()
    found = Call.objects.for_house(house).for_client(client).filter(caller=number, masked=False, arrived_at__lt=before)
    return tuple(_view(row) for row in found.select_related(*_JOINED).order_by("-arrived_at", "-pk")[:limit])


def familiarity(*, house: str, clients: Iterable[str]) -> dict[tuple[str, str], FamiliarityView]:
    """Who took calls for these clients: (client, secretary) -> how many. One query."""
    rows = Familiarity.objects.for_house(house).filter(client__in=[int(each) for each in clients])
    return {
        (str(client), str(secretary)): FamiliarityView(taken=taken, last_at=last_at)
        for client, secretary, taken, last_at in rows.values_list("client_id", "secretary_id", "taken", "last_at")
    }


def last_call_at(*, house: str) -> datetime | None:
    """When the last call of a house came; None when none did. One query."""
    rows = Call.objects.for_house(house).order_by("-arrived_at", "-pk")
    return rows.values_list("arrived_at", flat=True).first()


def came_on_line(*, house: str, line: str, since: datetime, until: datetime) -> bool:
    """Whether a call came on a line (E.164) between two moments, both included. One query."""
    found = Call.objects.for_house(house).filter(called_line=line, arrived_at__gte=since, arrived_at__lte=until)
    return found.exists()


def numbers_shown(
    *, house: str, client: str, moments: Collection[datetime]
) -> dict[tuple[str, datetime], tuple[str, str]]:
    """Of a client's calls that arrived at these moments, by line and moment: the caller's number and the one that was
    forwarded, as the call showed them, "" where it did not. One query."""
    rows = Call.objects.for_house(house).filter(client=row_key(client), arrived_at__in=list(moments))
    found = rows.values_list("called_line", "arrived_at", "caller", "forwarded_by")
    return {(line, at): (caller, forwarded) for line, at, caller, forwarded in found}


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """The calls of one client since a moment: when the first and the last came, and how many by weekday (0: Monday) and
    hour of the house's clock."""

    first_at: datetime
    last_at: datetime
    by_hour: dict[tuple[int, int], int]


def counted_calls(*, house: str, since: datetime, until: datetime) -> dict[str, Counted]:
    """The calls of each client in a time, by his id; who had none is left out. Two queries, counted by the database."""
    zone = zone_of(house=house)
    found = Call.objects.for_house(house).filter(client__isnull=False, arrived_at__gte=since, arrived_at__lt=until)
    counts: dict[str, dict[tuple[int, int], int]] = {}
    by_hour = found.annotate(
        day=ExtractIsoWeekDay("arrived_at", tzinfo=zone), hour=ExtractHour("arrived_at", tzinfo=zone)
    ).order_by()
    for client, day, hour, count in by_hour.values_list("client_id", "day", "hour").annotate(count=Count("pk")):
        counts.setdefault(str(client), {})[day - 1, hour] = count
    ends = found.order_by().values_list("client_id").annotate(first=Min("arrived_at"), last=Max("arrived_at"))
    return {
        str(client): Counted(first_at=first, last_at=last, by_hour=counts.get(str(client), {}))
        for client, first, last in ends
    }


def last_calls(*, house: str, since: datetime) -> dict[str, datetime]:
    """When the last call of each client came, by his id; who had none since then is left out. One query."""
    found = Call.objects.for_house(house).filter(client__isnull=False, arrived_at__gte=since).order_by()
    return {str(client): last for client, last in found.values_list("client_id").annotate(last=Max("arrived_at"))}


def arrivals(*, house: str, since: datetime) -> tuple[tuple[str, str, datetime], ...]:
    """The calls for clients since a moment: the client's id, his line (E.164), when it came. One query."""
    found = Call.objects.for_house(house).filter(client__isnull=False, arrived_at__gte=since).order_by("arrived_at")
    return tuple(
        (str(client), line, at) for client, line, at in found.values_list("client_id", "called_line", "arrived_at")
    )


def client_of(*, house: str, call: str) -> str | None:
    """The client whom a call was for; None on a line nobody has, and as long as the call is not recorded. One query."""
    key = Call.objects.for_house(house).filter(call=call).values_list("client", flat=True).first()
    return None if key is None else str(key)


def caller_of(*, house: str, call: str) -> str:
    """The number (E.164) a call came from; empty when masked, unknown or not recorded. One query."""
    rows = Call.objects.for_house(house).filter(call=call, masked=False)
    return rows.values_list("caller", flat=True).first() or ""


def _unanswered(found: ClientQuerySet[Call]) -> ClientQuerySet[Call]:
    return found.filter(
        Q(abandoned=True) | Q(closed_reason="max_wait", voice_seconds__isnull=True), ended_at__isnull=False
    ).exclude(caller="")


def _hers(found: ClientQuerySet[Call], only: frozenset[str] | None) -> ClientQuerySet[Call]:
    """Those of the clients a person answers for; of no client only for who answers for all."""
    return found if only is None else found.filter(client__in=[int(each) for each in only])


_JOINED = ("client", "secretary__person", "called_back_by")


def _filtered(house: str, filters: CallFilters, zone: ZoneInfo) -> ClientQuerySet[Call]:
    rows = _hers(Call.objects.for_house(house), filters.only)
    found = rows.select_related(*_JOINED).order_by("-arrived_at", "-pk")
    if filters.client:
        found = found.for_client(row_key(filters.client))
    if filters.secretary:
        found = found.filter(secretary=row_key(filters.secretary))
    if filters.outcome:
        found = found.filter(outcome=filters.outcome)
    if filters.first is not None:
        found = found.filter(arrived_at__gte=_midnight(filters.first, zone))
    if filters.last is not None:
        found = found.filter(arrived_at__lt=_midnight(filters.last + timedelta(days=1), zone))
    if filters.unread_only:
        found = found.filter(_fallen_back())
    return found.filter(abandoned=True) if filters.abandoned_only else found


def _fallen_back() -> Exists:
    """An answered offer with such a reason: looked for in the text of the JSON, which both databases keep alike."""
    answered = CallOffer.objects.filter(call=OuterRef("pk"), how=ANSWERED)
    found = Q()
    for code in sorted(UNREAD):
        found |= Q(reasons__contains=f'"{code}"')
    return Exists(answered.annotate(reasons=Cast("why", TextField())).filter(found))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)


def _offers(house: str, rows: Iterable[Call]) -> dict[int, tuple[OfferRow, ...]]:
    found: dict[int, tuple[OfferRow, ...]] = {}
    offers = CallOffer.objects.for_house(house).filter(call__in=[row.pk for row in rows])
    for offer in offers.select_related("secretary__person").order_by("offered_at", "pk"):
        shown = OfferRow(
            secretary=str(offer.secretary_id),
            secretary_name=offer.secretary.person.name,
            offered_at=offer.offered_at,
            how=offer.how,
            unread=any(each["code"] in UNREAD for each in offer.why),
        )
        found[offer.call_id] = (*found.get(offer.call_id, ()), shown)
    return found


def _view(row: Call, offers: tuple[OfferRow, ...] = ()) -> CallRow:
    return CallRow(
        call=row.call,
        client=None if row.client is None else str(row.client.pk),
        client_name="" if row.client is None else row.client.name,
        client_initials="" if row.client is None else row.client.initials,
        client_colour=0 if row.client is None else row.client.colour,
        called_line=row.called_line,
        caller=row.caller,
        display=row.display,
        masked=row.masked,
        arrived_at=row.arrived_at,
        answered_at=row.answered_at,
        ended_at=row.ended_at,
        wait_ms=row.wait_ms,
        secretary=None if row.secretary is None else str(row.secretary.pk),
        secretary_name="" if row.secretary is None else row.secretary.person.name,
        abandoned=row.abandoned,
        closed_reason=row.closed_reason,
        ended_by=row.ended_by,
        why=row.why,
        outcome=row.outcome,
        voice_begun_at=row.voice_begun_at,
        voice_seconds=row.voice_seconds,
        called_back_at=row.called_back_at,
        called_back_by="" if row.called_back_by is None else row.called_back_by.name,
        offers=offers,
    )
