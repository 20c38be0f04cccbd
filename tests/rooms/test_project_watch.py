# SPDX-License-Identifier: AGPL-3.0-or-later
"""The worker's look at what is wrong: the exchange over its real control socket, the machine, the database."""

import json
import os
from datetime import UTC, datetime, timedelta

import pytest

from permanence.calls.models import Call
from permanence.clients import forwarding as lines
from permanence.clients import operations as clients
from permanence.clients.models import Client
from permanence.clients.rules import ClientState
from permanence.countries.forwarding import ForwardingMode
from permanence.dispatch.models import Delivery
from permanence.dispatch.queries import TRIES
from permanence.foundation import alarms
from permanence.foundation.exchange import Exchange
from permanence.foundation.models import EngineEventAside, House, OutboxEvent, SignOfLife
from permanence.foundation.outbox import STUCK_AFTER
from permanence.kernel.faults import FaultBook
from permanence.project import doctor
from permanence.project.config import UNSET_SENDER
from permanence.project.forwarding_watch import LOOK_EVERY, WATCHDOG_EVERY, ForwardingWatch
from permanence.project.watch import AWAY_FOR, STUCK_FOR, Watch
from permanence.switchboard import forwarding
from permanence.switchboard.models import ForwardingProof
from permanence.switchboard.rules import ProofState, Why
from tests.rooms.conftest import NOW
from tests.rooms.control_socket import serving

pytestmark = pytest.mark.django_db
WELL = {"calls": [], "alarms": [], "trunk_states": [], "refused": [], "faults": {"count": 0, "kind": ""}}


@pytest.fixture
def configuration(settings, tmp_path, monkeypatch):
    for name in ("LOW_DISK", "FULL_DISK"):
        monkeypatch.setattr(doctor, name, 0)  # whatever disk the tests run on
    data = settings.PERMANENCE.data
    data.mkdir(parents=True, exist_ok=True)
    return settings.PERMANENCE.changed(run=tmp_path)


@pytest.fixture
def house(configuration, tmp_path):
    with serving(tmp_path / "exchange.sock") as (table, _journal):
        table.status = dict(WELL)
        yield table


def watch(configuration, *, path=None, faults=None, turned=NOW):
    exchange = Exchange(path or configuration.exchange_socket)
    return Watch(exchange=exchange, configuration=configuration, faults=faults or FaultBook(), turned=lambda: turned)


def standing(house, at=NOW):
    return {(one.code, one.about): one for one in alarms.standing(house=house, at=at)}


def test_where_everything_works_nothing_stands(cast, configuration, house):
    watch(configuration).look(NOW)
    assert standing(cast.house) == standing(cast.other_house) == {}


def test_the_exchanges_alarms_reach_the_houses_they_concern(cast, configuration, house):
    codes = ("media", f"trunk:{cast.house}/sip-1", f"slice:{cast.other_house}/client-{cast.other_client}.json")
    house.status |= {"alarms": [{"code": code, "why": "nadia"} for code in codes]}
    looking = watch(configuration)
    looking.look(NOW)
    assert set(standing(cast.house)) == {("media", ""), ("trunk", "sip-1")}
    others = standing(cast.other_house)
    assert set(others) == {("media", ""), ("slice", f"client-{cast.other_client}.json")}
    assert others["slice", f"client-{cast.other_client}.json"].params == {"client": "Dr Weber"}
    house.status |= {"alarms": []}
    looking.look(NOW + timedelta(seconds=5))
    assert standing(cast.house) == standing(cast.other_house) == {}


def test_an_exchange_that_is_away_is_an_alarm_from_the_second_miss_on(cast, configuration, tmp_path):
    looking = watch(configuration, path=tmp_path / "nobody.sock")
    looking.look(NOW)
    assert standing(cast.house) == {}
    looking.look(NOW + AWAY_FOR)
    assert standing(cast.house)["exchange", ""].since == NOW
    assert set(standing(cast.other_house)) == {("exchange", "")}


def test_what_the_exchange_said_last_stands_while_it_starts_again(cast, configuration, tmp_path):
    path = tmp_path / "exchange.sock"
    looking = watch(configuration, path=path)
    with serving(path) as (table, _journal):
        table.status = WELL | {"alarms": [{"code": "ports", "why": ""}]}
        looking.look(NOW)
    looking.look(NOW + AWAY_FOR)
    assert set(standing(cast.house)) == {("ports", "")}
    looking.look(NOW + 2 * AWAY_FOR)
    assert set(standing(cast.house)) == {("exchange", "")}


def test_a_loop_that_does_not_come_round_gives_no_sign_of_life(cast, configuration, house):
    watch(configuration, turned=NOW - STUCK_FOR).look(NOW)
    watch(configuration, turned=None).look(NOW)
    assert not SignOfLife.objects.exists()
    watch(configuration, turned=NOW - timedelta(seconds=1)).look(NOW)
    assert SignOfLife.objects.get().at == NOW


def delivery(cast, key, **fields):
    values = {"state": "pending", "attempts": TRIES, "why": "450 not now", "channel": "email", "address": "a@b.example"}
    return Delivery.objects.create(
        house=House.objects.get(slug=cast.house), client=Client.objects.get(pk=cast.weber), message=key, key=key,
        language="fr", urgency="today", created_at=NOW - timedelta(hours=2), next_attempt_at=NOW, **values | fields,
    )  # fmt: skip


def test_mails_that_the_relay_does_not_take_are_an_alarm_of_their_house(cast, configuration, house):
    refused = [delivery(cast, "m1"), delivery(cast, "m2")]
    delivery(cast, "m3", attempts=TRIES - 1)
    delivery(cast, "m4", state="sent")
    delivery(cast, "m5", channel="portal")
    looking = watch(configuration)
    looking.look(NOW)
    alarm = standing(cast.house)["mail", ""]
    assert (alarm.params, alarm.since) == ({"count": 2}, NOW - timedelta(hours=2))
    assert standing(cast.other_house) == {}
    for row in refused:
        row.state = "sent"
        row.save()
    looking.look(NOW)
    assert standing(cast.house) == {}


def test_a_house_without_a_mail_server_has_no_alarm_about_it(cast, configuration, house):
    delivery(cast, "m1")
    unset = configuration.changed(demonstration=False, mail_from=UNSET_SENDER)
    watch(unset).look(NOW)
    assert ("mail", "") not in standing(cast.house)
    watch(unset.changed(mail_from="house@permanence.example")).look(NOW)
    assert ("mail", "") in standing(cast.house)


def test_work_that_stays_undone_is_an_alarm(cast, configuration, house):
    faults = FaultBook()
    faults.note("OperationalError", "permanence.project.worker", NOW)
    other = House.objects.get(slug=cast.other_house)
    fields = {"house": other, "name": "ClientChanged", "body": {}, "at": NOW, "next_attempt_at": NOW}
    OutboxEvent.objects.create(**fields, attempts=STUCK_AFTER - 1)
    OutboxEvent.objects.create(**fields, attempts=STUCK_AFTER)
    for hearer in ("staff", "calls"):
        EngineEventAside.objects.create(
            hearer=hearer, engine="e1", sequence=4, body={}, error="x", at=NOW - timedelta(days=1)
        )
    watch(configuration, faults=faults).look(NOW)
    found = standing(cast.house)
    assert found["worker_fault", ""].params == {"count": 1, "kind": "OperationalError"}
    assert found["event_aside", ""].params == {"count": 1}
    assert set(standing(cast.other_house)) - set(found) == {("outbox", "")}
    watch(configuration, faults=faults).look(NOW + timedelta(days=8))
    assert set(standing(cast.house, at=NOW)) == set()


def test_the_disk(cast, configuration, house, monkeypatch):
    looking = watch(configuration)
    monkeypatch.setattr(doctor, "LOW_DISK", 1 << 62)
    looking.look(NOW)
    assert set(standing(cast.house)) == {("disk", "")}
    monkeypatch.setattr(doctor, "FULL_DISK", 1 << 62)
    looking.look(NOW)
    assert set(standing(cast.house)) == {("disk_full", "")}


def test_a_real_house_is_told_of_its_clock_and_of_its_copies(cast, configuration, house, monkeypatch):
    monkeypatch.setattr(doctor, "clock_state", lambda: doctor.TIME_ERROR)
    settings = configuration.changed(demonstration=False)
    settings.django_key.parent.mkdir(parents=True, exist_ok=True)
    settings.django_key.write_text("k")
    opened = NOW - doctor.BACKUP_AGE
    os.utime(settings.django_key, (opened.timestamp(), opened.timestamp()))
    looking = watch(settings)
    looking.look(NOW)
    assert set(standing(cast.house)) == {("clock", "")}
    looking.look(NOW + timedelta(seconds=1))
    assert standing(cast.house)["backup_never", ""].since == opened
    (settings.data / "log").mkdir(exist_ok=True)
    (settings.data / "log" / "last-backup").write_text(f"{NOW:%Y%m%dT%H%M%SZ} /elsewhere\n")
    looking.look(NOW + timedelta(seconds=2))
    assert set(standing(cast.house)) == {("clock", "")}
    looking.look(NOW + doctor.BACKUP_AGE + timedelta(minutes=1))
    assert standing(cast.house, at=NOW)["backup_old", ""].since == NOW
    watch(configuration).look(NOW)
    assert standing(cast.house) == {}, "a demonstration needs neither"


def test_a_site_without_a_good_certificate(cast, configuration, house, monkeypatch):
    left = []

    def days(host, *, at, authority):
        if not left:
            raise OSError("nobody listens")
        return left[0]

    monkeypatch.setattr(doctor, "certificate_days", days)
    looking = watch(configuration.changed(public_host="house.example"))
    looking.look(NOW)
    assert set(standing(cast.house)) == {("certificate_bad", "")}
    left.append(doctor.CERTIFICATE_DAYS - 1)
    looking.look(NOW + timedelta(seconds=59))
    assert set(standing(cast.house)) == {("certificate_bad", "")}
    looking.look(NOW + timedelta(seconds=60))
    assert standing(cast.house)["certificate", ""].params == {"days": 13}
    left[0] = doctor.CERTIFICATE_DAYS
    looking.look(NOW + timedelta(seconds=120))
    assert standing(cast.house, at=NOW) == {}


def test_receipts_that_cannot_be_fetched(cast, configuration, house):
    configuration.mailbox.mkdir(parents=True, exist_ok=True)
    standing_of = {"failing_since": NOW.isoformat(), "why": "login refused"}
    (configuration.mailbox / "fetched.json").write_text(json.dumps(standing_of))
    watch(configuration).look(NOW)
    assert standing(cast.house)["receipts", ""].since == NOW


def test_a_refused_source_is_told_to_the_house_that_gets_no_calls(cast, configuration, house):
    house.status |= {"refused": [{"source": "203.0.113.9", "count": 3, "at": NOW.isoformat()}]}
    Call.objects.create(
        house=House.objects.get(slug=cast.house), call="c1", called_line="+352", arrived_at=NOW - timedelta(hours=1)
    )
    watch(configuration).look(NOW)
    assert standing(cast.house) == {}
    assert standing(cast.other_house)["refused", ""].params == {"source": "203.0.113.9", "count": 3}


def test_a_daily_test_that_failed_stands_until_one_passes(cast, configuration, house):
    line, public = "+35220000101", "+35226000001"
    lines.set_forwarding(
        client=cast.weber, number=line, mode=ForwardingMode.ALL, public_number=public, by=cast.marc, at=NOW
    )
    proof = {"client": cast.weber, "number": line, "by": cast.marc, "at": NOW}
    forwarding.ask_proof(**proof)
    fail = {"at": NOW, "detail": "+35220000102"}
    forwarding.fail(ForwardingProof.objects.latest("pk").pk, why=Why.OTHER_LINE, **fail)
    looking = watch(configuration)
    looking.look(NOW)
    assert standing(cast.house) == {}  # a person asked, and sees it on the page
    forwarding.repeat_daily(clock="07:30", **proof)
    looking.look(NOW + LOOK_EVERY)
    alarm = standing(cast.house)["forwarding", line]
    assert alarm.params == {"client": "Dr Weber", "why": "other_line", "detail": "+35220000102"}
    assert standing(cast.other_house) == {}
    forwarding.ask_proof(**proof)
    forwarding.fail(ForwardingProof.objects.latest("pk").pk, why=Why.NO_TRUNK, at=NOW)
    looking.look(NOW + 2 * LOOK_EVERY)
    assert set(standing(cast.house)) == {("forwarding_untested", line)}
    ForwardingProof.objects.filter(why=Why.NO_TRUNK).update(state=ProofState.PASSED, why="")
    looking.look(NOW + 3 * LOOK_EVERY)
    assert standing(cast.house) == {}


MONDAY = datetime(2026, 11, 23, 8, tzinfo=UTC)
"""09:00 in Luxembourg; Dr Weber is open on weekdays from 8 to 12 and from 14 to 18."""
HOUR = timedelta(hours=1)
EVERY_DAY = tuple(clients.Opening(weekday=day, opens="08:00", until="18:00") for day in range(5))


def calls_came(cast, *moments, client=None, line="+35220000101"):
    house = House.objects.get(slug=cast.house)
    made = Call.objects.count()
    Call.objects.bulk_create(
        Call(house=house, client_id=int(client or cast.weber), call=f"c{made + n}", called_line=line, arrived_at=at)
        for n, at in enumerate(moments)
    )


def usual_weeks(cast, until, *, weeks=8, client=None):
    """Two calls an hour on every weekday from 9 to 17 (Luxembourg, winter)."""
    day = until.replace(hour=8, minute=0) - timedelta(weeks=weeks)
    moments = []
    while day < until:
        if day.weekday() < 5:
            moments += [day + each * HOUR / 2 for each in range(16)]
        day += timedelta(days=1)
    calls_came(cast, *(at for at in moments if at < until), client=client)


def test_a_client_who_is_silent_against_his_norm_stands_until_a_call_comes(cast, configuration, house):
    clients.set_hours(client=cast.weber, week=EVERY_DAY, closed_on_holidays=False, by=cast.marc, at=NOW)
    usual_weeks(cast, MONDAY)
    looking = watch(configuration)
    looking.look(MONDAY + 4 * HOUR)
    assert standing(cast.house, MONDAY + 4 * HOUR) == {}  # eight calls are missing: that happens
    looking.look(MONDAY + 7 * HOUR)
    found = standing(cast.house, MONDAY + 7 * HOUR)
    assert set(found) == {("forwarding_silent", cast.weber)}
    assert found["forwarding_silent", cast.weber].params == {"client": "Dr Weber"}
    assert standing(cast.other_house, MONDAY + 7 * HOUR) == {}
    calls_came(cast, MONDAY + 7 * HOUR)
    looking.look(MONDAY + 7 * HOUR + WATCHDOG_EVERY)
    assert standing(cast.house, MONDAY + 7 * HOUR + WATCHDOG_EVERY) == {}


def test_a_night_and_a_week_end_are_no_silence(cast, configuration, house):
    clients.set_hours(client=cast.weber, week=EVERY_DAY, closed_on_holidays=False, by=cast.marc, at=NOW)
    friday = MONDAY - timedelta(days=3) + 9 * HOUR
    usual_weeks(cast, friday)
    watch(configuration).look(MONDAY)
    assert standing(cast.house, MONDAY) == {}


def test_on_a_day_he_is_closed_nobody_misses_his_calls(cast, configuration, house):
    clients.set_hours(client=cast.weber, week=EVERY_DAY, closed_on_holidays=False, by=cast.marc, at=NOW)
    clients.add_exception(client=cast.weber, day=MONDAY.date(), label="congrès", by=cast.marc, at=NOW)
    usual_weeks(cast, MONDAY)
    watch(configuration).look(MONDAY + 9 * HOUR)
    assert standing(cast.house, MONDAY + 9 * HOUR) == {}


def test_a_new_client_and_one_who_is_suspended_are_not_missed(cast, configuration, house):
    clients.set_hours(client=cast.weber, week=EVERY_DAY, closed_on_holidays=False, by=cast.marc, at=NOW)
    usual_weeks(cast, MONDAY, weeks=1)
    watch(configuration).look(MONDAY + 9 * HOUR)
    assert standing(cast.house, MONDAY + 9 * HOUR) == {}
    usual_weeks(cast, MONDAY)
    clients.set_state(client=cast.weber, state=ClientState.SUSPENDED, by=cast.marc, at=NOW)
    watch(configuration).look(MONDAY + 29 * HOUR)
    assert standing(cast.house, MONDAY + 29 * HOUR) == {}


def test_calls_of_a_suspended_client_are_told(cast, configuration, house):
    clients.set_state(client=cast.weber, state=ClientState.SUSPENDED, by=cast.marc, at=NOW)
    calls_came(cast, MONDAY, MONDAY + HOUR)
    looking = watch(configuration)
    looking.look(MONDAY + 2 * HOUR)
    found = standing(cast.house, MONDAY)["forwarding_suspended", cast.weber]
    assert (found.params, found.since) == ({"client": "Dr Weber", "count": 2}, MONDAY)
    looking.look(MONDAY + 26 * HOUR)
    assert standing(cast.house, MONDAY + 26 * HOUR) == {}


def test_calls_on_a_line_that_should_be_switched_off_are_told(cast, configuration, house):
    clients.set_hours(client=cast.weber, week=EVERY_DAY, closed_on_holidays=False, by=cast.marc, at=NOW)
    evening = MONDAY + 12 * HOUR
    calls_came(cast, evening, evening + HOUR)
    looking = watch(configuration)
    looking.look(evening + 2 * HOUR)
    assert standing(cast.house, evening) == {}  # all his calls come to us, day and night
    lines.set_forwarding(client=cast.weber, number="+35220000101", mode=ForwardingMode.HOURS, by=cast.marc, at=NOW)
    looking.look(evening + 2 * HOUR + WATCHDOG_EVERY)
    found = standing(cast.house, evening)["forwarding_outside", "+35220000101"]
    assert (found.params, found.since) == ({"client": "Dr Weber", "count": 2}, evening)


def test_the_watchdog_asks_the_database_a_fixed_number_of_times(cast, django_assert_max_num_queries):
    usual_weeks(cast, MONDAY)
    usual_weeks(cast, MONDAY, client=cast.dupont)
    with django_assert_max_num_queries(18):
        ForwardingWatch().alarms([cast.house], at=MONDAY + 7 * HOUR)
