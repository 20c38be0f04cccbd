# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where a visit is, in the calendars of others: told with the names, to nobody without them. Read back by vobject."""

import pytest
import vobject
from django.db import connection
from django.test.utils import CaptureQueriesContext

from permanence.agenda.interop import feeds
from permanence.agenda.models import Appointment
from permanence.agenda.operations import setting
from permanence.agenda.rules.answers import ADDRESS
from permanence.agenda.rules.kinds import Way
from permanence.api import calendars
from permanence.callers.models import Patient
from permanence.clients.models import Site
from tests.rooms.agenda_cast import after, make_agenda_cast, openings, reason
from tests.rooms.messaging_cast import NOON
from tests.rooms.radicale_server import radicale
from tests.rooms.test_agenda_caldav import Noon, home, phone, synced
from tests.rooms.test_agenda_caldav_elsewhere import add, look
from tests.rooms.test_agenda_feeds import events, made
from tests.rooms.test_visit_places import LINK, booked, by_way, sites, two_sites

pytestmark = pytest.mark.django_db
LILAC = "3 rue des Lilas; 2e, porte B"
PARK = "9 avenue du Parc"
SECRETS = ("Lilas", "Parc", "rue de", "Neudorf", "Meinau", "video.example", "domicile", "vidéo")


@pytest.fixture
def cast(db, monkeypatch):
    monkeypatch.setattr(calendars, "_CLOCK", Noon())
    return make_agenda_cast()


def in_the_feed(cast, *, names=True, agenda=None, by=None):
    _view, secret = made(cast, names=names, agenda=agenda, by=by)
    return feeds.read_feed(secret=secret, at=NOON).body.decode()


def on_the_phone(cast, visit, *, names=True):
    answer = phone(cast, names=names)("GET", f"{home(cast)}{visit.appointment}.ics")
    assert answer.status_code == 200
    return answer.content.decode()


def told(entry):
    """Where it is, what leads to it, and what is beside the name."""
    found = {name: [each.value for each in entry.contents.get(name, ())] for name in ("location", "url", "conference")}
    return found["location"], found["url"], found["conference"], entry.description.value


def both(cast, visit):
    """The same entry from the address to subscribe to and from the telephone."""
    (of_feed,) = events(in_the_feed(cast))
    of_phone = vobject.readOne(on_the_phone(cast, visit)).vevent
    assert told(of_feed) == told(of_phone)
    return told(of_feed)


def at_home(cast, minutes=240, **more):
    """A visit at home, when patients are seen there."""
    by_way(cast, Way.HOME)
    return booked(cast, after(minutes), **more)


def test_a_visit_is_at_the_site_of_its_opening(cast):
    two_sites(cast)
    assert both(cast, booked(cast, after(400))) == (["Meinau, 1 rue de Meinau"], [], [], "Consultation")


def test_a_single_site_is_told_and_none_where_none_is_known(cast):
    visit = booked(cast, after(40))
    assert both(cast, visit) == ([], [], [], "Consultation")
    sites(cast, "Neudorf")
    assert both(cast, visit)[0] == ["Neudorf, 1 rue de Neudorf"]


def test_a_visit_by_video_has_its_link_as_a_conference(cast):
    sites(cast, "Neudorf")
    by_way(cast, Way.TELE, video_link=LINK)
    visit = booked(cast, after(240))
    assert both(cast, visit) == (["En vidéo"], [LINK], [LINK], "Consultation, en vidéo")
    (entry,) = events(in_the_feed(cast))
    assert entry.conference.params == {"VALUE": ["URI"], "FEATURE": ["VIDEO"]}  # RFC 7986, 5.11


def test_a_visit_by_video_without_a_link_says_the_way(cast):
    by_way(cast, Way.TELE)
    assert both(cast, booked(cast, after(240))) == (["En vidéo"], [], [], "Consultation, en vidéo")


def test_a_visit_at_home_is_where_it_was_said_to_be(cast):
    Patient.objects.filter(pk=int(cast.jeanne)).update(address=PARK)
    visit = at_home(cast, said={ADDRESS: LILAC})
    assert both(cast, visit) == ([LILAC], [], [], "Consultation, à domicile")


def test_else_where_the_patient_lives_as_his_file_has_it_now(cast):
    Patient.objects.filter(pk=int(cast.jeanne)).update(address=PARK)
    visit = at_home(cast, said={})
    assert both(cast, visit)[0] == [PARK]
    Patient.objects.filter(pk=int(cast.jeanne)).update(address="")
    assert both(cast, visit)[0] == ["À domicile"]


def test_an_address_that_cannot_be_opened_is_not_guessed_and_stops_no_calendar(cast):
    Patient.objects.filter(pk=int(cast.jeanne)).update(address=PARK)
    visit = at_home(cast, said={ADDRESS: LILAC})
    Appointment.objects.filter(key=visit.appointment).update(sealed_answers="broken")
    assert both(cast, visit)[0] == ["À domicile"]


def test_nor_does_it_take_the_addresses_of_the_others(cast):
    Patient.objects.filter(pk=int(cast.jeanne)).update(address=PARK)
    broken, whole = at_home(cast, said={ADDRESS: LILAC}), booked(cast, after(280), said={ADDRESS: LILAC})
    Appointment.objects.filter(key=broken.appointment).update(sealed_answers="broken")
    found = {each.dtstart.value: each.location.value for each in events(in_the_feed(cast))}
    assert found == {broken.starts_at: "À domicile", whole.starts_at: LILAC}


@pytest.mark.parametrize("where", ["site", "home", "file", "video"])
def test_without_names_nothing_of_it_leaves(cast, where, tmp_path):
    Patient.objects.filter(pk=int(cast.jeanne)).update(address=PARK)
    two_sites(cast)
    if where == "site":
        visit = booked(cast, after(400))
    elif where == "video":
        by_way(cast, Way.TELE, video_link=LINK)
        visit = booked(cast, after(240))
    else:
        visit = at_home(cast, said={ADDRESS: LILAC} if where == "home" else {})
    texts = [in_the_feed(cast, names=False), on_the_phone(cast, visit, names=False)]
    with radicale(tmp_path) as server:
        add(cast, server, writes=True, names=False)
        look()
        texts.append(server.ask("GET", f"{visit.appointment}.ics")[1])
    for text in texts:
        found = text.decode() if isinstance(text, bytes) else text
        (entry,) = events(found)
        assert entry.summary.value == "Occupé"
        assert not {"location", "url", "conference", "description", "geo"} & entry.contents.keys()
        assert not [each for each in SECRETS if each in found.replace("\r\n ", "")]


def test_in_another_product_it_is_told_where_names_are(cast, tmp_path):
    visit = at_home(cast, said={ADDRESS: LILAC})
    with radicale(tmp_path) as server:
        add(cast, server, writes=True, names=True)
        look()
        _status, text = server.ask("GET", f"{visit.appointment}.ics")
    (entry,) = events(text)
    assert told(entry)[0] == [LILAC]


def test_the_other_one_of_a_combined_visit_goes_there_too(cast):
    at = sites(cast, "Neudorf", "Meinau")
    for agenda in (cast.dupont, cast.lemaire):
        week = openings(agenda, site=at["Meinau"])
        setting.set_openings(agenda=agenda, openings=week, by=cast.claire, at=NOON)
    kind = reason(cast.cabinet.id, "À deux", 20, by=cast.claire, also=cast.lemaire)
    booked(cast, after(40), reason=kind)
    (entry,) = events(in_the_feed(cast, agenda=cast.lemaire, by=cast.dr_lemaire))
    assert told(entry)[0] == ["Meinau, 1 rue de Meinau"]


def test_a_site_that_moves_is_a_change_for_those_who_are_told(cast):
    found = sites(cast, "Neudorf")
    visit, path = booked(cast, after(40)), home(cast)
    knows, knows_not = phone(cast, names=True), phone(cast)
    tokens = [synced(each, path)[0] for each in (knows, knows_not)]
    _view, secret = made(cast, names=True)
    before = feeds.read_feed(secret=secret, at=NOON)
    Site.objects.filter(pk=int(found["Neudorf"])).update(address="2 rue du Pont")
    assert feeds.read_feed(secret=secret, at=NOON).etag != before.etag
    assert list(synced(knows, path, tokens[0])[1]) == [f"{visit.appointment}.ics"]
    assert synced(knows_not, path, tokens[1])[1] == {}


def test_however_many_visits_at_home_the_same_questions_are_asked(cast):
    sites(cast, "Neudorf")
    Patient.objects.filter(pk=int(cast.jeanne)).update(address=PARK)
    _view, secret = made(cast, names=True)
    at_home(cast, 240, said={ADDRESS: LILAC}), booked(cast, after(260), said={})
    counts = []
    for minutes in (280, 300):
        with CaptureQueriesContext(connection) as caught:
            feeds.read_feed(secret=secret, at=NOON)
        counts.append(len(caught))
        booked(cast, after(minutes), said={ADDRESS: LILAC})
    assert counts[0] == counts[1] <= 23
