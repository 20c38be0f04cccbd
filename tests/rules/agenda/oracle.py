# SPDX-License-Identifier: AGPL-3.0-or-later
"""Free or not, worked out minute by minute on the wall: slow, simple, and without a line of the rules' own."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import product
from zoneinfo import ZoneInfo

from permanence.agenda.rules.kinds import ExceptionKind, OpeningKind, TakenKind, Way
from permanence.countries.holidays import holiday_on

WAYS = {"normal": "practice", "same_day": "practice", "home_visit": "home", "tele": "tele", "walk_in": ""}


def minute(at: datetime) -> float:
    return at.timestamp() / 60


@lru_cache(maxsize=512)
def wall(zone: str, day: date) -> list[tuple[int, int]]:
    """Each minute of a local day: minutes since 1970, minutes after midnight on the wall."""
    probe = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=15)
    found = []
    for offset in range(45 * 60):
        at = (probe + timedelta(minutes=offset)).astimezone(ZoneInfo(zone))
        if at.date() == day:
            found.append((int(minute(at)), at.hour * 60 + at.minute))
    return found


def wall_minutes(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])


def birthdays(born: date, day: date) -> int:
    """How often he had his birthday until that day, itself included."""
    years = range(born.year + 1, day.year + 1)
    return sum((year, born.month, born.day) <= (day.year, day.month, day.day) for year in years)


def range_of(zone: str, day: date, opens: str, until: str) -> range:
    """From the first minute that is not before `opens` on the wall to the last one before `until`."""
    after = [at for at, shown in wall(zone, day) if shown >= wall_minutes(opens)]
    before = [at for at, shown in wall(zone, day) if shown < wall_minutes(until)]
    return range(after[0], before[-1] + 1) if after and before and after[0] <= before[-1] else range(0)


def openings_on(book, day):
    agenda = book.agenda
    closed = any(each.date == day and each.kind is not ExceptionKind.ONE_OFF for each in book.exceptions)
    holiday = agenda.closed_on_holidays and holiday_on(day, country=agenda.country, region=agenda.region)
    for each in book.openings:
        if closed or (holiday and not each.on_holidays) or each.weekday != day.weekday():
            continue
        if (each.valid_from and day < each.valid_from) or (each.valid_until and day >= each.valid_until):
            continue
        if each.every_weeks > 1:
            monday, anchor = (d - timedelta(days=d.weekday()) for d in (day, each.anchor))
            if (monday - anchor).days // 7 % each.every_weeks:
                continue
        yield each
    for exception in book.exceptions:
        if exception.date == day:
            yield from exception.openings


class Oracle:
    def __init__(self, book, wish, *, day: date, at: datetime):
        self.book, self.wish, self.at, self.zone = book, wish, at, ZoneInfo(book.agenda.zone)
        self.reason = book.reason(wish.reason)
        usual = self.reason.minutes_new if wish.is_new and self.reason.minutes_new else self.reason.minutes
        self.length = wish.minutes or usual
        self.taken = [
            each
            for each in book.taken
            if each.kind is not TakenKind.HOLD
            or ((each.until is None or at < each.until) and not (wish.holder and wish.holder == each.holder))
        ]
        self.places: dict[tuple, set[int]] = {}
        self.open: set[int] = set()
        for offset in (-1, 0, 1):
            for opening in openings_on(book, day + timedelta(days=offset)):
                minutes = range_of(book.agenda.zone, day + timedelta(days=offset), opening.opens, opening.until)
                self.open.update(minutes)
                if self.admits(opening, day + timedelta(days=offset)):
                    key = (opening.site, WAYS[opening.kind], opening.resources, opening.capacity, opening.travel)
                    self.places.setdefault(key, set()).update(minutes)
        self.away, self.blocks, self.visits = set(), set(), {}
        for each in self.taken:
            if each.subject != book.agenda.id:
                continue
            if each.kind is TakenKind.ABSENCE:
                self.away |= set(touched(each.starts, each.ends))
                continue
            for at_ in touched(each.starts - timedelta(minutes=each.before), each.ends + timedelta(minutes=each.after)):
                if each.kind is TakenKind.BLOCK:
                    self.blocks.add(at_)
                else:
                    self.visits[at_] = self.visits.get(at_, 0) + 1

    def admits(self, opening, day) -> bool:
        wish, reason = self.wish, self.reason
        if opening.kind is OpeningKind.SAME_DAY:
            released = day - timedelta(days=opening.released_days)
            after = [at for at, shown in wall(str(self.zone), released) if shown >= wall_minutes(opening.released_at)]
            if minute(self.at) < after[0]:
                return False
        return (
            WAYS[opening.kind] == reason.way
            and (not opening.reasons or reason.id in opening.reasons)
            and (not reason.sites or opening.site in reason.sites)
            and (not wish.sites or opening.site in wish.sites)
            and (opening.new_patients or not wish.is_new)
            and (opening.online or wish.asked_by != "online")
        )

    def may_come(self, day: date) -> bool:
        wish, reason = self.wish, self.reason
        if wish.asked_by not in reason.bookable_by or {each.id for each in reason.contra_indications} & wish.yes_to:
            return False
        ages = {birthdays(each, day) for each in wish.born or ()}
        if len(ages) != 1:
            return True
        [age] = ages
        too_young = reason.youngest is not None and age < reason.youngest
        too_old = reason.oldest is not None and age > reason.oldest
        return not (too_young or too_old)

    def is_free(self, start: int) -> bool:
        """`start`: minutes since 1970."""
        reason = self.reason
        local = datetime.fromtimestamp(start * 60, self.zone)
        if not self.may_come(local.date()) or start % self.book.agenda.step or start < minute(self.at) + reason.notice:
            return False
        if reason.horizon and (local.date() - self.at.astimezone(self.zone).date()).days > reason.horizon:
            return False
        visit = range(start, start + self.length)
        if any(each in self.away for each in visit) or not self.bears_one_more(local):
            return False
        return any(self.fits(key, minutes, visit) for key, minutes in self.places.items())

    def fits(self, key, minutes, visit: range) -> bool:
        site, _, resources, capacity, travel = key
        around = range(visit.start - self.reason.before - travel, visit.stop + self.reason.after)
        if not all(each in minutes for each in visit) or any(each in self.blocks for each in around):
            return False
        if any(self.visits.get(each, 0) >= capacity for each in around):
            return False
        return self.has_resources(site, resources, visit, grouped=capacity > 1)

    def has_resources(self, site, fixed, visit: range, *, grouped: bool) -> bool:
        reason, needs = self.reason, []
        left = [
            (each.ids or self.of_kind(each.kind, site), each.before, each.after, False) for each in reason.needs
        ]  # fmt: skip
        for resource in fixed:
            met = next((each for each in left if resource in each[0]), None)
            if met is None:
                needs.append(([resource], reason.before, reason.after, grouped))
            else:
                left.remove(met)
                needs.append(([resource], max(reason.before, met[1]), max(reason.after, met[2]), grouped))
        needs += left
        for chosen in product(*(each[0] for each in needs)):
            if len(set(chosen)) == len(chosen) and all(
                self.resource_free(resource, range(visit.start - before, visit.stop + after), together=together)
                for resource, (_, before, after, together) in zip(chosen, needs, strict=True)
            ):
                return True
        return False

    def of_kind(self, kind, site):
        return [each.id for each in self.book.resources if each.kind == kind and (not site or each.site in {"", site})]

    def resource_free(self, resource, around: range, *, together: bool) -> bool:
        for each in self.taken:
            if each.subject == resource and not (together and each.shared_by == self.book.agenda.id):
                busy = touched(
                    each.starts - timedelta(minutes=each.before), each.ends + timedelta(minutes=each.after)
                )  # fmt: skip
                if busy.start < around.stop and around.start < busy.stop:
                    return False
        return True

    def bears_one_more(self, local: datetime) -> bool:
        same = [
            (each, each.starts.astimezone(self.zone))
            for each in self.taken
            if each.subject == self.book.agenda.id
            and each.kind in {TakenKind.APPOINTMENT, TakenKind.HOLD}
            and each.starts - timedelta(minutes=each.before) < each.ends + timedelta(minutes=each.after)
            and each.reason == self.reason.id
        ]
        same = [(each, starts) for each, starts in same if starts.date() == local.date()]
        half = [each for each, starts in same if (starts.hour < 13) == (local.hour < 13)]
        new = [each for each, _ in same if each.is_new]
        reason = self.reason
        return not (
            (reason.max_per_day and len(same) >= reason.max_per_day)
            or (reason.max_per_half_day and len(half) >= reason.max_per_half_day)
            or (self.wish.is_new and reason.max_new_per_day and len(new) >= reason.max_new_per_day)
        )


def touched(starts: datetime, ends: datetime) -> range:
    """The minutes of the five-minute cells that a span touches; none for one that has no length."""
    if ends <= starts:
        return range(0)
    first, last = int(minute(starts)) // 5 * 5, -(-int(-(-minute(ends) // 1)) // 5) * 5
    return range(first, last)


assert set(WAYS.values()) == {*Way, ""}
