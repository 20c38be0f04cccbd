# SPDX-License-Identifier: AGPL-3.0-or-later
"""For whom an opening is, and who may come at all: what has nothing to do with who was there before."""

from datetime import date, datetime

from permanence.agenda.rules.kinds import Asker, Opening, OpeningKind, VisitReason, Way
from permanence.agenda.rules.openings import OpenSpan
from permanence.agenda.rules.why_not import (
    AgeOutside,
    ContraIndicated,
    NewPatientsNot,
    NotBookable,
    NotOnlineHere,
    NotReleased,
    NotThisReason,
    OtherSite,
    OtherWay,
    WalkIn,
    WhyNot,
)
from permanence.agenda.rules.wishes import Book, Wish

WAYS = {
    OpeningKind.NORMAL: Way.PRACTICE,
    OpeningKind.SAME_DAY: Way.PRACTICE,
    OpeningKind.HOME_VISIT: Way.HOME,
    OpeningKind.TELE: Way.TELE,
}
"""How visits of an opening take place; in WALK_IN none is booked."""

type PlaceKey = tuple[str, Way, tuple[str, ...], int, int]
"""Site, way, resources, places, minutes of travel: openings in which all of it is the same are one to a visit."""


def place_of(span: OpenSpan) -> PlaceKey:
    """Of an opening that is not WALK_IN."""
    each = span.opening
    return each.site, WAYS[each.kind], each.resources, each.capacity, each.travel


def same_site(one: str, other: str) -> bool:
    """Whether two agendas can have a visit together there; a place without a name is near to every one."""
    return not one or not other or one == other


def against_wish(reason: VisitReason, wish: Wish, *, on: date | None = None) -> tuple[WhyNot, ...]:
    """Why this patient cannot come for that reason, or by whom it has to be booked. `on`: the local day of the visit;
    None: his age is not looked at.
    """
    found = list[WhyNot]()
    if wish.asked_by not in reason.bookable_by:
        found.append(NotBookable(asked_by=wish.asked_by, by=tuple(sorted(reason.bookable_by))))
    age = None if on is None else wish.age_on(on)
    if age is not None and is_outside(age, youngest=reason.youngest, oldest=reason.oldest):
        found.append(AgeOutside(age=age, youngest=reason.youngest, oldest=reason.oldest))
    found += [
        ContraIndicated(question=each.id, text=each.text)
        for each in reason.contra_indications
        if each.id in wish.yes_to
    ]
    return tuple(found)


def asks_age(reason: VisitReason, wish: Wish) -> bool:
    """Whether it can depend on the day of the visit that this patient comes for that reason."""
    return wish.born is not None and (reason.youngest is not None or reason.oldest is not None)


def is_outside(age: int | None, *, youngest: int | None, oldest: int | None) -> bool:
    """Whether somebody is too young or too old; not where his age is not certain."""
    if age is None:
        return False
    return (youngest is not None and age < youngest) or (oldest is not None and age > oldest)


def against_opening(
    span: OpenSpan, reason: VisitReason, wish: Wish, *, new_days: tuple[int, ...], at: datetime
) -> tuple[WhyNot, ...]:
    """Why the opening is not for this wish. `new_days`: what `new_patient_days` gave."""
    opening, found = span.opening, list[WhyNot]()
    if opening.kind is OpeningKind.WALK_IN:
        return (WalkIn(until=span.ends),)
    if WAYS[opening.kind] is not reason.way:
        found.append(OtherWay(way=WAYS[opening.kind]))
    if opening.reasons and reason.id not in opening.reasons:
        found.append(NotThisReason(reasons=opening.reasons))
    if any(sites and opening.site not in sites for sites in (reason.sites, wish.sites)):
        found.append(OtherSite(site=opening.site))
    if wish.is_new and not opening.new_patients:
        found.append(NewPatientsNot(weekdays=new_days))
    if wish.asked_by is Asker.ONLINE and not opening.online:
        found.append(NotOnlineHere())
    if span.released is not None and not span.is_released(at):
        found.append(NotReleased(released=span.released))
    return tuple(found)


def new_patient_days(book: Book, reason: VisitReason, wish: Wish) -> tuple[int, ...]:
    """The weekdays (0 is Monday) on which some opening of the week takes him for that reason as a new patient."""
    return tuple(sorted({each.weekday for each in book.openings if each.new_patients and _is_for(each, reason, wish)}))


def is_for(opening: Opening, reason: VisitReason) -> bool:
    """Whether visits for that reason can be in the opening, whoever comes and whoever asks."""
    return (
        WAYS.get(opening.kind) is reason.way
        and (not opening.reasons or reason.id in opening.reasons)
        and not (reason.sites and opening.site not in reason.sites)
    )


def _is_for(opening: Opening, reason: VisitReason, wish: Wish) -> bool:
    """Whether the opening is for this wish, whoever is new."""
    return (
        is_for(opening, reason)
        and not (wish.sites and opening.site not in wish.sites)
        and (opening.online or wish.asked_by is not Asker.ONLINE)
    )
