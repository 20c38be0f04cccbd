# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the public pages say to who books by himself: with whom he is, which time is still his, how one gets there."""

import re
from datetime import datetime, timedelta

import pytest

from permanence.agenda.models import PublicMail
from permanence.agenda.operations import setting
from permanence.agenda.queries import agendas
from permanence.agenda.rules.kinds import OpeningKind
from permanence.clients.directory_operations import put_site
from permanence.clients.directory_queries import site_names
from permanence.clients.forwarding import set_forwarding
from permanence.clients.operations import give_line
from permanence.countries.forwarding import ForwardingMode
from permanence.reception.table import SiteEntry
from tests.rooms.agenda_cast import MONDAY, after, openings
from tests.rooms.messaging_cast import NOON
from tests.rooms.public_cast import SAID, SLUG, cast, clock, jeanne, switch_on
from tests.rooms.test_public_booking import PRACTICE, any_times, practice

__all__ = ["cast", "clock", "jeanne", "practice"]

pytestmark = pytest.mark.django_db
OURS, DIALLED, OWN = "+33140000099", "+33388000001", "+33140000001"


def with_whom(visitor):
    """Whom the page names beside what was asked, None for nobody."""
    found = re.search(r"<dt>Avec</dt><dd>(.*?)</dd>", visitor.text())
    return found and found[1]


def test_with_whoever_is_free_first_each_page_says_with_whom(jeanne, cast, practice, clock):
    times = any_times(jeanne, cast, day=MONDAY.date().isoformat())
    assert with_whom(jeanne) is None
    first = next(each for each in times if datetime.fromisoformat(each.partition("@")[2]) >= MONDAY)
    key = re.search(r'name="key" value="([^"]+)"', jeanne.text())[1]
    jeanne.post(
        f"/rdv/{PRACTICE}/times", **{"for": f"any-{cast.consultation}", "new": "0", "key": key, "starts": first}
    )
    name = agendas.agenda(by=cast.claire, agenda=first.partition("@")[0]).recipient_name
    jeanne.path = jeanne.answer["Location"]
    jeanne.follow()
    assert with_whom(jeanne) == name
    clock.forward(seconds=20)
    jeanne.post(jeanne.path, **SAID)
    jeanne.follow()
    assert with_whom(jeanne) == name
    jeanne.code()
    jeanne.follow()
    assert with_whom(jeanne) == name


def test_on_his_own_page_the_practitioner_is_named_in_the_head_alone(jeanne):
    link = jeanne.book()
    jeanne.get(link)
    assert with_whom(jeanne) is None


def test_who_moves_does_not_read_the_time_he_has_beside_the_button_that_takes_another(jeanne):
    jeanne.get(f"{jeanne.book()}/move")
    foot = re.search(r'class="public__next">(.*?)</div>', jeanne.text(), re.S)[1]
    assert "30 novembre" not in foot
    assert re.sub(r"<[^>]+>", " ", foot).split() == ["Garder", "Déplacer", "à", "cet", "horaire"]


def test_a_day_on_which_nothing_of_the_kind_is_offered_says_so_of_the_day(jeanne, cast):
    kept = openings(cast.dupont, ((0, "08:00", "09:00"),))
    by_video = openings(cast.dupont, ((1, "08:00", "09:00"),), kind=OpeningKind.TELE)
    setting.set_openings(agenda=cast.dupont, openings=(*kept, *by_video), by=cast.claire, at=NOON)
    jeanne.times()
    assert "Rien à réserver en ligne ce jour-là" in jeanne.text()
    assert "Cet horaire n’est pas disponible" not in jeanne.text()


def test_the_page_of_his_visit_promises_no_mail_again_when_he_comes_back_to_it_later(jeanne):
    link = jeanne.book()
    jeanne.get(f"{link}/move")
    jeanne.post(f"{link}/move", **jeanne.shown(), starts=after(60).isoformat())
    jeanne.get(link)
    assert "en route" not in jeanne.text()
    assert "contient l’adresse de cette page" in jeanne.text()


def test_how_one_gets_to_a_site_and_where_one_parks_are_told_apart(jeanne, cast):
    entry = SiteEntry(name="Neudorf", address="41 rue du Lazaret", access="Entrée dans la cour", parking="Trois places")
    put_site(client=cast.cabinet.id, site=entry, by=cast.claire, at=NOON)
    ((site, _name),) = site_names(house=cast.claire.house, client=int(cast.cabinet.id)).items()
    week = openings(cast.dupont, ((0, "08:00", "09:00"),), site=site)
    setting.set_openings(agenda=cast.dupont, openings=week, by=cast.claire, at=NOON)
    jeanne.get(jeanne.book())
    lines = [re.sub(r"<[^>]+>", "", line) for line in re.split(r"<br>|</dd>|<dd>", jeanne.text())]
    assert {"Neudorf", "41 rue du Lazaret", "Entrée dans la cour", "Trois places"} <= set(lines)


def test_who_asks_for_another_code_reads_whether_one_is_on_its_way(jeanne, clock):
    jeanne.take()
    jeanne.tell()
    jeanne.follow()
    assert 'role="status"' not in jeanne.text()
    jeanne.post(f"{jeanne.path}/code", again="1")
    jeanne.follow()
    assert "Un code vient de vous être envoyé" in jeanne.text()
    clock.forward(minutes=1)
    jeanne.post(f"{jeanne.path}/code", again="1")
    jeanne.follow()
    assert "Un autre code est en route" in jeanne.text()
    jeanne.post(jeanne.path + "/code?sent=new", code="12")
    assert "Un autre code est en route" not in jeanne.text()
    assert PublicMail.objects.filter(kind="code").count() == 2


def test_of_times_with_others_the_day_says_that_they_are_in_a_group(jeanne, cast):
    alone = openings(cast.dupont, ((0, "08:00", "09:00"),))
    group = openings(cast.dupont, ((0, "10:00", "10:20"), (1, "10:00", "11:00")), capacity=4)
    setting.set_openings(agenda=cast.dupont, openings=(*alone, *group), by=cast.claire, at=NOON)
    jeanne.times()
    monday, tuesday = re.findall(r'<fieldset class="dayslots">(.*?)</fieldset>', jeanne.text(), re.S)[:2]
    heads = [re.sub(r"<[^>]+>", " ", each.partition("</legend>")[0]).split() for each in (monday, tuesday)]
    assert [" ".join(each[3:]) for each in heads] == ["", "en groupe"]
    assert (monday.count("en groupe"), tuesday.count("en groupe")) == (1, 1)


def lines(cast):
    """His callers dial a number of his own, which comes to a line of the house."""
    line = {"client": cast.cabinet.id, "number": OURS, "by": cast.claire, "at": NOON}
    give_line(**line)
    set_forwarding(**line, mode=ForwardingMode.ALL, public_number=DIALLED)


def test_who_is_to_call_is_given_the_number_that_callers_dial_where_the_page_has_none_of_its_own(jeanne, cast):
    link = jeanne.book()
    lines(cast)
    for path in (f"/rdv/{SLUG}/", f"{link}/move"):
        jeanne.get(path)
        assert (OWN in jeanne.text(), DIALLED in jeanne.text()) == (True, False)
    switch_on(cast, phone="")
    for path in (f"/rdv/{SLUG}/", f"{link}/move"):
        jeanne.get(path)
        assert (f'href="tel:{DIALLED}"' in jeanne.text(), OURS in jeanne.text()) == (True, False)


def weeks(visitor):
    """To which days the links to other weeks lead."""
    found = re.search(r'class="public__week">(.*?)</p>', visitor.text(), re.S)[1]
    return re.findall(r"day=([\d-]+)", found)


def test_no_link_leads_to_a_week_before_that_has_no_other_days(jeanne, clock):
    link = jeanne.book()
    jeanne.get(f"{link}/move")
    assert weeks(jeanne) == ["2026-11-24", "2026-12-07"]
    clock.at = MONDAY - timedelta(days=1)
    for _page in (jeanne.get(f"{link}/move"), jeanne.times()):  # Sunday: nobody is there before Monday
        assert weeks(jeanne) == ["2026-12-07"]
    jeanne.times(day="2026-12-01")
    assert weeks(jeanne) == ["2026-11-29", "2026-12-08"]
    jeanne.times(day="2026-12-07")
    assert weeks(jeanne) == ["2026-11-30", "2026-12-14"]


def cancels(visitor):
    link = visitor.book()
    visitor.get(f"{link}/cancel")
    visitor.post(f"{link}/cancel", **visitor.shown())
    visitor.get(link)
    return re.search(r'<a [^>]*href="([^"]+)">Prendre un autre rendez-vous</a>', visitor.text())


def test_who_cancelled_by_his_link_finds_other_times_for_the_same_reason_with_the_same_practitioner(jeanne, cast):
    again = cancels(jeanne)[1]
    assert again == f"/rdv/{SLUG}/times?for={cast.dupont}-{cast.consultation}&new=0"
    assert jeanne.get(again).status_code == 200
    assert "Consultation" in jeanne.text()


def test_who_cancelled_what_is_not_booked_online_any_more_finds_the_page_of_his_practitioner(jeanne, cast):
    link = jeanne.book()
    switch_on(cast, reasons=(cast.tracing,))
    jeanne.get(f"{link}/cancel")
    jeanne.post(f"{link}/cancel", **jeanne.shown())
    jeanne.get(link)
    assert f'href="/rdv/{SLUG}/">Prendre un autre rendez-vous' in jeanne.text()


def test_who_cancelled_where_nothing_is_booked_online_any_more_is_offered_nothing(jeanne, cast):
    link = jeanne.book()
    switch_on(cast, active=False)
    jeanne.get(f"{link}/cancel")
    jeanne.post(f"{link}/cancel", **jeanne.shown())
    jeanne.get(link)
    assert "annulé" in jeanne.text()
    assert "Prendre un autre rendez-vous" not in jeanne.text()
