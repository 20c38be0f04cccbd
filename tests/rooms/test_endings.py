# SPDX-License-Identifier: AGPL-3.0-or-later
"""The end of a contract: nobody is answered any more, the numbers rest until their day, and nobody else gets one."""

from datetime import timedelta

import pytest

from permanence.calls.models import Call
from permanence.clients import bulk_operations, operations, queries
from permanence.clients.bulk_rules import AccountLine
from permanence.clients.ending_operations import ContractEnded, QuarantineOver, end_contract
from permanence.clients.models import Client, Greeting, Line, Quarantine
from permanence.clients.quarantine import USUAL_DAYS
from permanence.clients.rules import ClientState
from permanence.clients.rules.spoken import GreetingWhen
from permanence.foundation.models import AuditEntry, OutboxEvent
from permanence.kernel.system import SystemClock
from permanence.reception.hours import Openings
from permanence.reception.treatment import why_shut
from permanence.switchboard.queries import client_slice
from tests.rooms.conftest import NOW
from tests.rooms.test_backstage import Form, errors, fill

NUMBER, PUBLIC = "+35220000101", "+35226000001"
DAY = timedelta(days=1)


@pytest.fixture
def marc(cast, browser_of):
    return browser_of(cast.marc)


def ended(cast, days=100, **more):
    given = {"client": cast.weber, "last": None, "until": (NOW + days * DAY).date(), "reason": "retires"}
    return end_contract(**{**given, "by": cast.marc, "at": NOW, **more})


def give(cast, *, client=None, at=NOW, by=None, number=NUMBER):
    operations.give_line(client=client or cast.atlas, number=number, by=by or cast.marc, at=at)


def announced():
    rows = OutboxEvent.objects.filter(name="ClientChanged").order_by("pk")
    return [(row.body["house"], row.body["client"]) for row in rows]


def test_the_end_lays_the_numbers_to_rest_and_is_told_once(cast):
    before, entries = len(announced()), AuditEntry.objects.count()
    assert ended(cast) == (NUMBER,)
    row = Client.objects.get(pk=int(cast.weber))
    assert (row.state, row.contract_until) == ("ended", NOW.date())
    assert not Line.objects.filter(number=NUMBER).exists()
    rest = Quarantine.objects.get(number=NUMBER)
    assert (rest.client_id, rest.reason, rest.until) == (row.pk, "retires", (NOW + 100 * DAY).date())
    assert announced()[before:] == [("demo", cast.weber)]
    assert AuditEntry.objects.count() == entries + 1


def test_callers_of_who_left_hear_the_closing_words_and_the_telephone_knows_nothing_else(cast):
    ended(cast)
    entry = client_slice(house="demo", client=cast.weber, version=1, at=NOW)
    shut = why_shut(entry, Openings(), at=NOW)
    assert (entry.lines, shut and shut[1].detail) == ((NUMBER,), "ended")
    for part in (entry.greetings, entry.instructions, entry.recipients, entry.reasons, entry.sites, entry.contacts):
        assert part == ()
    assert (entry.voice_message, entry.voice_message_consent) == (False, None)
    assert cast.weber in queries.routed(house="demo")
    assert cast.weber not in {each.id for each in queries.clients(house="demo")}
    Quarantine.objects.all().delete()
    assert cast.weber not in queries.routed(house="demo")


@pytest.mark.parametrize(("days", "free"), [(1, False), (99, False), (100, True), (400, True)])
def test_nobody_else_is_given_the_number_before_its_day(cast, days, free):
    ended(cast)
    if free:
        before = len(announced())
        give(cast, at=NOW + days * DAY)
        assert Line.objects.get(number=NUMBER).client_id == int(cast.atlas)
        assert not Quarantine.objects.exists()
        assert announced()[before:] == [("demo", cast.weber), ("demo", cast.atlas)]
        assert client_slice(house="demo", client=cast.weber, version=1, at=NOW).lines == ()
        return
    with pytest.raises(operations.NumberRests, match=(NOW + 100 * DAY).date().isoformat()):
        give(cast, at=NOW + days * DAY)
    assert not Line.objects.filter(number=NUMBER).exists()


def test_the_other_house_is_not_told_why(cast):
    ended(cast)
    with pytest.raises(operations.LineTaken):
        give(cast, client=cast.other_client, by=cast.nadia)
    give(cast, client=cast.other_client, by=cast.nadia, at=NOW + 100 * DAY)
    assert Line.objects.get(number=NUMBER).client_id == int(cast.other_client)
    assert announced()[-2:] == [("demo", cast.weber), ("nadia", cast.other_client)]


def test_an_import_neither(cast):
    ended(cast)
    line = AccountLine(line=2, name="Atlas", fields={}, numbers=(NUMBER,))
    done = bulk_operations.bring_in_clients(lines=[line], dry=False, by=cast.marc, at=NOW)
    assert [each.code for each in done.faults] == ["line_rests"]
    later = bulk_operations.bring_in_clients(lines=[line], dry=False, by=cast.marc, at=NOW + 100 * DAY)
    assert (later.changed, later.faults) == (1, ())
    assert ("demo", cast.weber) in announced()[-2:]


@pytest.mark.parametrize("days", [0, 100])
def test_his_resting_number_is_not_brought_back_bare(cast, told, marc, days):
    """No door gives it to him as a plain line: what it knew and said would be lost with its rest."""
    before = client_slice(house="demo", client=cast.weber, version=1, at=NOW)
    ended(cast)
    later = NOW + days * DAY
    line = AccountLine(line=2, name="Dr Weber", fields={}, numbers=(NUMBER,))
    done = bulk_operations.bring_in_clients(lines=[line], dry=False, by=cast.marc, at=later)
    assert [each.code for each in done.faults] == ["line_of_ended"]
    with pytest.raises(operations.NumberRests):
        give(cast, client=cast.weber, at=later)
    page = {"line-TOTAL_FORMS": "1", "line-0-number": NUMBER}
    answer = fill(marc, f"/backstage/clients/client/{cast.weber}/change/?part=lines", **page)
    assert [each for each in errors(answer) if "repose depuis la fin du contrat" in each]
    state_set(cast, ClientState.ACTIVE)
    assert client_slice(house="demo", client=cast.weber, version=1, at=NOW) == before


def test_the_same_client_takes_his_numbers_up_again(cast):
    before = client_slice(house="demo", client=cast.weber, version=1, at=NOW)
    ended(cast)
    operations.set_state(client=cast.weber, state=ClientState.ACTIVE, by=cast.marc, at=NOW)
    assert client_slice(house="demo", client=cast.weber, version=1, at=NOW) == before
    assert not Quarantine.objects.exists()


@pytest.fixture
def told(cast):
    """Everything a line can know: how it is forwarded, and two phrases of its own."""
    fields = {"public_number": PUBLIC, "forwarding": "no_answer", "access": "mobile", "operator": "post"}
    Line.objects.filter(number=NUMBER).update(**fields, no_answer_s=15, label="Esch")
    lunch = GreetingWhen(line=NUMBER, day_type="chosen", weekdays=(1, 3), opens="12:00", until="14:00")
    for text, when in (("Ligne, bonjour.", GreetingWhen(line=NUMBER)), ("Bon appétit.", lunch)):
        operations.set_greeting(client=cast.weber, language="fr", text=text, when=when, by=cast.marc, at=NOW)
    return {**fields, "no_answer_s": 15, "label": "Esch"}


def state_set(cast, state):
    operations.set_state(client=cast.weber, state=state, by=cast.marc, at=NOW)


@pytest.mark.parametrize("end", [ended, lambda cast: state_set(cast, ClientState.ENDED)])
def test_a_line_with_phrases_of_its_own_rests_and_comes_back_as_it_was(cast, told, end):
    before = client_slice(house="demo", client=cast.weber, version=1, at=NOW)
    end(cast)
    assert not Line.objects.filter(number=NUMBER).exists()
    assert not Greeting.objects.filter(line__isnull=False).exists()
    assert Greeting.objects.for_client(int(cast.weber)).count() == len(before.greetings) - 2
    state_set(cast, ClientState.ACTIVE)
    assert client_slice(house="demo", client=cast.weber, version=1, at=NOW) == before
    assert Line.objects.values(*told).get(number=NUMBER) == told


def test_a_number_that_is_given_to_somebody_else_brings_nothing_of_the_former_client(cast, told):
    ended(cast)
    give(cast, at=NOW + 100 * DAY)
    assert Line.objects.values("public_number", "forwarding", "label").get(number=NUMBER) == {
        "public_number": "",
        "forwarding": "all",
        "label": "",
    }
    assert not Greeting.objects.filter(line__number=NUMBER).exists()


@pytest.mark.parametrize("field", ["public_number", "number"])
def test_a_public_number_that_another_line_has_meanwhile_is_not_taken_back(cast, told, field):
    ended(cast)
    Line.objects.create(
        house_id=cast.marc.house_key, client_id=int(cast.atlas), **{"number": "+352261111", field: PUBLIC}
    )
    state_set(cast, ClientState.ACTIVE)
    assert Line.objects.values(*told).get(number=NUMBER) == {**told, "public_number": ""}


def test_a_number_that_rested_before_more_was_kept_wakes_as_a_plain_line(cast):
    ended(cast)
    Quarantine.objects.update(kept={})
    state_set(cast, ClientState.ACTIVE)
    assert Line.objects.get(number=NUMBER).forwarding == "all"


def test_a_state_that_is_set_ends_the_contract_too(cast):
    operations.set_state(client=cast.weber, state=ClientState.ENDED, by=cast.marc, at=NOW)
    assert Quarantine.objects.get(number=NUMBER).until == (NOW + USUAL_DAYS * DAY).date()
    operations.set_state(client=cast.weber, state=ClientState.ENDED, by=cast.marc, at=NOW)
    assert Quarantine.objects.count() == 1


def test_what_makes_no_sense_is_refused_and_nothing_changes(cast):
    with pytest.raises(QuarantineOver):
        ended(cast, days=0)
    with pytest.raises(queries.ClientUnknown):
        ended(cast, by=cast.nadia)
    assert Client.objects.get(pk=int(cast.weber)).state == "active"
    ended(cast)
    with pytest.raises(ContractEnded):
        ended(cast)


def test_the_page_asks_for_the_name_and_ends(cast, marc):
    address = f"/backstage/accounts/{cast.weber}/end"
    today = SystemClock().now().date()
    given = {"last": today.isoformat(), "until": (today + 90 * DAY).isoformat(), "reason": "retraite"}
    assert marc.get(address).status_code == 200
    for wrong in ({"meant": "Dr Webr"}, {"meant": "Dr Weber", "until": today.isoformat()}, {"meant": ""}):
        assert marc.post(address, {**given, **wrong}).status_code == 422
    assert Client.objects.get(pk=int(cast.weber)).state == "active"
    answer = marc.post(address, {**given, "meant": "dr weber"}, follow=True)
    assert answer.redirect_chain[-1][0] == f"/backstage/accounts/{cast.weber}/"
    assert Client.objects.get(pk=int(cast.weber)).state == "ended"
    assert marc.post(address, {**given, "meant": "dr weber"}).status_code == 422
    assert marc.post(f"/backstage/accounts/{cast.weber}/take-up").status_code == 302
    row = Client.objects.get(pk=int(cast.weber))
    assert (row.state, Line.objects.get(number=NUMBER).client_id) == ("prospect", row.pk)


@pytest.mark.parametrize("language", ["fr", "de", "en"])
def test_the_days_that_the_page_proposes_are_read_back_in_every_language(cast, marc, language):
    address = f"/backstage/accounts/{cast.weber}/end"
    spoken = {"headers": {"accept-language": language}}
    page = marc.get(address, **spoken).content.decode()
    assert f'<html lang="{language}"' in page
    proposed = Form(page).data
    assert marc.post(address, {**proposed, "meant": "Dr Weber"}, **spoken).status_code == 302
    today = SystemClock().now().date()
    assert Quarantine.objects.get(number=NUMBER).until == today + USUAL_DAYS * DAY
    assert Client.objects.get(pk=int(cast.weber)).contract_until == today


def test_the_list_shows_the_calls_that_still_come(cast, marc, browser_of, django_assert_max_num_queries):
    ended(cast)
    house = Client.objects.get(pk=int(cast.weber)).house_id
    for n, minutes in enumerate((-5, 5, 9)):
        Call.objects.create(
            house_id=house, call=f"c{n}", called_line=NUMBER, arrived_at=NOW + timedelta(minutes=minutes)
        )
    with django_assert_max_num_queries(10):
        page = marc.get("/backstage/accounts/quarantine").content.decode()
    assert "+352 20 00 01 01" in page
    assert '<span class="badge badge--warn">2</span>' in page
    assert "retires" in page
    assert "20 00 01 01" not in browser_of(cast.nadia).get("/backstage/accounts/quarantine").content.decode()


def test_the_clients_page_gives_no_resting_number_and_ends_nothing(cast, marc):
    today = SystemClock().now()
    end_contract(client=cast.weber, last=None, until=(today + 9 * DAY).date(), reason="x", by=cast.marc, at=today)
    url = f"/backstage/clients/client/{cast.dupont}/change/"
    line = {"line-TOTAL_FORMS": "2", "line-1-number": NUMBER}
    refused = fill(marc, f"{url}?part=lines", **line)
    assert (refused.status_code, len(errors(refused))) == (200, 1)
    assert fill(marc, url, state="ended").status_code == 200
    weber = f"/backstage/clients/client/{cast.weber}/change/"
    assert fill(marc, weber, state="active").status_code == 302
    assert Client.objects.get(pk=int(cast.weber)).state == "ended"
    Quarantine.objects.update(until=today.date())
    assert fill(marc, f"{url}?part=lines", **line).status_code == 302
    assert (Line.objects.get(number=NUMBER).client_id, Quarantine.objects.exists()) == (int(cast.dupont), False)
