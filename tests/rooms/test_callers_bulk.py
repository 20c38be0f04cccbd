# SPDX-License-Identifier: AGPL-3.0-or-later
"""Patients as a table: checked line by line, brought in whole or not at all, written so that it is read back."""

import pytest

from permanence.backstage.transfers import PATIENTS, bring_in, written
from permanence.callers import merge_operations, operations
from permanence.callers.models import NameWord, Patient, PatientNumber
from permanence.callers.rules.form import PatientForm
from permanence.callers.search import find
from permanence.clients.models import Client
from permanence.foundation.models import AuditEntry, OutboxEvent
from tests.rooms.conftest import NOW

pytestmark = pytest.mark.django_db
HEAD = "client;birth_name;used_name;first_name;birth_date;sex;numbers;mail;language;address;known;notes"


def table(*lines):
    return "\r\n".join([HEAD, *lines])


def bring(cast, *lines, dry=False, by=None):
    return bring_in(kind=PATIENTS, text=table(*lines), dry=dry, by=by or cast.marc, at=NOW)


@pytest.fixture
def names(cast):
    return dict(Client.objects.values_list("pk", "name"))


def line(name, rest):
    return f"{name};{rest}"


def test_a_dry_run_says_what_would_become_and_saves_nothing(cast, names):
    weber = names[int(cast.weber)]
    lines = (
        line(weber, "Lefèvre;Dupont;Jeanne;14.03.1961;f;621 000 147 | 621 000 148;;fr;;oui;Allergie"),
        line(weber, "Muller;;Jos;1950;;;;;;;"),
    )
    dry = bring(cast, *lines, dry=True)
    assert (dry.added, dry.changed, dry.unchanged, dry.faults) == (2, 0, 0, ())
    assert not Patient.objects.exists()
    assert bring(cast, *lines).added == 2
    [found] = find(house=cast.house, client=cast.weber, words="140361 lef", at=NOW).found
    assert found.patient.numbers == ("+352621000147", "+352621000148")
    assert found.patient.known
    assert NameWord.objects.filter(letters="muller").count() == 1
    assert AuditEntry.objects.filter(action="patient.added").count() == 2
    assert OutboxEvent.objects.filter(name="PatientAdded").count() == 2
    again = bring(cast, *lines)
    assert (again.added, again.changed, again.unchanged) == (0, 0, 2)


def test_a_first_name_in_capitals_is_written_small_and_corrects_no_other_way_of_writing_it(cast, names):
    weber = names[int(cast.weber)]
    lines = (line(weber, "HOFFMANN;;MARIE-JOSÉ;14.03.1961;;;;;;;"), line(weber, "Moore;;DeShawn;1950;;;;;;;"))
    assert bring(cast, *lines).added == 2
    shouted = (line(weber, "HOFFMANN;;MARIE JOSE;14.03.1961;;;;;;;"), line(weber, "Moore;;DESHAWN;1950;;;;;;;"))
    again = bring(cast, *shouted)
    assert (again.added, again.changed, again.unchanged) == (0, 0, 2)
    assert set(Patient.objects.values_list("first_name", flat=True)) == {"Marie-José", "DeShawn"}


def test_who_stood_in_capitals_before_is_written_small_by_the_next_file(cast, names):
    form = PatientForm(used_name="Muller", first_name="JEAN-CLAUDE", birth_date="1950")
    operations.add_patient(client=cast.weber, patient="p" * 20, form=form, by=cast.marc, at=NOW)
    dry = bring(cast, line(names[int(cast.weber)], "Muller;;JEAN-CLAUDE;1950;;;;;;;"), dry=True)
    assert (dry.added, dry.changed) == (0, 1)
    bring(cast, line(names[int(cast.weber)], "Muller;;JEAN-CLAUDE;1950;;;;;;;"))
    assert Patient.objects.get().first_name == "Jean-Claude"


def test_every_mistake_is_told_with_its_line_and_then_nothing_is_saved(cast, names):
    weber = names[int(cast.weber)]
    done = bring(
        cast,
        line(weber, "Gut;;Anna;01.01.1990;;;;;;;"),
        line(weber, ";;Anna;01.01.1990;;;;;;;"),
        line(weber, "Zukunft;;Anna;01.01.2090;;;;;;;"),
        line(weber, "Nie;;Anna;31.02.1990;;;;;;;"),
        line(weber, "Kein;;Anna;gestern;;;;;;;"),
        line(weber, "Ruf;;Anna;;;a phone in letters;;;;;"),
        line(weber, f"{'x' * 400};;Anna;;;;;;;;"),
        line(weber, "Du\u202epont;;Anna;;;;;;;;"),
        line(weber, "Ja;;Anna;;;;;;;peut-être;"),
        line("Nobody", "Fort;;Anna;;;;;;;;"),
        line(weber, "Gut;;ANNA;1990-01-01;;;;;;;"),
    )
    assert [(each.line, each.column, each.code) for each in done.faults] == [
        (3, "birth_name", "needed"),
        (4, "birth_date", "birth_date_in_future"),
        (5, "birth_date", "birth_date_impossible"),
        (6, "birth_date", "birth_date_unreadable"),
        (7, "numbers", "not_a_number"),
        (8, "birth_name", "too_long"),
        (9, "birth_name", "field_unfit"),
        (10, "known", "not_yes_or_no"),
        (11, "client", "client_unknown"),
        (12, "birth_name", "name_twice"),
    ]
    assert not Patient.objects.exists()


def test_who_is_there_is_completed_and_nothing_is_taken_away(cast, names):
    form = PatientForm(birth_name="Lefèvre", first_name="Jeanne", birth_date="140361", sex="f", numbers=("621000147",))
    kept = operations.add_patient(client=cast.weber, patient="1" * 20, form=form, by=cast.marc, at=NOW)
    operations.validate_identity(client=cast.weber, patient=kept.id, document="passport", by=cast.marc, at=NOW)
    done = bring(cast, line(names[int(cast.weber)], "LEFEVRE;;jeanne;14/03/1961;m;621000148;j@example.org;;;;"))
    assert (done.added, done.changed) == (0, 1)
    row = Patient.objects.get()
    assert (row.birth_name, row.sex, row.mail, row.identity_status) == ("Lefèvre", "f", "j@example.org", "validated")
    assert list(PatientNumber.objects.values_list("number", flat=True)) == ["+352621000147", "+352621000148"]


def test_a_file_brought_in_again_finds_who_was_merged_and_undoes_no_merge(cast, names):
    weber, told = names[int(cast.weber)], {"client": cast.weber, "by": cast.claire, "at": NOW}
    written_so = line(weber, "Dupont;;Jeanne;14.03.1961;f;621 000 147;j@example.org;;;;")
    older = line(weber, "Dupond;;Jeane;15.03.1961;f;;;;;;")
    right = line(weber, "Dupond;;Jeanne;14.03.1961;f;;right@example.org;;;;")
    assert bring(cast, written_so, older, right).added == 3
    rows = {(each.birth_name, each.first_name): str(each.pk) for each in Patient.objects.all()}
    wrong, oldest, kept = (rows[each] for each in (("Dupont", "Jeanne"), ("Dupond", "Jeane"), ("Dupond", "Jeanne")))
    merge_operations.merge(kept=oldest, merged=wrong, **told)
    merge_operations.merge(kept=kept, merged=oldest, **told)
    again = bring(cast, written_so, older, right)
    assert (again.added, again.changed, again.unchanged) == (0, 0, 3)
    more = (
        line(weber, "Dupont;;Jeanne;14.03.1961;m;621 000 149;other@example.org;;1, rue Haute;;"),
        line(weber, "Dupond;;Jeanne;14.03.1961;;621 000 149 | 621 000 150;;;;;"),
    )
    done = bring(cast, *more)
    assert (done.added, done.changed) == (0, 1)
    row = Patient.objects.get(pk=kept)
    assert (row.birth_name, row.sex, row.mail, row.address) == ("Dupond", "f", "right@example.org", "1, rue Haute")
    numbers = PatientNumber.objects.filter(patient=kept).order_by("position").values_list("number", flat=True)
    assert list(numbers) == ["+352621000147", "+352621000149", "+352621000150"]
    assert not PatientNumber.objects.filter(patient=wrong, number="+352621000149").exists()
    assert OutboxEvent.objects.filter(name="PatientChanged").count() == 1
    again = bring(cast, *more)
    assert (again.added, again.changed, again.unchanged) == (0, 0, 2)


def test_who_stands_for_himself_is_found_before_a_merged_one_of_the_same_name(cast, names):
    weber, told = names[int(cast.weber)], {"client": cast.weber, "by": cast.claire, "at": NOW}
    jeanne = line(weber, "Dupont;;Jeanne;14.03.1961;;;;;;;")
    assert bring(cast, jeanne, line(weber, "Dupond;;Jeanne;14.03.1961;;;;;;;")).added == 2
    wrong, kept = (str(Patient.objects.get(birth_name=name).pk) for name in ("Dupont", "Dupond"))
    merge_operations.merge(kept=kept, merged=wrong, **told)
    form = PatientForm(birth_name="Dupont", first_name="Jeanne", birth_date="14.03.1961")
    new = operations.add_patient(client=cast.weber, patient="1" * 20, form=form, by=cast.claire, at=NOW)
    assert bring(cast, line(weber, "Dupont;;Jeanne;14.03.1961;;;j@example.org;;;;")).changed == 1
    assert Patient.objects.get(mail="j@example.org").pk == int(new.id)


def test_what_is_written_is_read_back_to_the_same_and_formulas_stay_words(cast, names):
    weber = names[int(cast.weber)]
    bring(
        cast,
        line(weber, 'Lefèvre;Dupont;Jeanne;14.03.1961;f;621 000 147;j@e.lu;fr;=1+1, rue;oui;"@SUM(A1)\nligne 2"'),
        line(weber, "O'Brien;;Séan;03/1972;;;;;;;"),
    )
    text = written(kind=PATIENTS, by=cast.marc)
    assert ";'=1+1, rue;" in text
    again = bring_in(kind=PATIENTS, text=text.removeprefix("\ufeff"), dry=False, by=cast.marc, at=NOW)
    assert (again.added, again.changed, again.unchanged, again.faults) == (0, 0, 2, ())
    assert written(kind=PATIENTS, by=cast.marc) == text


def test_nothing_goes_to_or_comes_from_another_house(cast, names):
    bring(cast, line(names[int(cast.weber)], "Lefèvre;;Jeanne;14.03.1961;;;;;;;"))
    assert "Lefèvre" not in written(kind=PATIENTS, by=cast.nadia)
    done = bring(cast, line(names[int(cast.dupont)], "Fremd;;Anna;;;;;;;;"), by=cast.nadia)
    assert [each.code for each in done.faults] == ["client_unknown"]
