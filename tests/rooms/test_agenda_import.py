# SPDX-License-Identifier: AGPL-3.0-or-later
"""Appointments of another product come in: read as they are exported, tried first, never over what stands there."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from string import ascii_uppercase
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from permanence.agenda.models import Appointment, Block, Occupancy
from permanence.agenda.operations.appointments import cancel
from permanence.agenda.operations.beginning import begin_agenda
from permanence.agenda.operations.importing import import_lines
from permanence.agenda.operations.reasons import set_reason
from permanence.agenda.operations.setting import set_openings
from permanence.agenda.refusals import AgendaUnknown, SettingImpossible
from permanence.agenda.rules.imports import ImportLine, Spelling, read_line, readings_of
from permanence.agenda.rules.kinds import VisitReason
from permanence.agenda.rules.states import CancelCause
from permanence.agenda.rules.usual import Trade
from permanence.callers import merge_operations
from permanence.callers.models import Patient
from permanence.dispatch.reminder_operations import change_contact_rule
from permanence.foundation.models import AuditEntry, OutboxEvent
from permanence.kernel.system import SystemEntropy
from tests.rooms.agenda_cast import openings
from tests.rooms.conftest import NOW

PARIS = "Europe/Paris"
FILE = """Datum;Uhrzeit;Dauer;Patient;Geburtsdatum;Telefon;Grund;Bemerkung
24.12.2026;9:00;15;KANARI Jeanne;14.03.1961;+352 621 000 147;Consultation;
24.12.2026;9h15;15;Kanari, Jeanne;14.03.1961;;suivi;
2026-12-24;10:00;60;;;;;Réunion
"""


def test_a_line_is_read_as_it_is_exported():
    cells = {"date": "24/12/2026", "heure": "9h30", "durée": "20 min", "nom": "LE GOFF Anne Marie", "motif": "Suivi"}
    read = read_line(2, cells, zone=PARIS)
    assert read == ImportLine(
        line=2,
        starts=datetime(2026, 12, 24, 8, 30, tzinfo=UTC),
        ends=datetime(2026, 12, 24, 8, 50, tzinfo=UTC),
        name="LE GOFF",
        first_name="Anne Marie",
        reason="Suivi",
    )


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("DUPONT JEAN", ("DUPONT", "JEAN")),
        ("LE GOFF ANNE MARIE", ("LE GOFF", "ANNE MARIE")),
        ("DUPONT Jean", ("DUPONT", "Jean")),
        ("Jean LE GOFF", ("LE GOFF", "Jean")),
        ("Dupont, Jean", ("Dupont", "Jean")),
        ("Jean Dupont", ("Dupont", "Jean")),
        ("DE LA", ("DE", "LA")),
        ("DUPONT", ("DUPONT", "")),
        ("  ", ("", "")),
    ],
)
def test_a_name_in_one_column_is_read_family_name_first_where_it_is_in_capitals(text, names):
    assert readings_of(text)[0] == names


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"date": "31.02.2026"}, "date_unreadable"),
        ({"date": "12/24/2026"}, "date_unreadable"),
        ({"date": "24.12.3026"}, "date_unreadable"),
        ({"time": "24:10"}, "time_unreadable"),
        ({"time": "noon"}, "time_unreadable"),
        ({"length": "-15"}, "length_impossible"),
        ({"length": "7"}, "length_impossible"),
        ({"length": "9999"}, "length_impossible"),
        ({"length": "²0"}, "length_impossible"),
        ({"time": "9:03"}, "length_impossible"),
        ({"date": "2026-03-29", "time": "2:30"}, "time_skipped"),
    ],
)
def test_what_cannot_be_read_says_why(wrong, code):
    read = read_line(2, {"date": "2026-12-24", "time": "9:00", "length": "15", **wrong}, zone=PARIS)
    assert isinstance(read, Spelling)
    assert read.code == code


@given(st.dictionaries(st.sampled_from(["date", "time", "length", "patient", "reason"]), st.text(max_size=30)))
def test_no_cell_breaks_the_reader(cells):
    assert isinstance(read_line(1, cells, zone=PARIS), (ImportLine, Spelling))


@given(
    st.dates(date(2001, 1, 1), date(2098, 1, 1)), st.integers(0, 287), st.integers(1, 144), st.sampled_from([".", "/"])
)
def test_what_is_written_is_read_back(day, cell, cells, between):
    written = {
        "date": f"{day.day:02d}{between}{day.month:02d}{between}{day.year}",
        "time": f"{cell * 5 // 60}:{cell * 5 % 60:02d}",
        "length": str(cells * 5),
    }
    read = read_line(1, written, zone=PARIS)
    if isinstance(read, ImportLine):
        local = read.starts.astimezone(ZoneInfo(PARIS))
        assert (local.date(), local.hour * 60 + local.minute) == (day, cell * 5)
        assert read.ends - read.starts == timedelta(minutes=cells * 5)
    else:
        assert read.code == "time_skipped"


@pytest.fixture
def weber(cast):
    return begin_agenda(
        client=cast.weber,
        recipient=cast.recipients["Dr Weber"],
        name="Dr Weber",
        trade=Trade.DOCTOR,
        language="fr",
        by=cast.marc,
        at=NOW,
    )


def line(n, minutes, **fields):
    starts = datetime(2026, 12, 24, 8, tzinfo=UTC) + timedelta(minutes=minutes)
    return ImportLine(line=n, starts=starts, ends=starts + timedelta(minutes=fields.pop("lasts", 15)), **fields)


JEANNE = {"name": "Kanari", "first_name": "Jeanne", "reason": "consultation"}


@pytest.mark.django_db
def test_a_dry_run_changes_nothing_and_tells_the_same_as_the_act(cast, weber):
    lines = [line(2, 0, **JEANNE), line(3, 15, **JEANNE), line(4, 30, note="Réunion")]
    before = [model.objects.count() for model in (Appointment, Block, Occupancy, Patient, AuditEntry, OutboxEvent)]
    asked = {"agenda": weber.id, "lines": lines, "by": cast.marc, "at": NOW}
    dry = import_lines(**asked)
    assert [model.objects.count() for model in (Appointment, Block, Occupancy, Patient, AuditEntry, OutboxEvent)] == (
        before
    )
    done = import_lines(write=True, **asked)
    assert (dry.appointments, dry.blocks, dry.new_patients, dry.faults) == (2, 1, 1, [])
    assert (done.appointments, done.blocks, done.new_patients, done.faults) == (2, 1, 1, [])
    assert (Appointment.objects.count(), Block.objects.count(), Patient.objects.count()) == (2, 1, 1)
    assert {each.door for each in Appointment.objects.all()} == {"import"}
    assert Patient.objects.get().identity_status == "provisional"
    again = import_lines(write=True, **asked)
    assert (again.appointments, again.blocks, again.known) == (0, 0, 3)
    assert Appointment.objects.count() == 2


@pytest.mark.django_db
def test_nothing_is_put_over_what_stands_there(cast, weber):
    asked = {"agenda": weber.id, "by": cast.marc, "at": NOW}
    import_lines(lines=[line(2, 0, **JEANNE), line(3, 60, note="Réunion", lasts=30)], write=True, **asked)
    lines = [
        line(2, 10, **{**JEANNE, "name": "Neu"}),
        line(3, 75, **JEANNE),
        line(4, 5, note="busy"),
        line(5, 120, **JEANNE),
        line(6, 125, **{**JEANNE, "name": "Neu"}),
        line(7, 180, **{**JEANNE, "reason": "Zaubern"}),
        line(8, 240, **{**JEANNE, "birth_date": "2090-01-01"}),
        line(9, 300, **{**JEANNE, "name": "Neu", "number": "abc"}),
    ]
    report = import_lines(lines=lines, write=True, **asked)
    assert [each.line for each in report.faults] == [2, 3, 4, 6, 7, 8, 9]
    assert [each.code for each in report.faults[:5]] == ["already_taken"] * 4 + ["reason_unknown"]
    assert [each.why[0].code for each in report.faults[:4]] == ["taken", "blocked", "taken", "taken"]
    assert not report.written
    assert Appointment.objects.count() == 1
    assert import_lines(lines=lines, write=True, without_faulty=True, **asked).written
    assert Appointment.objects.count() == 2
    assert Patient.objects.count() == 1


@pytest.mark.django_db
def test_namesakes_are_told_apart_by_their_birth_date(cast, weber):
    asked = {"agenda": weber.id, "by": cast.marc, "at": NOW, "write": True, "without_faulty": True}
    old, young = {**JEANNE, "birth_date": "14.03.1961"}, {**JEANNE, "birth_date": "02.05.1999"}
    import_lines(lines=[line(2, 0, **old), line(3, 15, **young)], **asked)
    assert Patient.objects.count() == 2
    report = import_lines(lines=[line(2, 30, **JEANNE), line(3, 45, **old)], **asked)
    assert [each.code for each in report.faults] == ["patient_ambiguous"]
    assert Patient.objects.count() == 2
    assert Appointment.objects.filter(patient__birth_date="1961-03-14").count() == 2


@pytest.mark.django_db
def test_a_first_name_in_capitals_comes_in_as_the_house_writes_it(cast, weber):
    asked = {"agenda": weber.id, "by": cast.marc, "at": NOW}
    lines = [
        line(2, 0, **{**JEANNE, "name": "HOFFMANN", "first_name": "MARIE-JOSÉ"}),
        line(3, 15, **{**JEANNE, "first_name": "McKenna"}),
    ]
    told = ["HOFFMANN Marie-José", "KANARI McKenna"]
    assert import_lines(lines=lines, **asked).newcomers == told, "the dry run shows it"
    assert import_lines(lines=lines, write=True, **asked).newcomers == told
    again = import_lines(lines=[*lines, line(4, 30, **{**JEANNE, "first_name": "MCKENNA"})], write=True, **asked)
    assert (again.known, again.appointments, again.newcomers) == (2, 1, [])
    assert set(Patient.objects.values_list("used_name", "first_name")) == {
        ("HOFFMANN", "Marie-José"),
        ("Kanari", "McKenna"),
    }


def named(n, minutes, text, **more):
    starts = f"{8 + minutes // 60}:{minutes % 60:02d}"
    cells = {"date": "24.12.2026", "time": starts, "length": "15", "name": text, "reason": "consultation", **more}
    return read_line(n, cells, zone=PARIS)


def known(cast, weber, name, first_name, **more):
    """A patient of a file before."""
    before = line(
        2, 300 + 15 * Patient.objects.count(), name=name, first_name=first_name, reason="consultation", **more
    )
    assert import_lines(agenda=weber.id, lines=[before], by=cast.marc, at=NOW, write=True).new_patients == 1


def recognised(report):
    return [(each.line, each.written, each.patient.name) for each in report.recognised]


BORN = "14.03.1961"
TURNED = ((0, "Martin Bernard"), (5, "Martin Bernard"), (10, "Bernard Martin"))


@pytest.mark.django_db
def test_whom_a_file_names_in_capitals_or_the_other_way_round_is_who_was_born_that_day(cast, weber):
    asked = {"agenda": weber.id, "by": cast.marc, "at": NOW, "write": True}
    known(cast, weber, "Dupont", "Jean", birth_date=BORN)
    told = ("DUPONT JEAN", "JEAN DUPONT", "Dupont Jean", "Jean Dupont", "DUPONT Jean")
    lines = [named(n, 15 * n, text, birth_date=BORN) for n, text in enumerate(told)]
    report = import_lines(lines=lines, **asked)
    assert (report.appointments, report.new_patients, report.faults) == (5, 0, [])
    assert recognised(report) == [(1, "JEAN DUPONT", "DUPONT Jean"), (2, "Dupont Jean", "DUPONT Jean")]
    assert Patient.objects.count() == 1
    again = import_lines(lines=lines, **asked)
    assert (again.appointments, again.known, again.recognised) == (0, 5, [])
    # Where both orders are somebody's, nobody is guessed.
    known(cast, weber, "Jean", "Dupont", birth_date=BORN)
    report = import_lines(lines=[named(2, 120, "DUPONT JEAN", birth_date=BORN)], **asked)
    assert [each.code for each in report.faults] == ["patient_ambiguous"]


@pytest.mark.django_db
@pytest.mark.parametrize("said", [{}, {"birth_date": "1961"}, {"birth_date": BORN}, {"number": "+352 621 000 148"}])
def test_a_namesake_whose_names_are_turned_is_somebody_else_where_nothing_else_is_the_same(cast, weber, said):
    """Of Bernard Martin the file has no birth date, only a number."""
    known(cast, weber, "Martin", "Bernard", number="+352 621 000 147")
    asked = {"agenda": weber.id, "by": cast.marc, "at": NOW, "write": True}
    report = import_lines(lines=[named(n, 15 * n, "Martin Bernard", **said) for n in (2, 3)], **asked)
    assert (report.appointments, report.newcomers, report.recognised) == (2, ["BERNARD Martin"], [])
    assert Appointment.objects.filter(patient__used_name="Bernard", patient__first_name="Martin").count() == 2


@pytest.mark.django_db
def test_he_is_recognised_by_his_number_though_his_names_are_turned(cast, weber):
    known(cast, weber, "Martin", "Bernard", number="+352 621 000 147")
    line = named(2, 15, "Martin Bernard", number="621 000 147")
    report = import_lines(agenda=weber.id, lines=[line], by=cast.marc, at=NOW, write=True)
    assert recognised(report) == [(2, "Martin Bernard", "MARTIN Bernard")]
    assert (report.appointments, report.newcomers) == (1, [])


@pytest.mark.django_db
def test_a_family_name_of_two_words_is_recognised_in_the_order_in_which_it_stands(cast, weber):
    known(cast, weber, "Le Goff", "Anne")
    report = import_lines(agenda=weber.id, lines=[named(2, 15, "Anne Le Goff")], by=cast.marc, at=NOW, write=True)
    assert recognised(report) == [(2, "Anne Le Goff", "LE GOFF Anne")]


@pytest.mark.django_db
def test_the_dry_run_says_whom_it_takes_a_name_for_that_may_be_read_in_two_ways(cast, weber, browser_of, monkeypatch):
    monkeypatch.setattr("permanence.backstage.agenda_import.CLOCK", SimpleNamespace(now=lambda: NOW))
    known(cast, weber, "Martin", "Bernard", birth_date=BORN)
    marc, address = browser_of(cast.marc), reverse("accounts:agenda-import", args=[cast.weber, weber.id])
    rows = "".join(f"24.12.2026;8:{n:02d};5;{name};{BORN};consultation\n" for n, name in TURNED)
    answer = marc.post(address, {"text": f"date;time;length;patient;birth date;reason\n{rows}", "do": "check"})
    assert re.findall(r"<li>(Martin Bernard [^<]*|MARTIN Bernard[^<]*)</li>", answer.content.decode()) == [
        "Martin Bernard → MARTIN Bernard, 14 mars 1961, 65 ans"
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "before"), [("DUPONT JEAN", ("JEAN", "DUPONT")), ("Jean LE GOFF", ("GOFF", "Jean LE"))]
)
def test_a_visit_brought_in_before_is_known_though_its_name_is_read_in_another_way_now(cast, weber, text, before):
    asked = {"agenda": weber.id, "by": cast.marc, "at": NOW, "write": True}
    again = named(2, 15, text)
    import_lines(lines=[replace(again, name=before[0], first_name=before[1], others=(), former=None)], **asked)
    visit = Appointment.objects.get()
    cancel(key="c" * 20, appointment=visit.key, cause=CancelCause.PATIENT, by=cast.marc, at=NOW)
    report = import_lines(lines=[again], **asked)
    assert (report.known, report.moved, report.appointments, report.faults) == (1, 1, 0, [])
    assert Appointment.objects.count() == 1


@pytest.mark.django_db
def test_a_visit_brought_in_under_the_name_as_it_is_read_now_is_known_too(cast, weber):
    asked = {"agenda": weber.id, "by": cast.marc, "at": NOW, "write": True}
    again = named(2, 15, "DUPONT JEAN")
    import_lines(lines=[replace(again, others=(), former=None)], **asked)
    report = import_lines(lines=[again, replace(again, line=3)], **asked)
    assert (report.known, report.moved, report.appointments, report.faults) == (2, 0, 0, [])


@pytest.mark.django_db
def test_two_of_a_group_whose_names_are_each_other_turned_are_two(cast, weber):
    open_now = openings(weber.id, ((3, "08:00", "12:00"),), capacity=4)
    set_openings(agenda=weber.id, openings=open_now, by=cast.marc, at=NOW)
    lines = [named(2, 15, "MARTIN BERNARD"), named(3, 15, "BERNARD MARTIN")]
    for seen in ((2, 0), (0, 2)):
        report = import_lines(lines=lines, agenda=weber.id, by=cast.marc, at=NOW, write=True)
        assert (report.appointments, report.known, report.faults) == (*seen, [])


@pytest.mark.django_db
def test_the_dry_run_names_the_patients_that_would_be_made(cast, weber, browser_of):
    marc, address = browser_of(cast.marc), reverse("accounts:agenda-import", args=[cast.weber, weber.id])
    names = [f"NEU{one}{other} Otto" for one in ascii_uppercase for other in ascii_uppercase][:103]
    rows = "".join(f"24.12.2026;{8 + n // 12}:{n % 12 * 5:02d};5;{name};consultation\n" for n, name in enumerate(names))
    answer = marc.post(address, {"text": f"date;time;length;patient;reason\n{rows}", "do": "check"})
    shown = answer.content.decode()
    assert answer.status_code == 200
    assert f"<li>{names[0]}</li>" in shown
    assert f"<li>{names[99]}</li>" in shown
    assert f"<li>{names[100]}</li>" not in shown
    assert "et 3 autres" in shown


@pytest.mark.django_db
def test_the_dry_run_says_what_the_patients_are_sent(cast, weber, browser_of):
    marc, address = browser_of(cast.marc), reverse("accounts:agenda-import", args=[cast.weber, weber.id])
    marc.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    said = "are reminded of those to come", "No entry for their calendars"
    shown = marc.post(address, {"text": FILE, "do": "check"}).content.decode()
    assert [each in shown for each in said] == [False, False]
    change_contact_rule(
        client=str(cast.weber),
        names_practice=False,
        remind_hours=24,
        sends_calendar=True,
        by=cast.marc,
        at=NOW,
        entropy=SystemEntropy(),
    )
    shown = marc.post(address, {"text": FILE, "do": "check"}).content.decode()
    assert [each in shown for each in said] == [True, True]


@pytest.mark.django_db
def test_lines_of_who_was_merged_are_for_whoever_stands_for_him(cast, weber):
    asked = {"agenda": weber.id, "by": cast.marc, "at": NOW, "write": True}
    dupont = {**JEANNE, "name": "Dupont", "birth_date": "14.03.1961"}
    older = {**dupont, "birth_date": ""}
    dupond = {**dupont, "name": "Dupond", "birth_date": "15.03.1961"}
    import_lines(
        lines=[line(2, 0, **dupont), line(3, 15, **{**dupont, "name": "Dupons"}), line(4, 30, **dupond)], **asked
    )
    wrong, between, kept = (str(Patient.objects.get(used_name=name).pk) for name in ("Dupont", "Dupons", "Dupond"))
    told = {"client": cast.weber, "by": cast.claire, "at": NOW}
    merge_operations.merge(kept=between, merged=wrong, **told)
    merge_operations.merge(kept=kept, merged=between, **told)
    new = import_lines(lines=[line(2, 60, **dupont), line(3, 75, **older), line(4, 90, **dupond)], **asked)
    assert (new.faults, new.appointments, new.new_patients) == ([], 3, 0)
    again = import_lines(lines=[line(2, 60, **dupont), line(3, 75, **older)], **asked)
    assert (again.known, again.new_patients) == (2, 0)
    assert Appointment.objects.filter(patient=kept).count() == 4
    Patient.objects.filter(pk=wrong).update(used_name="Dupond")
    twice = import_lines(lines=[line(2, 120, **{**dupond, "birth_date": ""})], **asked)
    assert (twice.faults, twice.new_patients) == ([], 0)


@pytest.mark.django_db
def test_a_reason_in_capitals_without_accents_is_that_reason_unless_two_are_called_so(cast, weber):
    asked = {"agenda": weber.id, "by": cast.marc, "at": NOW}
    file = [
        line(2, 0, **{**JEANNE, "reason": "TELECONSULTATION"}),
        line(3, 15, **{**JEANNE, "reason": "BILAN DE SANTE"}),
    ]
    assert import_lines(lines=file, write=True, **asked).faults == []
    assert [each.reason.name for each in Appointment.objects.order_by("starts_at")] == [
        "Téléconsultation",
        "Bilan de santé",
    ]
    set_reason(
        client=cast.weber,
        reason=VisitReason(id="", client=cast.weber, name="Teleconsultation", minutes=15),
        by=cast.marc,
        at=NOW,
    )
    file = [
        line(number, 60 + 15 * number, **{**JEANNE, "reason": written})
        for number, written in enumerate(("TELECONSULTATION", "Téléconsultation", "Teleconsultation", "Télé"))
    ]
    report = import_lines(lines=file, write=True, without_faulty=True, **asked)
    assert [(each.line, each.code) for each in report.faults] == [(0, "reason_ambiguous"), (3, "reason_unknown")]
    there = Appointment.objects.order_by("starts_at")
    assert [each.reason.name for each in there][2:] == ["Téléconsultation", "Teleconsultation"]


@pytest.mark.django_db
def test_walls_and_limits(cast, weber):
    for stranger in (cast.nadia, cast.dr_dupont):
        with pytest.raises(AgendaUnknown):
            import_lines(agenda=weber.id, lines=[line(2, 0, **JEANNE)], by=stranger, at=NOW, write=True)
    with pytest.raises(SettingImpossible):
        import_lines(agenda=weber.id, lines=[line(n, 0) for n in range(1001)], by=cast.marc, at=NOW)
    assert Appointment.objects.count() == 0


@pytest.mark.django_db
def test_the_page_tries_the_file_then_brings_it_in(cast, weber, browser_of):
    marc, address = browser_of(cast.marc), reverse("accounts:agenda-import", args=[cast.weber, weber.id])
    assert marc.get(address).status_code == 200
    tried = marc.post(address, {"file": SimpleUploadedFile("export.csv", FILE.encode("utf-8-sig")), "do": "check"})
    assert tried.status_code == 200
    assert Appointment.objects.count() == 0
    assert marc.post(address, {"text": tried.context["text"], "do": "save"}).status_code == 302
    assert (Appointment.objects.count(), Block.objects.count(), Patient.objects.count()) == (2, 1, 1)
    assert Block.objects.get().words == "Réunion"
    wrong = FILE.replace("9:00", "25:00") + "24.12.2026;9:20;30;Neu Otto;;;Consultation;\n"
    answer = marc.post(address, {"text": wrong, "do": "save"})
    assert answer.status_code == 422
    assert [each.line for each in answer.context["faults"]] == [2, 5]
    assert Appointment.objects.count() == 2


@pytest.mark.django_db
def test_a_line_at_fault_is_told_with_its_name_day_and_hour(cast, weber, browser_of, monkeypatch):
    monkeypatch.setattr("permanence.backstage.agenda_import.CLOCK", SimpleNamespace(now=lambda: NOW))
    lines = [
        "24.12.2026;9:05;15;Neu, Otto;;;Consultation;",
        "24.12.2026;10:15;15;;;;;Pause",
        "24.12.2026;25:00;15;MÜLLER Anna;;;Consultation;",
        "24.12.2026;11:00;15;Weis Paul;;;Botox;",
    ]
    address = reverse("accounts:agenda-import", args=[cast.weber, weber.id])
    sent = {"text": FILE + "\n".join(lines), "do": "check"}
    page = browser_of(cast.marc).post(address, sent, headers={"accept-language": "fr"})
    told = [each.about for each in page.context["faults"]]
    assert told == [
        "Neu Otto, 24 décembre, 9\u00a0h\u00a005",
        "Pause, 24 décembre, 10\u00a0h\u00a015",
        "MÜLLER Anna, 24.12.2026",
        "Weis Paul, 24 décembre, 11\u00a0h",
    ]
    assert f"Ligne 5</span> · {told[0]} · " in page.content.decode()


@pytest.mark.django_db
def test_who_brings_in_a_file_with_faults_is_told_to_mend_it_or_to_tick_the_box(cast, weber, browser_of):
    marc, address = browser_of(cast.marc), reverse("accounts:agenda-import", args=[cast.weber, weber.id])
    wrong = FILE.replace("9:00", "25:00")
    told = "corrigez le fichier, ou cochez «\u00a0importer les autres sans elles\u00a0»."
    asked = {"path": address, "headers": {"accept-language": "fr"}}
    assert told not in marc.post(data={"text": wrong, "do": "check"}, **asked).content.decode()
    page = marc.post(data={"text": wrong, "do": "save"}, **asked).content.decode()
    assert f'id="without-error" role="alert">Des lignes sont en défaut\u00a0: {told}' in page
    box = re.search(r'<input type="checkbox" name="without_faulty"[^>]*>', page)[0]
    assert 'aria-invalid="true" aria-describedby="without-error" autofocus' in box
    assert marc.post(data={"text": wrong, "do": "save", "without_faulty": "1"}, **asked).status_code == 302


@pytest.mark.django_db
@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"PK\x03\x04zip",
        b"\xff\xfe\x00",
        b"date;time\n1;2\n",
        b"date;day;time;length\n1;2;3;4\n",
        b"date;time;length;secret\n1;2;3;4\n",
        b'date;time;length\n"1;2;3\n',
        b"date;time;length\n" + b"2026-12-24;9:00;15\n" * 1001,
    ],
)
def test_a_file_that_is_none_is_refused_whole(cast, weber, browser_of, raw):
    address = reverse("accounts:agenda-import", args=[cast.weber, weber.id])
    answer = browser_of(cast.marc).post(address, {"file": SimpleUploadedFile("x.csv", raw), "do": "save"})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert Block.objects.count() == 0
