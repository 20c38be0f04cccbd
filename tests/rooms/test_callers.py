# SPDX-License-Identifier: AGPL-3.0-or-later
"""The persons known to a client: kept, changed, linked, merged; nothing of one client is ever there for another."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from permanence.callers import acts, merge_operations, operations, queries
from permanence.callers.merge_operations import MergeTooOld, MergeUnfit, MergeUnknown
from permanence.callers.models import NameWord, Patient, PatientLink, PatientNumber
from permanence.callers.queries import PatientUnknown
from permanence.callers.rules import birth, form, identity, merging, no_show
from permanence.callers.rules.form import PatientForm
from permanence.callers.rules.no_show import Rule
from permanence.clients.queries import ClientUnknown
from permanence.foundation.models import AuditEntry, OutboxEvent
from tests.rooms.conftest import NOW

pytestmark = pytest.mark.django_db
JEANNE = PatientForm(
    birth_name="Lefèvre",
    used_name="Dupont",
    first_name="Jeanne",
    birth_date="14.03.1961",
    sex="f",
    numbers=("06 12 34 56 78",),
    mail="jeanne@example.org",
    notes="Allergique à la pénicilline",
)


def add(cast, number=1, client=None, by=None, **changes):
    values = {**{name: getattr(JEANNE, name) for name in PatientForm.__dataclass_fields__}, **changes}
    return operations.add_patient(
        client=client or cast.dupont,
        patient=f"{number:020d}",
        form=PatientForm(**values),
        by=by or cast.claire,
        at=NOW,
    )


def test_a_person_is_kept_as_understood_and_a_retry_is_the_same(cast):
    kept = add(cast)
    assert (kept.birth_date, kept.numbers, kept.status) == ("1961-03-14", ("+33612345678",), "provisional")
    assert kept.name == "DUPONT Jeanne"
    assert add(cast) == kept
    assert Patient.objects.count() == 1
    assert OutboxEvent.objects.filter(name="PatientAdded").count() == 1
    assert AuditEntry.objects.filter(action="patient.added").count() == 1
    with pytest.raises(operations.PatientIdTaken):
        add(cast, first_name="Marie")


def test_notes_are_sealed_and_nothing_of_the_person_is_in_the_trail(cast):
    kept = add(cast)
    row = Patient.objects.get(pk=int(kept.id))
    assert "nicilline" not in row.sealed_notes
    assert queries.file_of(house=cast.house, client=cast.dupont, patient=kept.id).notes == JEANNE.notes
    operations.change_patient(
        client=cast.dupont, patient=kept.id, form=PatientForm(birth_name="Lefèvre"), by=cast.claire, at=NOW
    )
    written = "".join(str(each) for each in AuditEntry.objects.filter(action__startswith="patient.").values_list())
    assert "Lef" not in written
    assert "+336" not in written


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"birth_name": "", "used_name": " "}, identity.NameMissing),
        ({"birth_name": "a" * 10_000}, identity.FieldTooLong),
        ({"birth_name": "Du\u202epont"}, identity.FieldUnfit),
        ({"first_name": "J\x00"}, identity.FieldUnfit),
        ({"birth_date": "01.01.2090"}, birth.BirthDateInFuture),
        ({"birth_date": "31.02.1961"}, birth.BirthDateImpossible),
        ({"birth_date": "yesterday"}, birth.BirthDateUnreadable),
        ({"numbers": ("a phone in letters",)}, form.NumberUnreadable),
        ({"numbers": ("0800 PERMANENCE",)}, form.NumberUnreadable),
        ({"numbers": tuple(f"06 12 34 56 7{last}" for last in range(7))}, form.TooManyNumbers),
        ({"mail": "jeanne at example"}, identity.FieldUnfit),
        ({"mail": "a@b.example\nBcc: x@y.example"}, identity.FieldUnfit),
        ({"sex": "x"}, identity.FieldUnfit),
        ({"language": "<b"}, identity.FieldUnfit),
        ({"notes": "n" * 5000}, identity.FieldTooLong),
    ],
)
def test_what_cannot_be_is_refused_by_name_and_nothing_is_kept(cast, changes, refusal):
    with pytest.raises(refusal):
        add(cast, **changes)
    assert not Patient.objects.exists()


def test_an_id_the_page_cannot_have_made_is_refused(cast):
    with pytest.raises(form.PatientIdMalformed):
        operations.add_patient(client=cast.dupont, patient="../1", form=JEANNE, by=cast.claire, at=NOW)


def test_a_proved_identity_is_provisional_again_when_a_proved_trait_changes(cast):
    kept = add(cast, birth_date="1961")
    with pytest.raises(operations.IdentityIncomplete):
        operations.validate_identity(client=cast.dupont, patient=kept.id, document="passport", by=cast.claire, at=NOW)
    change(cast, kept)
    proved = operations.validate_identity(
        client=cast.dupont, patient=kept.id, document="passport", by=cast.claire, at=NOW
    )
    assert proved.status == "validated"
    assert queries.file_of(house=cast.house, client=cast.dupont, patient=kept.id).identity_seen_by == cast.claire.name
    assert change(cast, kept, used_name="Martin").status == "validated"
    assert change(cast, kept, first_name="Jane").status == "provisional"


def change(cast, kept, **changes):
    values = {**{name: getattr(JEANNE, name) for name in PatientForm.__dataclass_fields__}, **changes}
    return operations.change_patient(
        client=cast.dupont, patient=kept.id, form=PatientForm(**values), by=cast.claire, at=NOW
    )


def test_consent_is_kept_with_who_and_when_and_the_last_word_counts(cast):
    kept = add(cast)
    for minutes, agreed in enumerate((True, False, True)):
        at = NOW + timedelta(minutes=minutes)
        kept = operations.note_consent(
            client=cast.dupont, patient=kept.id, way="sms", given=agreed, by=cast.claire, at=at
        )
        assert (kept.may_sms, kept.may_mail) == (agreed, False)
    file = queries.file_of(house=cast.house, client=cast.dupont, patient=kept.id)
    assert [(each.given, each.by_name) for each in file.consents] == [
        (agreed, cast.claire.name) for agreed in (True, False, True)
    ]
    gone = operations.note_death(client=cast.dupont, patient=kept.id, is_deceased=True, by=cast.claire, at=NOW)
    assert not gone.may_sms


def test_a_family_is_linked_from_both_sides(cast):
    mother, child = add(cast), add(cast, 2, first_name="Luc", birth_date="2015")
    told = {"client": cast.dupont, "by": cast.claire, "at": NOW}
    made = operations.link(patient=child.id, other=mother.id, kind="parent", may_speak=True, **told)
    assert links(cast, mother) == [("child", child.id, "DUPONT Luc", False)]
    assert links(cast, child) == [("parent", mother.id, "DUPONT Jeanne", True)]
    operations.link(patient=child.id, name="Me Klein", number="06 12 34 56 79", kind="guardian", **told)
    assert links(cast, child)[1] == ("guardian", "", "Me Klein", False)
    for wrong in ({"other": child.id}, {"other": mother.id}, {"name": " "}):
        with pytest.raises(operations.LinkUnfit):
            operations.link(patient=child.id, kind="parent", **wrong, **told)
    operations.unlink(patient=child.id, link=made, **told)
    assert links(cast, mother) == []
    with pytest.raises(operations.LinkUnknown):
        operations.unlink(patient=child.id, link=made, **told)


def links(cast, view):
    file = queries.file_of(house=cast.house, client=cast.dupont, patient=view.id)
    return [(each.kind, each.other, each.name, each.may_speak) for each in file.links]


def test_an_appointment_not_kept_counts_once_and_the_rule_of_the_client_judges(cast):
    kept = add(cast)
    told = {"client": cast.dupont, "by": cast.claire, "at": NOW}
    operations.set_no_show_rule(rule=Rule(warn_from=1, block_online_from=2), **told)
    for act in ("agenda.appointment:1", "agenda.appointment:1", "agenda.appointment:2"):
        count = operations.count_no_show(patient=kept.id, act=act, **told)
    assert count == 2
    rule = queries.no_show_rule(house=cast.house, client=cast.dupont)
    assert no_show.judge(rule, count) == no_show.Verdict(warns=True, blocks_online=True, deposit_note="")
    operations.forgive_no_show(act="agenda.appointment:2", **told)
    operations.forgive_no_show(act="never counted", **told)
    assert queries.patient(house=cast.house, client=cast.dupont, patient=kept.id).no_shows == 1
    assert queries.no_show_rule(house=cast.house, client=cast.weber) == no_show.NO_RULE
    with pytest.raises(no_show.NoShowRuleUnfit):
        Rule(deposit_from=3)


def state(cast):
    """Everything that merging and parting may touch, but for when."""
    rows = Patient.objects.order_by("pk").values()
    return (
        [{name: value for name, value in row.items() if name != "changed_at"} for row in rows],
        sorted(PatientNumber.objects.values_list("patient", "number")),
        sorted(NameWord.objects.values_list("patient", "letters", "sound", "is_family")),
        sorted(PatientLink.objects.values_list("patient", "other", "kind", "name", "may_speak"), key=str),
    )


def test_two_who_are_one_are_merged_with_trace_and_parted_again_as_they_were(cast):
    told = {"client": cast.dupont, "by": cast.claire}
    kept = add(cast, birth_date="1961", mail="", notes="a")
    double = add(cast, 2, birth_name="Lefebvre", numbers=("06 12 34 56 79",), notes="b")
    child = add(cast, 3, first_name="Luc", birth_date="2015")
    operations.link(patient=child.id, other=double.id, kind="parent", at=NOW, **told)
    operations.note_consent(patient=double.id, way="sms", given=True, at=NOW, **told)
    operations.count_no_show(patient=double.id, act="one", at=NOW, **told)
    before = state(cast)
    made = merge_operations.merge(kept=kept.id, merged=double.id, at=NOW, **told)
    assert set(made.taken) == {"birth_date", "mail", "notes", "numbers"}
    found = queries.patient(house=cast.house, client=cast.dupont, patient=kept.id)
    assert (found.birth_date, found.mail, found.may_sms, found.no_shows) == (
        "1961-03-14",
        "jeanne@example.org",
        True,
        1,
    )
    assert found.numbers == ("+33612345678", "+33612345679")
    assert queries.standing(house=cast.house, client=cast.dupont, patient=double.id).id == kept.id
    assert [each[1] for each in links(cast, child)] == [kept.id]
    with pytest.raises(acts.PatientMerged):
        change(cast, double)
    with pytest.raises(acts.PatientMerged):
        merge_operations.merge(kept=kept.id, merged=double.id, at=NOW, **told)
    assert operations.count_no_show(patient=double.id, act="two", at=NOW, **told) == 2
    operations.forgive_no_show(act="two", at=NOW, **told)
    with pytest.raises(MergeTooOld):
        merge_operations.part(merge=made.id, at=NOW + timedelta(days=1, seconds=1), **told)
    merge_operations.part(merge=made.id, at=NOW + timedelta(hours=23), **told)
    assert state(cast) == before
    with pytest.raises(MergeUnknown):
        merge_operations.part(merge=made.id, at=NOW, **told)
    assert list(OutboxEvent.objects.filter(name__startswith="Patients").values_list("name", flat=True)) == [
        "PatientsMerged",
        "PatientsParted",
    ]


def test_what_was_changed_after_a_merge_stands_when_it_is_undone(cast):
    told = {"client": cast.dupont, "by": cast.claire, "at": NOW}
    kept, double = add(cast, mail=""), add(cast, 2)
    made = merge_operations.merge(kept=kept.id, merged=double.id, **told)
    change(cast, kept, mail="new@example.org")
    merge_operations.part(merge=made.id, **told)
    assert queries.patient(house=cast.house, client=cast.dupont, patient=kept.id).mail == "new@example.org"


def test_what_was_withdrawn_under_a_merged_file_stays_so_when_a_third_is_merged(cast):
    told = {"client": cast.dupont, "by": cast.claire}
    kept, double, third = add(cast), add(cast, 2), add(cast, 3)
    year = timedelta(days=365)
    for each, agreed, at in ((kept, True, NOW - 2 * year), (double, False, NOW - year)):
        operations.note_consent(patient=each.id, way="sms", given=agreed, at=at, **told)
    for each in (double, third):
        merge_operations.merge(kept=kept.id, merged=each.id, at=NOW, **told)
        found = queries.patient(house=cast.house, client=cast.dupont, patient=kept.id)
        assert not found.may_sms
        assert [said.given for said in queries.consents_of(found)] == [False, True]


def test_a_link_removed_after_a_merge_does_not_come_back_when_it_is_undone(cast):
    told = {"client": cast.dupont, "by": cast.claire, "at": NOW}
    kept, double = add(cast), add(cast, 2)
    child = add(cast, 3, first_name="Luc", birth_date="2015")
    tie = operations.link(patient=kept.id, other=child.id, kind="child", may_speak=True, **told)
    both = operations.link(patient=double.id, other=child.id, kind="child", may_speak=True, **told)
    sister = operations.link(patient=double.id, name="Anna Dupont", kind="relative", may_speak=True, **told)
    made = merge_operations.merge(kept=kept.id, merged=double.id, **told)
    for each in (tie, sister):
        operations.unlink(patient=kept.id, link=each, **told)
    merge_operations.part(merge=made.id, **told)
    assert links(cast, kept) == links(cast, double) == links(cast, child) == []
    assert not PatientLink.objects.filter(pk=both).exists()


def test_a_link_made_anew_after_a_merge_stands_as_it_is_when_it_is_undone(cast):
    told = {"client": cast.dupont, "by": cast.claire, "at": NOW}
    kept, double = add(cast), add(cast, 2)
    child = add(cast, 3, first_name="Luc", birth_date="2015")
    tie = operations.link(patient=kept.id, other=child.id, kind="child", may_speak=True, **told)
    friend = operations.link(patient=kept.id, name="Anna", kind="relative", may_speak=True, **told)
    made = merge_operations.merge(kept=kept.id, merged=double.id, **told)
    for each in (tie, friend):
        operations.unlink(patient=kept.id, link=each, **told)
    operations.link(patient=kept.id, other=child.id, kind="child", may_speak=False, **told)
    operations.link(patient=kept.id, name="Anna", kind="relative", may_speak=False, **told)
    merge_operations.part(merge=made.id, **told)
    assert [(each[0], each[3]) for each in links(cast, kept)] == [("child", False), ("relative", False)]
    assert links(cast, double) == []


def test_links_that_merges_took_away_are_there_again_once_all_are_undone(cast):
    told = {"client": cast.dupont, "by": cast.claire, "at": NOW}
    first, second, third = (add(cast, number) for number in (1, 2, 3))
    child = add(cast, 4, first_name="Luc", birth_date="2015")
    operations.link(patient=first.id, other=second.id, kind="relative", **told)
    for each in (first, second, third):
        operations.link(patient=child.id, other=each.id, kind="parent", may_speak=each is not second, **told)
    before = [links(cast, each) for each in (first, second, third, child)]
    made = [merge_operations.merge(kept=first.id, merged=each.id, **told) for each in (second, third)]
    assert len(links(cast, child)) == 1
    for each in reversed(made):
        merge_operations.part(merge=each.id, **told)
    assert [links(cast, each) for each in (first, second, third, child)] == before


def test_a_merge_that_makes_no_sense_is_refused(cast):
    told = {"client": cast.dupont, "by": cast.claire, "at": NOW}
    kept, other = add(cast), add(cast, 2, birth_date="15.03.1961")
    with pytest.raises(MergeUnfit):
        merge_operations.merge(kept=kept.id, merged=kept.id, **told)
    for each in (kept, other):
        operations.validate_identity(patient=each.id, document="passport", **told)
    with pytest.raises(merging.TwoValidatedIdentities):
        merge_operations.merge(kept=kept.id, merged=other.id, **told)
    with pytest.raises(merging.TwoValidatedIdentities):
        merge_operations.plan(client=cast.dupont, kept=kept.id, merged=other.id, by=cast.claire)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=4))
def test_merges_undone_backwards_leave_everything_as_it_was(cast, order):
    if not Patient.objects.exists():
        for number in range(4):
            add(cast, number, first_name="Jeanne" if number else "J.", numbers=(f"06 12 34 56 7{number}",), mail="")
    people = list(Patient.objects.order_by("pk").values_list("pk", flat=True))
    before, done = state(cast), []
    told = {"client": cast.dupont, "by": cast.claire, "at": NOW}
    for kept, merged in order:
        try:
            done.append(merge_operations.merge(kept=str(people[kept]), merged=str(people[merged]), **told))
        except (MergeUnfit, acts.PatientMerged):
            continue
    for made in reversed(done):
        merge_operations.part(merge=made.id, **told)
    assert state(cast) == before


def test_nothing_of_a_person_is_there_for_another_client_or_house(cast):
    kept = add(cast)
    other = add(cast, 2, client=cast.weber)
    acts_on = {
        "change": lambda client, by: operations.change_patient(
            client=client, patient=kept.id, form=JEANNE, by=by, at=NOW
        ),
        "consent": lambda client, by: operations.note_consent(
            client=client, patient=kept.id, way="sms", given=True, by=by, at=NOW
        ),
        "no show": lambda client, by: operations.count_no_show(client=client, patient=kept.id, act="x", by=by, at=NOW),
        "identity": lambda client, by: operations.validate_identity(
            client=client, patient=kept.id, document="passport", by=by, at=NOW
        ),
        "link": lambda client, by: operations.link(
            client=client, patient=kept.id, kind="parent", name="X", by=by, at=NOW
        ),
        "death": lambda client, by: operations.note_death(
            client=client, patient=kept.id, is_deceased=True, by=by, at=NOW
        ),
        "merge": lambda client, by: merge_operations.merge(client=client, kept=kept.id, merged=other.id, by=by, at=NOW),
    }
    before = state(cast)
    for act in acts_on.values():
        with pytest.raises(PatientUnknown):
            act(cast.weber, cast.claire)
        for stranger in (cast.dr_weber, cast.niamh, cast.nadia):
            with pytest.raises(ClientUnknown):
                act(cast.dupont, stranger)
    with pytest.raises(PatientUnknown):
        acts_on["merge"](cast.dupont, cast.claire)
    with pytest.raises(PatientUnknown):
        operations.link(client=cast.dupont, patient=kept.id, kind="parent", other=other.id, by=cast.claire, at=NOW)
    with pytest.raises(ClientUnknown):
        add(cast, 3, by=cast.nadia)
    assert state(cast) == before
    with pytest.raises(PatientUnknown):
        queries.patient(house=cast.other_house, client=cast.dupont, patient=kept.id)
    assert queries.patients(house=cast.house, client=cast.weber, ids=[kept.id, "x", "9" * 30]) == {}
    assert queries.standing_of(pairs=[(cast.weber, kept.id), (cast.dupont, "x")]) == {}
