# SPDX-License-Identifier: AGPL-3.0-or-later
"""Finding a person of a client by one field, and only his."""

import re
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from permanence.callers import merge_operations, operations
from permanence.callers.models import NameWord
from permanence.callers.queries import traits_of
from permanence.callers.rules.form import PatientForm
from permanence.callers.search import SHOWN, Why, duplicates, find
from permanence.clients.queries import ClientUnknown
from tests.rooms.conftest import NOW

pytestmark = pytest.mark.django_db
PEOPLE = (
    ("Lefèvre", "Dupont", "Jeanne", "14.03.1961", "06 12 34 56 78"),
    ("Lefebvre", "", "Jean-Pierre", "14.03.1961", ""),
    ("Le Roy", "", "Luc", "01.02.1980", ""),
    ("D'Angelo", "", "Zoé", "1999", "06 12 34 56 78"),
    ("Schmidt", "", "Anna", "03/1972", ""),
    ("Nguyễn", "", "Thị Hoa", "", ""),
    ("Ζερβός", "", "Νίκος", "24.12.1950", ""),
    ("Zzyzx", "", "Zaz", "09.09.1999", ""),
)


@pytest.fixture
def people(cast):
    for client in (cast.dupont, cast.weber):
        for number, (birth_name, used_name, first_name, birth_date, phone) in enumerate(PEOPLE):
            form = PatientForm(
                birth_name=birth_name,
                used_name=used_name,
                first_name=first_name,
                birth_date=birth_date,
                numbers=(phone and "+33" + phone[1:],),
            )
            operations.add_patient(client=client, patient=f"{number:020d}", form=form, by=cast.claire, at=NOW)
    return cast


def names(cast, words, number=""):
    found = find(house=cast.house, client=cast.dupont, words=words, at=NOW, number=number).found
    assert {each.patient.client for each in found} <= {cast.dupont}
    return [each.patient.birth_name for each in found]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("140361", ["Lefèvre", "Lefebvre"]),
        ("140361 jea", ["Lefèvre", "Lefebvre"]),
        ("14/03/61 dup", ["Lefèvre"]),
        ("dup 14 mars 1961", ["Lefèvre"]),
        ("140361 xyz", ["Lefèvre", "Lefebvre"]),
        ("lefevre", ["Lefèvre", "Lefebvre"]),
        ("lefebvre", ["Lefebvre", "Lefèvre"]),
        ("LEFEVRE jean pierre", ["Lefebvre"]),
        ("lefevre anne", []),  # it stands in "jeanne"
        ("lefevre jea luc", []),
        ("lefevre jeane", ["Lefèvre"]),  # by the sound of the second word
        ("jeanpierre", ["Lefebvre"]),
        ("leroi", ["Le Roy"]),
        ("leroy", ["Le Roy"]),
        ("le roy luc", ["Le Roy"]),
        ("roy", ["Le Roy"]),
        ("angelo", ["D'Angelo"]),
        ("d angelo", ["D'Angelo"]),
        ("dangelo zoe", ["D'Angelo"]),
        ("schmitt", ["Schmidt"]),
        ("15031972 sch", ["Schmidt"]),
        ("03/1972", ["Schmidt"]),
        ("1999 dan", ["D'Angelo"]),
        ("1999", ["D'Angelo", "Zzyzx"]),
        ("nguyen", ["Nguyễn"]),
        ("Ζερ", ["Ζερβός"]),
        ("zz", ["Zzyzx"]),
        ("za", ["Zzyzx"]),
        ("06 12 34 56 78", ["Lefèvre", "D'Angelo"]),
        ("+33612345678", ["Lefèvre", "D'Angelo"]),
        ("", []),
        ("%", []),
        ("_", []),
        ("%%%", []),
        ("' OR 1=1 --", []),
        ("\u202e", []),
        ("a" * 10_000, []),
        ("010190 %", []),
    ],
)
def test_who_is_meant_is_found_and_nobody_else(people, words, expected):
    assert sorted(names(people, words)) == sorted(expected)


def test_letters_come_before_sound_and_each_says_why(people):
    found = find(house=people.house, client=people.dupont, words="lefevre", at=NOW).found
    assert [(each.patient.birth_name, each.why) for each in found] == [
        ("Lefèvre", (Why.NAME, Why.SOUND)),
        ("Lefebvre", (Why.SOUND,)),
    ]
    found = find(house=people.house, client=people.dupont, words="140361 dup", at=NOW, number="+33612345678").found
    assert [each.why for each in found] == [(Why.BIRTH_DATE, Why.NAME, Why.CALLERS_NUMBER)]
    assert (found[0].age.years, found[0].age.certain) == (65, True)


def test_the_number_of_the_caller_finds_before_anything_is_typed_and_lifts_what_is(people):
    assert names(people, "", "+33612345678") == ["Lefèvre", "D'Angelo"]
    assert names(people, "", "anonymous") == []
    assert names(people, "", "") == []
    assert names(people, "zzyzx", "+33612345678") == ["Zzyzx"]


def test_an_old_name_finds_who_stands_for_both(people):
    one, two = (find(house=people.house, client=people.dupont, words=word, at=NOW).found for word in ("leroy", "zz"))
    merge_operations.merge(
        client=people.dupont, kept=one[0].patient.id, merged=two[0].patient.id, by=people.claire, at=NOW
    )
    assert names(people, "zzyzx") == ["Le Roy"]
    assert names(people, "090999") == []


def test_no_more_are_shown_than_can_be_read_and_that_there_are_more_is_said(cast):
    for number in range(SHOWN + 3):
        form = PatientForm(birth_name="Martin", first_name=f"Marie{'abcdefghijklmnop'[number]}")
        operations.add_patient(client=cast.dupont, patient=f"{number:020d}", form=form, by=cast.claire, at=NOW)
    finding = find(house=cast.house, client=cast.dupont, words="mar", at=NOW)
    assert (len(finding.found), finding.more) == (SHOWN, True)


QUESTIONS = {
    "140361": 5,
    "140361 jea": 6,
    "140361 xyz": 7,
    "1961 jea": 6,
    "jea": 5,
    "lefevre": 6,
    "lef jea": 9,
    "le roy luc": 12,
    "06 12 34 56 78": 5,
    "xyzzy": 4,
    "": 4,
}
"""How often each way of asking may go to the database, the client and the persons shown included."""


def asked_of(people, words):
    with CaptureQueriesContext(connection) as asked:
        find(house=people.house, client=people.dupont, words=words, at=NOW, number="+33612345678")
    return [each["sql"] for each in asked]


@pytest.mark.parametrize("words", QUESTIONS)
def test_a_search_asks_the_database_a_fixed_number_of_times(people, words):
    assert len(asked_of(people, words)) <= QUESTIONS[words]


@pytest.mark.parametrize("words", QUESTIONS)
def test_no_question_of_a_search_reads_more_than_its_index_leads_to(people, words):
    plans = []
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")  # a few rows are read whole, whatever the index
        for question in [each for each in asked_of(people, words) if "callers_" in each]:
            cursor.execute(f"EXPLAIN {'' if connection.vendor == 'postgresql' else 'QUERY PLAN '}{question}")
            plans += [" ".join(map(str, row)) for row in cursor.fetchall()]
    steps = [each for each in plans if "callers_" in each or re.search(r"\b(?:SEARCH|SCAN) [pnwv]\b", each)]
    assert steps
    assert [each for each in steps if "Seq Scan" in each or re.search(r"\bSCAN [pnwv]\b", each)] == []
    # Of the patient table only keys and dates lead: never all whom a client has.
    assert [
        each for each in steps if re.search(r"SEARCH \w+ USING (?:COVERING )?INDEX \w+ \(client_id=\?\)", each)
    ] == []


@pytest.mark.parametrize("words", ["lef jea", "lefaivre jeanne luc", "le roy luc", "140361 lef jea"])
def test_several_words_are_looked_for_in_the_rows_of_one_alone(people, words):
    """Nothing is gone through word by word, nor as a list made beforehand."""
    asked = [each for each in asked_of(people, words) if "callers_nameword" in each and "count(" not in each]
    assert asked
    assert [each for each in asked if each.count("callers_nameword") > 1 or "EXISTS" in each] == []


def all_words():
    rows = NameWord.objects.values_list("patient", "letters", "all_letters", "all_sounds")
    return {each[:2]: [sorted(together.split(" ")) for together in each[2:]] for each in rows}


def test_every_word_knows_all_words_of_the_person_those_from_before_too(people):
    written = all_words()
    assert any(len(letters) > 2 for letters, _sounds in written.values())
    for (_patient, own), (letters, _sounds) in written.items():
        assert own in letters
    NameWord.objects.update(all_letters="", all_sounds="")
    assert names(people, "lef jea") == []
    import_module("permanence.callers.migrations.0004_all_words").fill(apps, None)
    assert all_words() == written
    assert "Lefèvre" in names(people, "lef jea")


FILIPS = (("Blanc", "Philippe"), ("Girard", "Philippe"), ("Garcia", "Philippe"))


def test_another_word_counts_from_its_beginning_and_a_sound_as_a_whole(cast):
    people = (("Duval", "Marianne"), ("Petit", "Anne"), ("Roux", "Anne"), ("Morel", "Philippine"), *FILIPS)
    for number, (birth_name, first_name) in enumerate(people):
        form = PatientForm(birth_name=birth_name, first_name=first_name)
        operations.add_patient(client=cast.dupont, patient=f"{number:020d}", form=form, by=cast.claire, at=NOW)
    assert names(cast, "duval anne") == names(cast, "morel filippe") == []
    assert names(cast, "duval mari") == ["Duval"]
    assert names(cast, "blanc filippe") == ["Blanc"]


def test_several_words_find_whoever_is_meant_after_every_change_of_names(cast):
    told = {"client": cast.dupont, "by": cast.claire, "at": NOW}

    def add(number, *names_of):
        form = PatientForm(birth_name=names_of[0], first_name=names_of[1])
        return operations.add_patient(patient=f"{number:020d}", form=form, **told)

    kept, gone = add(1, "Zervas", "Luc"), add(2, "Quignard", "Odile")
    assert names(cast, "quignard luc") == []
    made = merge_operations.merge(kept=kept.id, merged=gone.id, **told)
    assert names(cast, "quignard luc") == names(cast, "zer odi") == ["Zervas"]
    NameWord.objects.update(all_letters="", all_sounds="")
    import_module("permanence.callers.migrations.0004_all_words").fill(apps, None)
    assert names(cast, "quignard luc") == ["Zervas"]
    merge_operations.part(merge=made.id, **told)
    assert names(cast, "quignard luc") == []
    assert names(cast, "quignard odile") == ["Quignard"]


def test_nobody_is_found_for_another_client_or_house(people):
    for client in (people.atlas, people.other_client, "x", "", "9" * 40):
        house = people.house
        try:
            finding = find(house=house, client=client, words="lefevre", at=NOW, number="+33612345678")
        except ClientUnknown:
            continue
        assert finding.found == ()
    with pytest.raises(ClientUnknown):
        find(house=people.other_house, client=people.dupont, words="lefevre", at=NOW)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.text(max_size=150), number=st.text(max_size=20))
def test_nothing_typed_breaks_the_search(people, words, number):
    found = find(house=people.house, client=people.dupont, words=words, at=NOW, number=number).found
    assert all(each.why and each.patient.client == people.dupont for each in found)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(who=st.sampled_from(PEOPLE), letters=st.integers(1, 3))
def test_everybody_is_found_by_birth_date_and_letters_and_by_name(people, who, letters):
    birth_name, _used, first_name, birth_date, _number = who
    beginning = "".join(each for each in birth_name if each.isalpha())[:letters]
    assert birth_name in names(people, f"{birth_date} {beginning}") or not birth_date
    assert birth_name in names(people, f"{birth_name} {first_name}")


def test_who_may_be_the_same_is_shown_with_the_reasons(people):
    [found] = find(house=people.house, client=people.dupont, words="140361 dup", at=NOW).found
    form = PatientForm(birth_name="Lefebvre", first_name="Jeanne", birth_date="140361")
    double = operations.add_patient(client=people.dupont, patient="9" * 20, form=form, by=people.claire, at=NOW)
    told = {"house": people.house, "client": people.dupont}
    assert [each.patient.id for each in duplicates(traits=traits_of(double), but=double.id, **told)] == [
        found.patient.id
    ]
    assert duplicates(house=people.house, client=people.atlas, traits=traits_of(double)) == []
