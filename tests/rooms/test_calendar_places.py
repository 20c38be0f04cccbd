# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where a visit is, in the calendars of others: told with the names, to nobody without them; a home where it was chosen
beside them. Read back by vobject.
"""

import pytest
import vobject
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from permanence.agenda.interop import devices, feeds
from permanence.agenda.models import Appointment, CalendarDevice, CalendarFeed, OtherCalendar
from permanence.agenda.operations import setting
from permanence.agenda.refusals import NamesNotChosen
from permanence.agenda.rules.answers import ADDRESS
from permanence.agenda.rules.kinds import Way
from permanence.api import calendars
from permanence.callers.models import Patient
from permanence.clients.models import Site
from permanence.foundation.models import AuditEntry
from tests.rooms.agenda_cast import after, make_agenda_cast, openings, reason
from tests.rooms.messaging_cast import NOON
from tests.rooms.radicale_server import radicale
from tests.rooms.test_agenda_caldav import Noon, home, phone, synced
from tests.rooms.test_agenda_caldav_elsewhere import add, look
from tests.rooms.test_agenda_feeds import events, made
from tests.rooms.test_visit_places import LINK, booked, by_way, sites, two_sites

pytestmark = pytest.mark.django_db
MODELS = (CalendarFeed, CalendarDevice, OtherCalendar)
LILAC = "3 rue des Lilas; 2e, porte B"
PARK = "9 avenue du Parc"
SECRETS = ("Lilas", "Parc", "rue de", "Neudorf", "Meinau", "video.example", "domicile", "vidéo")


@pytest.fixture
def cast(db, monkeypatch):
    monkeypatch.setattr(calendars, "_CLOCK", Noon())
    return make_agenda_cast()


def in_the_feed(cast, *, names=True, homes=False, agenda=None, by=None):
    _view, secret = made(cast, names=names, homes=homes, agenda=agenda, by=by)
    return feeds.read_feed(secret=secret, at=NOON).body.decode()


def on_the_phone(cast, visit, *, names=True, homes=False):
    answer = phone(cast, names=names, homes=homes)("GET", f"{home(cast)}{visit.appointment}.ics")
    assert answer.status_code == 200
    return answer.content.decode()


def told(entry):
    """Where it is, what leads to it, and what is beside the name."""
    found = {name: [each.value for each in entry.contents.get(name, ())] for name in ("location", "url", "conference")}
    return found["location"], found["url"], found["conference"], entry.description.value


def both(cast, visit, *, homes=True):
    """The same entry from the address to subscribe to and from the telephone."""
    (of_feed,) = events(in_the_feed(cast, homes=homes))
    of_phone = vobject.readOne(on_the_phone(cast, visit, homes=homes)).vevent
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
    found = {each.dtstart.value: each.location.value for each in events(in_the_feed(cast, homes=True))}
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
    texts = [in_the_feed(cast, names=False, homes=True), on_the_phone(cast, visit, names=False, homes=True)]
    with radicale(tmp_path) as server:
        add(cast, server, writes=True, names=False, homes=True)
        look()
        texts.append(server.ask("GET", f"{visit.appointment}.ics")[1])
    for text in texts:
        found = text.decode() if isinstance(text, bytes) else text
        (entry,) = events(found)
        assert entry.summary.value == "Occupé"
        assert not {"location", "url", "conference", "description", "geo"} & entry.contents.keys()
        assert not [each for each in SECRETS if each in found.replace("\r\n ", "")]


@pytest.mark.parametrize("homes", [True, False])
def test_in_another_product_a_home_is_told_where_it_was_chosen(cast, tmp_path, homes):
    visit = at_home(cast, said={ADDRESS: LILAC})
    with radicale(tmp_path) as server:
        add(cast, server, writes=True, names=True, homes=homes)
        look()
        _status, text = server.ask("GET", f"{visit.appointment}.ics")
    (entry,) = events(text)
    assert entry.summary.value == visit.patient_name
    assert [each.value for each in entry.contents.get("location", ())] == ([LILAC] if homes else [])
    assert ("Lilas" in text) is homes


def test_what_was_written_there_before_homes_were_chosen_apart_is_taken_back(cast, tmp_path):
    visit = at_home(cast, said={ADDRESS: LILAC})
    with radicale(tmp_path) as server:
        add(cast, server, writes=True, names=True, homes=True)
        look()
        assert "Lilas" in server.ask("GET", f"{visit.appointment}.ics")[1]
        OtherCalendar.objects.update(homes=False, next_at=NOON)  # as the migration leaves an old one
        look()
        text = server.ask("GET", f"{visit.appointment}.ics")[1]
    assert "Lilas" not in text
    assert visit.patient_name in text


@pytest.mark.parametrize("where", ["said", "file", "nowhere"])
def test_with_names_alone_no_home_is_told_and_the_way_is(cast, where):
    Patient.objects.filter(pk=int(cast.jeanne)).update(address=PARK)
    visit = at_home(cast, said={ADDRESS: LILAC} if where == "said" else {})
    if where == "nowhere":
        Patient.objects.filter(pk=int(cast.jeanne)).update(address="")
    assert both(cast, visit, homes=False) == ([], [], [], "Consultation, à domicile")


def test_with_names_alone_site_and_video_stay(cast):
    two_sites(cast)
    assert both(cast, booked(cast, after(400)), homes=False)[0] == ["Meinau, 1 rue de Meinau"]
    by_way(cast, Way.TELE, video_link=LINK)
    visit = booked(cast, after(240))
    entry = vobject.readOne(on_the_phone(cast, visit)).vevent
    assert told(entry) == (["En vidéo"], [LINK], [LINK], "Consultation, en vidéo")


def test_homes_go_with_names_and_are_off_unless_chosen(cast, tmp_path):
    """A row that was there before has the default: off. Without names there are none."""
    made(cast, names=True), phone(cast, names=True)
    with radicale(tmp_path) as server:
        add(cast, server, writes=True, names=True)
        kept = [CalendarFeed.objects.get(), CalendarDevice.objects.get(), OtherCalendar.objects.get()]
        assert [(row.names, row.homes) for row in kept] == [(True, False)] * 3
        made(cast, homes=True), phone(cast, homes=True)
        add(cast, server, writes=True, homes=True)
        add(cast, server, names=True, homes=True)
    assert not [each for model in MODELS for each in model.objects.filter(homes=True)]
    for model in MODELS:
        with pytest.raises(IntegrityError), transaction.atomic():
            model.objects.update(homes=True, names=False)


def test_nobody_of_the_house_lets_homes_out(cast, tmp_path):
    for refused in (
        lambda: made(cast, homes=True, by=cast.marc),
        lambda: phone(cast, cast.marc, homes=True, person=cast.dr_dupont.person),
    ):
        with pytest.raises(NamesNotChosen):
            refused()
    with radicale(tmp_path) as server, pytest.raises(NamesNotChosen):
        add(cast, server, writes=True, names=True, homes=True, by=cast.marc)


def test_he_chooses_it_and_takes_it_back_with_the_names(cast):
    feed = made(cast, names=True)[0]
    phone(cast, names=True)
    mine = devices.devices(client=cast.cabinet.id, by=cast.dr_dupont)[0]
    for names, homes in ((True, True), (False, True), (True, False)):
        told_now = {"names": names, "homes": homes, "by": cast.dr_dupont, "at": NOON}
        feeds.name_in_feed(agenda=cast.dupont, feed=feed.id, **told_now)
        devices.name_in_device(client=cast.cabinet.id, device=mine.id, **told_now)
        for row in (CalendarFeed.objects.get(), CalendarDevice.objects.get()):
            assert (row.names, row.homes) == (names, names and homes)
    trail = AuditEntry.objects.filter(action="agenda.feed_names").order_by("pk").values_list("detail", flat=True)
    assert [each["homes"] for each in trail] == [True, False, False]


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
    _view, secret = made(cast, names=True, homes=True)
    at_home(cast, 240, said={ADDRESS: LILAC}), booked(cast, after(260), said={})
    counts = []
    for minutes in (280, 300):
        with CaptureQueriesContext(connection) as caught:
            feeds.read_feed(secret=secret, at=NOON)
        counts.append(len(caught))
        booked(cast, after(minutes), said={ADDRESS: LILAC})
    assert counts[0] == counts[1] <= 23
