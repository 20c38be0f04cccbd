# SPDX-License-Identifier: AGPL-3.0-or-later
"""Instructions: what they are about, their versions, two authors at once, and who has read them."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from permanence.clients import instruction_fields as fields
from permanence.clients import instructions, operations, queries, reading
from permanence.clients.models import Instruction, InstructionAcknowledgement, Line, Reason
from permanence.clients.rules import INSTRUCTION_LIMIT, ClientState, Scope
from permanence.foundation import operations as common
from permanence.foundation.models import AuditEntry, LiveTouch, OutboxEvent
from permanence.kernel.system import SystemClock
from permanence.staff import membership
from permanence.staff import operations as staffing
from permanence.staff import queries as staff
from permanence.switchboard.operations import current_slice
from tests.rooms.conftest import NOW

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def write(cast, text="Absente de 14 h à 16 h", *, at=NOW, **more):
    return operations.write_instruction(
        client=cast.weber, text=text, author=cast.dr_weber.person, by=cast.marc, at=at, **more
    )


def revise(cast, key, text, *, at=NOW + HOUR, **more):
    return operations.revise_instruction(
        client=cast.weber, instruction=key, text=text, author=cast.marc.person, by=cast.marc, at=at, **more
    )


def line_of(cast, client):
    return queries.client_file(house=cast.house, client=client, at=NOW).lines[0]


def whole_scope(cast):
    reason = queries.reasons(house=cast.house, client=cast.weber)[0]
    return Scope(
        recipient=cast.recipients["Dr Weber"],
        line=line_of(cast, cast.weber),
        reason=reason.code,
        caller="+352 621 000 147",
    )


def entry(cast, key, *, at=NOW):
    found = current_slice(house=cast.house, client=cast.weber, at=at).instructions
    return next(each for each in found if each.id == key)


def test_an_instruction_says_what_it_is_about_as_far_as_the_telephone(cast):
    scope = whole_scope(cast)
    key = write(cast, "**Urgence** : rappeler", scope=scope, acknowledge=True, priority=4)
    found = entry(cast, key)
    assert (found.recipient, found.recipient_name) == (scope.recipient, "Dr Weber")
    assert (found.line, found.caller) == (scope.line, "+352621000147")
    assert (found.reason, found.reason_label) == (
        scope.reason,
        queries.reasons(house=cast.house, client=cast.weber)[0].label,
    )
    assert (found.acknowledge, found.priority) == (True, 4)
    assert found.blocks[0].lines[0][0].bold


def test_a_version_keeps_what_it_is_about_unless_it_is_told_otherwise(cast):
    key = write(cast, scope=whole_scope(cast), acknowledge=True)
    revise(cast, key, "Absente jusqu’à 17 h")
    kept = entry(cast, key, at=NOW + 2 * HOUR)
    assert (kept.version, kept.caller, kept.acknowledge) == (2, "+352621000147", True)
    revise(cast, key, "Pour tous", scope=Scope(), acknowledge=False, at=NOW + 3 * HOUR)
    free = entry(cast, key, at=NOW + 4 * HOUR)
    assert (free.version, free.caller, free.recipient, free.acknowledge) == (3, "", "", False)
    rows = Instruction.objects.filter(pk=key) | Instruction.objects.filter(root=key)
    assert [row.caller for row in rows.order_by("version")] == ["+352621000147", "+352621000147", ""]


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("", fields.InstructionEmpty),
        (" \n\t ", fields.InstructionEmpty),
        ("\u202e\x00", fields.InstructionEmpty),
        ("x" * (INSTRUCTION_LIMIT + 1), fields.InstructionTooLong),
    ],
)
def test_words_that_cannot_be_shown_are_refused(cast, text, refusal):
    rows = Instruction.objects.count()
    with pytest.raises(refusal):
        write(cast, text)
    key = str(Instruction.objects.filter(client=cast.weber).earliest("pk").pk)
    with pytest.raises(refusal):
        revise(cast, key, text)
    assert Instruction.objects.count() == rows


def test_a_period_goes_forward(cast):
    with pytest.raises(fields.PeriodBackwards):
        write(cast, starts_at=NOW + DAY, ends_at=NOW)


@pytest.mark.parametrize(
    ("named", "refusal"),
    [
        (lambda cast: Scope(recipient=cast.recipients["Dr Anne Dupont"]), queries.RecipientUnknown),
        (lambda cast: Scope(recipient=cast.other_recipient), queries.RecipientUnknown),
        (lambda _cast: Scope(recipient="1 OR 1=1"), queries.RecipientUnknown),
        (lambda cast: Scope(line=line_of(cast, cast.dupont)), fields.LineUnknown),
        (lambda _cast: Scope(line="+33199009999"), fields.LineUnknown),
        (lambda _cast: Scope(reason="no-such-reason"), fields.ReasonUnknown),
        (lambda _cast: Scope(caller="621 000 147"), fields.CallerMalformed),
        (lambda _cast: Scope(caller="15"), fields.CallerMalformed),
        (lambda _cast: Scope(caller="<script>"), fields.CallerMalformed),
    ],
)
def test_a_scope_is_the_clients_own(cast, named, refusal):
    rows = Instruction.objects.count()
    with pytest.raises(refusal):
        write(cast, scope=named(cast))
    assert Instruction.objects.count() == rows


def test_the_trail_names_no_number(cast):
    write(cast, scope=whole_scope(cast))
    assert "621000147" not in str(AuditEntry.objects.latest("pk").detail)


def test_the_reason_of_a_form_that_changed_is_shown_by_its_code(cast):
    operations.add_reason(client=cast.weber, code="vaccine", label="Vaccin", by=cast.marc, at=NOW)
    key = write(cast, scope=Scope(reason="vaccine"))
    from_form = Reason.objects.filter(client=cast.weber, code="vaccine")
    assert entry(cast, key).reason_label == "Vaccin"
    from_form.delete()
    assert entry(cast, key).reason_label == "vaccine"


def test_what_the_client_no_longer_has_is_kept_by_a_version_and_chosen_by_none(cast):
    operations.add_reason(client=cast.weber, code="vaccine", label="Vaccin", by=cast.marc, at=NOW)
    operations.give_line(client=cast.weber, number="+352261234567", by=cast.marc, at=NOW)
    gone = Scope(line="+352261234567", reason="vaccine")
    key, other = write(cast, scope=gone), write(cast, scope=Scope(reason="vaccine"))
    Reason.objects.filter(client=cast.weber, code="vaccine").delete()
    Line.objects.filter(number="+352261234567").delete()
    assert revise(cast, key, "Après", scope=gone) == 2
    kept = entry(cast, key, at=NOW + 2 * HOUR)
    assert (kept.text, kept.line, kept.reason) == ("Après", gone.line, gone.reason)
    with pytest.raises(fields.LineUnknown):
        revise(cast, other, "Autre", scope=gone)
    with pytest.raises(fields.LineUnknown):
        write(cast, scope=gone)
    assert revise(cast, key, "Pour la ligne", scope=Scope(line=gone.line)) == 3
    with pytest.raises(fields.ReasonUnknown):
        revise(cast, key, "De nouveau", scope=gone)


def test_a_version_that_came_meanwhile_is_told_before_what_the_client_no_longer_has(cast):
    operations.add_reason(client=cast.weber, code="vaccine", label="Vaccin", by=cast.marc, at=NOW)
    key = write(cast, scope=Scope(reason="vaccine"))
    revise(cast, key, "De Marc", scope=Scope())
    Reason.objects.filter(client=cast.weber, code="vaccine").delete()
    with pytest.raises(fields.InstructionChanged):
        revise(cast, key, "D’une autre", scope=Scope(reason="vaccine"), began_from=1)
    operations.retire_instruction(client=cast.weber, instruction=key, author=cast.marc.person, by=cast.marc, at=NOW)
    with pytest.raises(instructions.InstructionUnknown):
        revise(cast, key, "D’une autre", scope=Scope(reason="vaccine"), began_from=1)


def test_the_back_office_revises_an_instruction_whose_reason_is_gone(cast, browser_of):
    operations.add_reason(client=cast.weber, code="vaccine", label="Vaccin", by=cast.marc, at=NOW)
    key = write(cast, scope=Scope(reason="vaccine"))
    Reason.objects.filter(client=cast.weber, code="vaccine").delete()
    typed = {"text": "Après", "priority": "0", "reason": "vaccine", "began_from": "1"}
    answer = browser_of(cast.marc).post(f"/backstage/clients/instruction/{key}/change/", typed)
    assert answer.status_code == 302
    last = instructions.current(house=cast.house, client=cast.weber, instruction=key)
    assert (last.version, last.text, last.scope.reason) == (2, "Après", "vaccine")


# two authors at once


def test_the_second_of_two_authors_is_told_and_nothing_is_lost(cast):
    key = write(cast)
    revise(cast, key, "De Marc", began_from=1)
    rows, said = Instruction.objects.count(), OutboxEvent.objects.count()
    with pytest.raises(fields.InstructionChanged) as refused:
        revise(cast, key, "D’une autre", began_from=1)
    assert refused.value.code == "instruction_changed"
    with pytest.raises(fields.InstructionChanged):
        operations.retire_instruction(
            client=cast.weber, instruction=key, author=cast.marc.person, by=cast.marc, at=NOW, began_from=1
        )
    assert (Instruction.objects.count(), OutboxEvent.objects.count()) == (rows, said)
    last = instructions.current(house=cast.house, client=cast.weber, instruction=key)
    assert (last.version, last.text, last.author) == (2, "De Marc", "Marc")
    assert revise(cast, key, "D’une autre", began_from=2) == 3


def test_the_last_version_is_of_this_client_only(cast):
    key = write(cast)
    for house, client in ((cast.house, cast.dupont), (cast.other_house, cast.weber), (cast.house, "x")):
        with pytest.raises(instructions.InstructionUnknown):
            instructions.current(house=house, client=client, instruction=key)


# what was shown


def test_a_version_is_read_again_as_it_was_written(cast):
    key = write(cast, "Avant", scope=whole_scope(cast))
    revise(cast, key, "Après", scope=Scope())
    found = instructions.versions(house=cast.house, wanted=[(key, 1), (key, 2), (key, 9), ("x", 1)])
    assert {pair: view.text for pair, view in found.items()} == {(key, 1): "Avant", (key, 2): "Après"}
    assert found[key, 1].scope.caller == "+352621000147"
    assert instructions.versions(house=cast.other_house, wanted=[(key, 1)]) == {}


# reading


def unread(cast, secretary=None, *, at=NOW, house=None):
    found = instructions.to_read(house=house or cast.house, secretary=secretary or cast.claire_secretary, at=at)
    return [(view.text, view.version) for view in found]


def acknowledge(key, version, by, *, at=NOW):
    reading.acknowledge_instruction(instruction=key, version=version, by=by, at=at)


def test_each_secretary_reads_each_version_herself(cast):
    key = write(cast, "À lire", acknowledge=True)
    write(cast, "Sans lecture")
    assert unread(cast) == [("À lire", 1)] == unread(cast, cast.aoife_secretary)
    acknowledge(key, 1, cast.claire)
    assert unread(cast) == []
    assert unread(cast, cast.aoife_secretary) == [("À lire", 1)]
    revise(cast, key, "À relire")
    assert unread(cast, at=NOW + 2 * HOUR) == [("À relire", 2)]


def test_who_has_read_is_kept_once_with_the_moment_and_told(cast):
    key = write(cast, acknowledge=True)
    said, noted = OutboxEvent.objects.count(), AuditEntry.objects.count()
    acknowledge(key, 1, cast.claire)
    acknowledge(key, 1, cast.claire, at=NOW + HOUR)
    assert [(row.secretary_id, row.at) for row in InstructionAcknowledgement.objects.all()] == [
        (int(cast.claire_secretary), NOW)
    ]
    event = OutboxEvent.objects.latest("pk")
    assert (OutboxEvent.objects.count(), AuditEntry.objects.count()) == (said + 1, noted + 1)
    assert (event.name, event.body["instruction"], event.body["secretary"]) == (
        "InstructionAcknowledged",
        key,
        cast.claire_secretary,
    )
    assert AuditEntry.objects.latest("pk").action == "instruction.acknowledged"
    assert LiveTouch.objects.filter(topic=f"house/{cast.house}/instructions").exists()


def test_the_house_sees_who_has_not_read(cast):
    key = write(cast, "À lire", acknowledge=True)
    acknowledge(key, 1, cast.claire)
    (found,) = instructions.readings(house=cast.house, at=NOW)
    everybody = {each.name for each in staff.secretaries(house=cast.house)}
    assert [(each.name, each.at) for each in found.read] == [(cast.claire.name, NOW)]
    assert set(found.missing) == everybody - {cast.claire.name}
    assert instructions.readings(house=cast.other_house, at=NOW) == ()


def test_who_left_is_waited_for_no_longer_but_her_reading_stays(cast):
    key = write(cast, "À lire", acknowledge=True)
    acknowledge(key, 1, cast.claire)
    staffing.change_secretary(secretary=cast.aoife_secretary, languages=("en",), active=False, by=cast.marc, at=NOW)
    (found,) = instructions.readings(house=cast.house, at=NOW)
    assert cast.aoife.name not in found.missing
    staffing.change_secretary(secretary=cast.claire_secretary, languages=("fr",), active=False, by=cast.marc, at=NOW)
    (found,) = instructions.readings(house=cast.house, at=NOW)
    assert [each.name for each in found.read] == [cast.claire.name]


@pytest.mark.parametrize(
    ("more", "shown"),
    [
        ({"ends_at": NOW + HOUR}, True),
        ({"ends_at": NOW}, False),
        ({"starts_at": NOW + HOUR}, True),
        ({"starts_at": NOW + 25 * HOUR}, False),
        ({"scope": Scope(caller="+352621000147")}, True),
    ],
)
def test_what_holds_or_soon_will_is_to_be_read(cast, more, shown):
    write(cast, "À lire", acknowledge=True, **more)
    assert (unread(cast) == [("À lire", 1)]) is shown


def test_what_holds_no_longer_is_not_to_be_read(cast):
    key = write(cast, "À lire", acknowledge=True)
    revise(cast, key, "Sans lecture", acknowledge=False)
    assert unread(cast, at=NOW + 2 * HOUR) == []
    other = write(cast, "Autre", acknowledge=True)
    operations.retire_instruction(
        client=cast.weber, instruction=other, author=cast.marc.person, by=cast.marc, at=NOW + HOUR
    )
    assert unread(cast, at=NOW + 2 * HOUR) == []
    write(cast, "Suspendu", acknowledge=True)
    operations.set_state(client=cast.weber, state=ClientState.SUSPENDED, by=cast.marc, at=NOW)
    assert unread(cast) == []


@pytest.mark.parametrize(
    ("named", "refusal"),
    [
        (lambda key: (key, 2), instructions.InstructionUnknown),
        (lambda _key: ("x", 1), instructions.InstructionUnknown),
        (lambda _key: ("9" * 30, 1), instructions.InstructionUnknown),
        (lambda _key: ("", 1), instructions.InstructionUnknown),
    ],
)
def test_what_is_not_there_cannot_be_read(cast, named, refusal):
    key = write(cast, acknowledge=True)
    with pytest.raises(refusal):
        acknowledge(*named(key), cast.claire)
    assert InstructionAcknowledgement.objects.count() == 0


def test_only_a_secretary_of_the_house_reads_and_only_what_asks_for_it(cast):
    key, other = write(cast, acknowledge=True), write(cast, "Sans lecture")
    with pytest.raises(reading.AcknowledgementNotAsked):
        acknowledge(other, 1, cast.claire)
    with pytest.raises(instructions.InstructionUnknown):
        acknowledge(key, 1, cast.nadia)
    for who in (cast.dr_weber, common.house_system(house=cast.house)):
        with pytest.raises(staff.NotASecretary):
            acknowledge(key, 1, who)
    assert InstructionAcknowledgement.objects.count() == 0


def test_her_page_gets_the_list_and_says_what_she_has_read(cast, browser_of):
    write(cast, "Sans lecture")
    key = write(cast, "**Urgence** < 3 ans", at=SystemClock().now(), acknowledge=True, scope=whole_scope(cast))
    claire = browser_of(cast.claire)
    (shown,) = claire.get("/console/instructions/to-read").json()["unread"]
    assert (shown["id"], shown["version"], shown["name"], shown["author"]) == (key, 1, "Dr Weber", "Dr Weber")
    assert shown["blocks"][0]["lines"][0] == [{"text": "Urgence", "bold": True}, {"text": " < 3 ans", "bold": False}]
    assert (shown["recipient_name"], shown["caller"]) == ("Dr Weber", "+352 621 000 147")
    assert claire.post(f"/console/instructions/{key}/1/read").status_code == 204
    assert claire.post(f"/console/instructions/{key}/1/read").status_code == 204
    assert claire.get("/console/instructions/to-read").json() == {"unread": []}
    assert len(browser_of(cast.aoife).get("/console/instructions/to-read").json()["unread"]) == 1


@pytest.mark.parametrize("path", ["{key}/2", "{key}/99999999999999999999999999", "x/1", "{other}/1"])
def test_a_page_that_names_what_is_not_there_gets_404_or_a_refusal(cast, browser_of, path):
    key, other = write(cast, acknowledge=True), write(cast, "Sans lecture")
    answer = browser_of(cast.claire).post(f"/console/instructions/{path.format(key=key, other=other)}/read")
    assert (answer.status_code, answer.json()["code"]) in {
        (404, "instruction_unknown"),
        (422, "acknowledgement_not_asked"),
    }
    assert InstructionAcknowledgement.objects.count() == 0


def test_a_page_made_for_somebody_else_reads_nothing(cast, browser_of):
    key = write(cast, acknowledge=True)
    person = {"HTTP_X_PERSON": cast.aoife.person}
    assert browser_of(cast.claire).post(f"/console/instructions/{key}/1/read", **person).status_code == 409
    assert InstructionAcknowledgement.objects.count() == 0


def test_the_database_keeps_one_reading_a_secretary(cast):
    key = write(cast, acknowledge=True)
    acknowledge(key, 1, cast.claire)
    row = InstructionAcknowledgement.objects.get()
    row.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


def test_the_reads_ask_the_database_a_fixed_number_of_times(cast, django_assert_num_queries):
    def ask():
        with django_assert_num_queries(5):
            instructions.to_read(house=cast.house, secretary=cast.claire_secretary, at=NOW)
        with django_assert_num_queries(6):
            instructions.readings(house=cast.house, at=NOW)
        with django_assert_num_queries(2):
            queries.client_file(house=cast.house, client=cast.weber, at=NOW)

    keys = [write(cast, "À lire", acknowledge=True, scope=whole_scope(cast))]
    ask()
    keys += [write(cast, f"À lire {number}", acknowledge=True, scope=whole_scope(cast)) for number in range(12)]
    acknowledge(keys[0], 1, cast.aoife)
    ask()
    with django_assert_num_queries(2):
        instructions.versions(house=cast.house, wanted=[(key, 1) for key in keys])


def test_who_answers_for_another_pool_is_not_asked_to_read(cast):
    night = membership.add_pool(name="Nuit", by=cast.marc, at=NOW)
    write(cast, "Pour la nuit", acknowledge=True)
    operations.set_pool(client=cast.weber, pool=night, by=cast.marc, at=NOW)
    assert instructions.to_read(house=cast.house, secretary=cast.claire_secretary, at=NOW) == ()
    (waiting,) = instructions.readings(house=cast.house, at=NOW)
    assert waiting.missing == ()

    staffing.change_secretary(
        secretary=cast.claire_secretary, languages=("fr",), active=True, pools=(night,), by=cast.marc, at=NOW
    )
    found = instructions.to_read(house=cast.house, secretary=cast.claire_secretary, at=NOW)
    assert [each.text for each in found] == ["Pour la nuit"]
    assert instructions.readings(house=cast.house, at=NOW)[0].missing == ("Claire",)
