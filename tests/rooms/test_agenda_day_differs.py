# SPDX-License-Identifier: AGPL-3.0-or-later
"""A day that differs is for those for whom the week is, and as it is; only what is said of the day is otherwise.

Each story is told at both doors: the owner of the house in the back office, the doctor in his portal.
"""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from permanence.agenda.models import OpeningException
from permanence.agenda.operations import setting
from permanence.agenda.operations.beginning import begin_agenda
from permanence.agenda.queries import agendas, slots
from permanence.agenda.rules import kinds
from permanence.agenda.rules.kinds import Asker, ExceptionKind, OpeningKind
from permanence.agenda.rules.usual import Trade
from permanence.agenda.rules.wishes import Wish
from tests.rooms.conftest import NOW
from tests.rooms.sent_form import sent_form

pytestmark = pytest.mark.django_db
TODAY = timezone.now().date()
"""The pages look ahead from the real present."""


def coming(weekday):
    """The day of that weekday two or three weeks from now."""
    return TODAY + timedelta(days=14 + (weekday - TODAY.weekday()) % 7)


TUESDAY, SATURDAY = coming(1), coming(5)


class Weber:
    """Dr Weber's agenda, and who sets it at one of the doors."""

    def __init__(self, cast, browser_of, *, portal):
        self.cast, self.portal = cast, portal
        self.browser = browser_of(cast.dr_weber if portal else cast.marc)
        self.agenda = begin_agenda(
            client=cast.weber, recipient=cast.recipients["Dr Weber"], name="Dr Weber", trade=Trade.DOCTOR,
            language="fr", by=cast.marc, at=NOW,
        ).id  # fmt: skip
        self.reasons = [each.id for each in agendas.reasons(by=cast.marc, client=cast.weber)]

    def week(self, *openings):
        setting.set_openings(agenda=self.agenda, openings=openings, by=self.cast.marc, at=NOW)

    def opening(self, weekday, opens, until, **more):
        """Hours for patients he knows, booked by his secretary alone."""
        closed = {"new_patients": False, "online": False} | more
        return kinds.Opening(id="", agenda=self.agenda, weekday=weekday, opens=opens, until=until, **closed)

    def page(self, day="new"):
        name = "portal_agenda_day" if self.portal else "accounts:agenda-day"
        return reverse(name, args=[self.cast.weber, self.agenda, day])

    def look(self, typed, *, day="new", after=None):
        """What the page says with these fields typed into the form as it stands (None: the tick is taken out)."""
        given = sent_form(after or self.browser.get(self.page(day)), field="label") | typed
        given = {name: value for name, value in given.items() if value is not None}
        return self.browser.post(self.page(day), given | {"do": "check"})

    def save(self, looked, *, day="new"):
        answer = self.browser.post(self.page(day), sent_form(looked, field="label") | {"do": "save"})
        assert answer.status_code in {302, 303}

    def kept(self, day):
        """The openings of that day, as they are kept, without ids."""
        days = agendas.kept_day(by=self.cast.marc, agenda=self.agenda, day=day)
        return [replace(each, id="") for one in days for each in one.openings]

    def free(self, day, **wish):
        found = slots.free_days(
            by=self.cast.marc, agenda=self.agenda, wish=Wish(reason=self.reasons[0], **wish), first=day,
            until=day + timedelta(days=1), at=timezone.now(),
        )  # fmt: skip
        return len(found.slots)


@pytest.fixture(params=["the back office", "the portal"])
def weber(request, cast, browser_of):
    return Weber(cast, browser_of, portal=request.param == "the portal")


def on(day, **more):
    return {"day": day.isoformat(), "kind": "replaced"} | more


def test_hours_instead_of_tuesdays_stay_closed_to_strangers(weber):
    weber.week(weber.opening(1, "08:00", "12:00", reasons=(weber.reasons[0],)), weber.opening(0, "08:00", "18:00"))
    weber.save(weber.look(on(TUESDAY, hours="9-11")))
    assert weber.kept(TUESDAY) == [weber.opening(0, "09:00", "11:00", reasons=(weber.reasons[0],))]
    assert weber.free(TUESDAY) > 0
    assert weber.free(TUESDAY, asked_by=Asker.ONLINE) == 0
    assert weber.free(TUESDAY, is_new=True) == 0


def test_each_hour_is_as_the_hours_of_the_week_that_it_overlaps_most(weber):
    weber.week(
        weber.opening(1, "08:00", "12:00", kind=OpeningKind.HOME_VISIT, travel=15, online=True),
        weber.opening(1, "14:00", "18:00", kind=OpeningKind.SAME_DAY, released_at="08:00", released_days=1),
        weber.opening(1, "18:00", "20:00", capacity=6, new_patients=True, valid_until=TODAY),
    )
    weber.save(weber.look(on(TUESDAY, hours="10-13, 13:30-16, 19-20")))
    urgent = {"kind": OpeningKind.SAME_DAY, "released_at": "08:00", "released_days": 1}
    assert weber.kept(TUESDAY) == [
        weber.opening(0, "10:00", "13:00", kind=OpeningKind.HOME_VISIT, travel=15, online=True),
        weber.opening(0, "13:30", "16:00", **urgent),
        weber.opening(0, "19:00", "20:00", **urgent),  # the group of the evening was only until yesterday
    ]


def test_an_added_saturday_is_as_most_of_the_week(weber):
    weber.week(
        *(weber.opening(day, "08:00", "12:00") for day in range(4)),
        weber.opening(4, "08:00", "12:00", online=True, new_patients=True),
    )
    weber.save(weber.look(on(SATURDAY, kind="one_off", hours="9-12")))
    assert weber.kept(SATURDAY) == [weber.opening(0, "09:00", "12:00")]


def test_an_added_saturday_of_home_visits_is_said_on_the_day(weber):
    weber.week(weber.opening(0, "08:00", "18:00"))
    typed = {"hours_kind": "home_visit", "travel": "20", "online": "on", "reasons": [weber.reasons[1]]}
    looked = weber.look(on(SATURDAY, kind="one_off", hours="9-12") | typed)
    assert "09:00–12:00 (" in looked.content.decode()
    weber.save(looked)
    assert weber.kept(SATURDAY) == [
        weber.opening(
            0, "09:00", "12:00", kind=OpeningKind.HOME_VISIT, travel=20, online=True, reasons=(weber.reasons[1],)
        )
    ]


def test_what_was_changed_stays_changed_when_hours_and_day_are_typed_anew(weber):
    weber.week(
        weber.opening(1, "08:00", "12:00", online=True),
        weber.opening(2, "08:00", "12:00", kind=OpeningKind.TELE, new_patients=True, online=True),
    )
    looked = weber.look(on(TUESDAY, hours="9-11", online=None))
    looked = weber.look(on(TUESDAY + timedelta(days=1), hours="8-9"), after=looked)
    weber.save(looked)
    assert weber.kept(TUESDAY + timedelta(days=1)) == [
        weber.opening(0, "08:00", "09:00", kind=OpeningKind.TELE, new_patients=True)
    ]


def test_a_day_that_is_kept_is_opened_as_it_is_and_changed(weber):
    weber.week(weber.opening(1, "08:00", "12:00", online=True, new_patients=True))
    day = weber.opening(0, "09:00", "11:00", capacity=3)
    setting.set_exception(
        agenda=weber.agenda, day=TUESDAY, kind=ExceptionKind.REPLACED, openings=[day], by=weber.cast.marc, at=NOW
    )
    kept = TUESDAY.isoformat()
    weber.save(weber.look({"hours": "9-12"}, day=kept), day=kept)
    assert weber.kept(TUESDAY) == [weber.opening(0, "09:00", "12:00", capacity=3)]
    room = setting.add_resource(client=weber.cast.weber, name="Saal", kind="room", by=weber.cast.marc, at=NOW).id
    weber.save(weber.look({"resources": [room]}, day=kept), day=kept)
    assert weber.kept(TUESDAY) == [weber.opening(0, "09:00", "12:00", capacity=3, resources=(room,))]
    weber.save(weber.look({"capacity": "1", "hours_kind": "tele", "resources": []}, day=kept), day=kept)
    assert weber.kept(TUESDAY) == [weber.opening(0, "09:00", "12:00", kind=OpeningKind.TELE)]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"hours_kind": "same_day"}, "released_at"),
        ({"hours_kind": "party"}, "hours_kind"),
        ({"capacity": "501"}, "capacity"),
        ({"reasons": ["999999"]}, "reasons"),
        ({"site": "7 OR 1=1"}, "site"),
        ({"hours": ""}, "hours"),
        ({"day": "2090-01-01"}, "day"),
    ],
)
def test_what_cannot_be_on_a_day_is_said_at_its_field(weber, wrong, field):
    weber.week(weber.opening(1, "08:00", "12:00"))
    looked = weber.look(on(TUESDAY, hours="9-11") | wrong)
    assert looked.status_code == 422
    assert list(looked.context["form"].errors) == [field]
    assert OpeningException.objects.count() == 0


def test_a_form_whose_page_is_not_known_takes_nothing_but_what_the_week_says(weber):
    weber.week(weber.opening(1, "08:00", "12:00"))
    for shown in ("", "{", "[]", '"x"', "9" * 5000):
        given = on(TUESDAY, hours="9-11", as_shown=shown, online="on", mark=sent_form(
            weber.browser.get(weber.page()), field="label")["mark"][0])  # fmt: skip
        looked = weber.browser.post(weber.page(), given | {"do": "check"})
        assert looked.status_code == 200, shown
        assert looked.context["form"]["online"].value() is False
