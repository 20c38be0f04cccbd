# SPDX-License-Identifier: AGPL-3.0-or-later
"""A change is proved before it is saved, at every door: a new conflict saves nothing, one that stood hinders nobody."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from permanence.clients import absences, bulk_operations, operations, queries, said
from permanence.clients.bulk_rules import AccountLine
from permanence.clients.models import Absence, Client, Greeting, HoursException, WeeklyOpening
from permanence.clients.operations import Opening
from permanence.clients.proving import NotSeen, SaidContradicts, save_proved, save_seen, try_out
from permanence.clients.template_operations import open_from_template, try_template
from permanence.foundation.models import AuditEntry, OutboxEvent
from permanence.kernel.system import SystemClock
from permanence.switchboard import queries as switchboard
from tests.rooms.conftest import NOW
from tests.rooms.test_backstage import fill

pytestmark = pytest.mark.django_db
NIGHT = (Opening(weekday=0, opens="20:00", until="10:00"), Opening(weekday=1, opens="08:00", until="12:00"))
DOUBLED = {"day_0": "20:00-10:00", "day_1": "8-12"}


@pytest.fixture
def marc(cast, browser_of):
    return browser_of(cast.marc)


@pytest.fixture
def doctor(cast, browser_of):
    return browser_of(cast.dr_weber)


@pytest.fixture
def standing(cast):
    """A contradiction of Dr Weber's that got past everybody: two openings of one day."""
    doubled = {"weekday": 0, "opens": "08:30", "until": "09:30"}
    WeeklyOpening.objects.create(house_id=cast.marc.house_key, client_id=cast.weber, **doubled)


@pytest.fixture
def doubled_day(cast):
    """A day of Dr Weber's that is written open and closed."""
    day = SystemClock().now().date() + timedelta(days=9)
    for opens, until in (("08:00", "12:00"), ("", "")):
        whose = {"house_id": cast.marc.house_key, "client_id": cast.weber}
        HoursException.objects.create(**whose, date=day, opens=opens, until=until)


def counts():
    return [table.objects.count() for table in (AuditEntry, OutboxEvent, WeeklyOpening, Greeting, Client, Absence)]


def hours(cast, week=NIGHT):
    return lambda: operations.set_hours(client=cast.weber, week=week, by=cast.marc, at=NOW)


def codes(findings):
    return [each.code for each in findings]


def line(path, cast):
    return f"/portal/line/{cast.weber}{path}"


def seen_in(answer):
    found = re.search(r'name="seen" value="([^"]+)"', answer.content.decode())
    assert found
    return unescape(found[1])


def basis_of(browser, path):
    return re.search(r'name="basis" value="([^"]+)"', browser.get(path).content.decode())[1]


# -- the operation


def test_a_new_conflict_saves_nothing_of_the_change(cast):
    before = counts()
    with pytest.raises(SaidContradicts) as refused:
        save_proved(client=cast.weber, change=hours(cast), by=cast.marc, at=NOW)
    assert codes(refused.value.found.conflicts) == ["openings_overlap"]
    assert counts() == before


def test_what_is_tried_out_is_told_and_not_saved(cast):
    before, file = counts(), queries.client_file(house=cast.house, client=cast.weber, at=NOW)
    assert codes(try_out(client=cast.weber, change=hours(cast), by=cast.marc, at=NOW).conflicts) == ["openings_overlap"]
    assert (counts(), queries.client_file(house=cast.house, client=cast.weber, at=NOW)) == (before, file)


def test_what_stood_is_told_and_in_nobodys_way(cast, standing):
    change = {"client": cast.weber, "ring_before_music_s": 3, "max_wait_s": 33, "by": cast.marc, "at": NOW}
    found = save_proved(client=cast.weber, change=lambda: operations.set_waiting(**change), by=cast.marc, at=NOW)
    assert ("openings_overlap" in codes(found.standing), found.new) == (True, ())
    assert queries.client_file(house=cast.house, client=cast.weber, at=NOW).max_wait_s == 33


def test_what_ends_a_conflict_says_so(cast, standing):
    week = (Opening(weekday=0, opens="08:00", until="12:00"),)
    found = save_proved(client=cast.weber, change=hours(cast, week), by=cast.marc, at=NOW)
    assert "openings_overlap" in codes(found.gone)
    assert said.proof_of(house=cast.house, client=cast.weber, at=NOW).conflicts == ()


def test_what_nobody_was_shown_is_shown_first_and_saved_when_it_was(cast):
    Greeting.objects.for_client(cast.weber).update(day_type="weekday")
    week = (Opening(weekday=6, opens="08:00", until="12:00"),)
    with pytest.raises(NotSeen) as told:
        save_seen(client=cast.weber, change=hours(cast, week), seen="", by=cast.marc, at=NOW)
    assert "no_greeting" in codes(told.value.found.gaps)
    with pytest.raises(NotSeen):
        save_seen(client=cast.weber, change=hours(cast, week), seen="something else", by=cast.marc, at=NOW)
    assert WeeklyOpening.objects.for_client(cast.weber).count() > 1
    save_seen(client=cast.weber, change=hours(cast, week), seen=told.value.found.mark, by=cast.marc, at=NOW)
    assert WeeklyOpening.objects.for_client(cast.weber).count() == 1


def test_a_client_of_another_house_is_not_there(cast):
    for act in (save_proved, try_out):
        with pytest.raises(queries.ClientUnknown):
            act(client=cast.weber, change=hours(cast), by=cast.nadia, at=NOW)


def test_all_files_of_a_house_at_once_are_those_one_by_one(cast, django_assert_num_queries):
    at = SystemClock().now()
    every = {file.view.id: file for file in queries.client_files(house=cast.house, at=at)}
    assert set(every) == set(queries.routed(house=cast.house))
    for client, file in every.items():
        assert queries.client_file(house=cast.house, client=client, at=at) == file
    with django_assert_num_queries(2):
        list(queries.client_files(house=cast.house, at=at))
    with django_assert_num_queries(3):
        list(switchboard.client_slices(house=cast.house, at=at))


# -- the doors


def test_the_back_office_saves_something_else_though_a_conflict_stands(cast, marc, doubled_day):
    answer = fill(marc, f"/backstage/clients/client/{cast.weber}/change/", place="Grevenmacher")
    assert answer.status_code == 302
    assert Client.objects.get(pk=cast.weber).place == "Grevenmacher"
    shown = fill(marc, f"/backstage/clients/client/{cast.weber}/change/", _check="1").content.decode()
    assert ("notice--danger" in shown, 'role="note"' in shown) == (False, True)


def test_the_portals_week_shows_a_conflict_before_it_is_saved_and_does_not_save_it(cast, doctor):
    path = line("/hours", cast)
    basis = basis_of(doctor, path)
    before = counts()
    shown = doctor.post(path, {**DOUBLED, "basis": basis, "step": "check"})
    assert (shown.status_code, "notice--danger" in shown.content.decode()) == (200, True)
    assert 'value="save"' not in shown.content.decode()
    refused = doctor.post(path, {**DOUBLED, "basis": basis, "step": "save"})
    assert (refused.status_code, "notice--danger" in refused.content.decode()) == (422, True)
    assert counts() == before
    assert doctor.post(path, {"day_0": "8-12", "basis": basis, "step": "save"}).status_code == 303


def test_the_portals_week_is_saved_though_a_conflict_stands(cast, doctor, doubled_day):
    path = line("/hours", cast)
    data = {"day_0": "8-11", "basis": basis_of(doctor, path)}
    shown = doctor.post(path, {**data, "step": "check"}).content.decode()
    assert ("notice--danger" in shown, 'role="note"' in shown) == (False, True)
    assert doctor.post(path, {**data, "step": "save"}).status_code == 303


def test_one_day_in_the_portal_that_contradicts_the_next_is_not_saved(cast, doctor):
    sunday = SystemClock().now().date()
    sunday += timedelta(days=6 - sunday.weekday() + 7)
    answer = doctor.post(line("/day", cast), {"date": sunday.isoformat(), "hours": "20:00-09:00"})
    assert (answer.status_code, "notice--danger" in answer.content.decode()) == (422, True)
    assert not HoursException.objects.exists()


def test_one_day_in_the_portal_without_a_phrase_is_shown_first(cast, doctor):
    Greeting.objects.for_client(cast.weber).update(day_type="weekday")
    sunday = SystemClock().now().date()
    sunday += timedelta(days=6 - sunday.weekday() + 7)
    data = {"date": sunday.isoformat(), "hours": "9-10"}
    told = doctor.post(line("/day", cast), data)
    assert (told.status_code, HoursException.objects.count()) == (422, 0)
    assert doctor.post(line("/day", cast), {**data, "seen": seen_in(told)}).status_code == 303


def test_a_phrase_an_instruction_and_an_absence_in_the_portal_show_what_they_bring(cast, doctor):
    Greeting.objects.for_client(cast.weber).filter(language="fr").delete()
    before = counts()
    path = line("/greeting/fr", cast)
    data = {"text": "Bonjour.", "basis": basis_of(doctor, path)}
    assert "notice--info" in doctor.post(path, {**data, "step": "check"}).content.decode()
    note = {"text": "Rappeler.", "starts": "", "ends": "", "version": "0"}
    assert 'role="note"' in doctor.post(line("/instructions/new", cast), {**note, "step": "check"}).content.decode()
    assert counts() == before
    assert doctor.post(path, {**data, "step": "save"}).status_code == 303
    assert doctor.post(line("/instructions/new", cast), {**note, "step": "save"}).status_code == 303


def test_an_absence_of_who_is_named_for_what_is_urgent_is_told_before_it_is_announced(cast, browser_of):
    at = SystemClock().now()
    first, second = cast.recipients["Dr Anne Dupont"], cast.recipients["Dr Marc Lemaire"]
    more = {"client": cast.dupont, "announced_by": cast.dr_dupont.person, "by": cast.dr_dupont, "at": at}
    absences.announce_absence(
        recipient=first, urgent_to=second, starts=at, ends=at + timedelta(days=3), words="Absente.", **more
    )
    ends = (at + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    data = {"recipient": second, "starts": "", "ends": ends, "treatment": "answer", "words": "Absent."}
    browser, path = browser_of(cast.dr_lemaire), f"/portal/line/{cast.dupont}/absences/new"
    shown = browser.post(path, {**data, "step": "check"}).content.decode()
    assert "notice--warn" in shown
    assert Absence.objects.count() == 1
    assert browser.post(path, {**data, "step": "save"}).status_code == 303
    twice = browser.post(path, {**data, "step": "check"})
    assert twice.status_code == 422  # refused where it is looked at, not only where it is saved


def test_who_comes_back_is_told_what_will_be_missing_first(cast, doctor):
    at = SystemClock().now()
    Greeting.objects.for_client(cast.weber).update(day_type="weekday")
    week = [Opening(weekday=day, opens="08:00", until="18:00") for day in range(7)]
    operations.set_hours(client=cast.weber, week=week, by=cast.marc, at=at)
    key = absences.announce_absence(
        client=cast.weber, starts=at, ends=at + timedelta(days=300), words="Fermé.", treatment="announce",
        announced_by=cast.dr_weber.person, by=cast.dr_weber, at=at,
    )  # fmt: skip
    path = line(f"/absences/{key}/end", cast)
    told = doctor.post(path)
    assert (told.status_code, Absence.objects.get().withdrawn_at) == (422, None)
    assert doctor.post(path, {"seen": seen_in(told)}).status_code == 303
    assert Absence.objects.get().withdrawn_at is not None


def test_the_page_of_setting_up_does_not_save_a_contradiction(cast, marc):
    before = counts()
    answer = marc.post(f"/backstage/onboarding/{cast.weber}/hours", DOUBLED)
    assert (answer.status_code, "notice--danger" in answer.content.decode()) == (422, True)
    assert counts() == before


def upload(marc, text):
    file = SimpleUploadedFile("x.csv", text.encode())
    return marc.post("/backstage/accounts/transfers", {"file": file, "kind": "clients"})


TABLE = "name;kind;sector;state;lines;monday;tuesday;greeting_fr;languages\n"


def test_the_dry_run_of_an_import_says_line_by_line_what_will_be_said(cast, marc):
    before = counts()
    good = "Cabinet A;practitioner;health;active;+35226001001;8-12;;Bonjour.;fr\n"
    silent = "Cabinet B;practitioner;health;active;+35226001002;8-12;;Bonjour.;fr, de\n"
    answer = upload(marc, TABLE + good + silent)
    page = unescape(answer.content.decode())
    assert answer.status_code == 200
    assert re.search(r'<td class="number">3</td><td>Cabinet B</td><td>[^<]*(allemand|German)', page)
    assert "<td>Cabinet A</td>" not in page
    assert counts() == before
    doubled = "Cabinet C;practitioner;health;active;+35226001003;20:00-10:00;8-12;Bonjour.;fr\n"
    answer = upload(marc, TABLE + good + doubled)
    assert answer.status_code == 422
    assert re.search(r'<td class="number">3</td><td class="code"></td>', answer.content.decode())
    assert counts() == before


def test_an_import_changes_a_client_whose_conflict_stood(cast, marc, standing):
    answer = upload(marc, "name;place\nDr Weber;Remich\n")
    assert (answer.status_code, "Dr Weber</td>" in answer.content.decode()) == (200, True)
    assert marc.post("/backstage/accounts/import").status_code == 200
    assert Client.objects.get(pk=cast.weber).place == "Remich"


def test_an_import_of_whom_somebody_changed_meanwhile_is_not_saved(cast, monkeypatch):
    prove = bulk_operations.proved_lines

    def late(*given, **more):
        hours(cast, (Opening(weekday=0, opens="08:00", until="09:00"),))()
        return prove(*given, **more)

    monkeypatch.setattr(bulk_operations, "proved_lines", late)
    moved = AccountLine(line=2, name="Dr Weber", fields={"place": "Remich"})
    with pytest.raises(bulk_operations.HouseChanged):
        bulk_operations.bring_in_clients(lines=[moved], dry=False, by=cast.marc, at=NOW)
    assert Client.objects.get(pk=cast.weber).place != "Remich"
    assert WeeklyOpening.objects.for_client(cast.weber).count() == 1


def test_the_page_of_setting_up_saves_something_else_though_a_conflict_stands(cast, marc, doubled_day):
    answer = marc.post(f"/backstage/onboarding/{cast.weber}/greeting", {"fr": "Bonjour, {name}."})
    assert answer.status_code == 303
    assert Greeting.objects.for_client(cast.weber).filter(text="Bonjour, {name}.").exists()


def test_a_client_like_one_who_contradicts_himself_is_not_opened(cast, marc, standing):
    before = counts()
    for act in (open_from_template, try_template):
        with pytest.raises(SaidContradicts):
            act(template=cast.weber, name="Dr Autre", initials="DA", by=cast.marc, at=NOW)
    answer = marc.post(f"/backstage/accounts/{cast.weber}/copy", {"name": "Dr Autre"})
    assert (answer.status_code, "notice--danger" in answer.content.decode()) == (422, True)
    assert counts() == before


def test_a_client_like_another_is_looked_at_before_he_is_opened(cast, marc):
    before = counts()
    answer = marc.post(f"/backstage/accounts/{cast.weber}/copy", {"name": "Dr Autre", "step": "check"})
    assert (answer.status_code, counts()) == (200, before)
    assert "Dr Autre" in answer.content.decode()
    assert marc.post(f"/backstage/accounts/{cast.weber}/copy", {"name": "Dr Autre"}).status_code == 302


@pytest.mark.parametrize("path", ["", "hours", "greeting/fr", "absences/new", "instructions/new"])
def test_to_look_at_a_page_costs_ten_questions_at_most(cast, doctor, path, django_assert_max_num_queries):
    address = line(f"/{path}" if path else "", cast)
    assert doctor.get(address).status_code == 200
    with django_assert_max_num_queries(10):
        doctor.get(address)


@pytest.mark.parametrize("path", ["accounts/", "accounts/{0}/", "clients/client/{0}/said/", "onboarding/{0}"])
def test_to_look_at_a_client_costs_ten_questions_at_most(cast, marc, path, django_assert_max_num_queries):
    address = "/backstage/" + path.format(cast.weber)
    assert marc.get(address).status_code == 200
    with django_assert_max_num_queries(10):
        marc.get(address)


def test_the_whole_table_is_asked_for_by_few_questions(cast, django_assert_num_queries):
    at = SystemClock().now()
    with django_assert_num_queries(2 + 8 * 2):
        table = switchboard.routing_table(at=at)
    assert set(table.houses) == {cast.house, cast.other_house}
    assert table.clients[cast.house, cast.weber] == switchboard.client_slice(
        house=cast.house, client=cast.weber, version=table.clients[cast.house, cast.weber].version, at=at
    )
    assert {number: owner for number, (_house, owner) in table.lines.items()} == {
        **queries.lines(house=cast.house),
        **queries.lines(house=cast.other_house),
    }
