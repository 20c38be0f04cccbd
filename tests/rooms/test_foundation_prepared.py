# SPDX-License-Identifier: AGPL-3.0-or-later
"""A query that is compiled once answers as Django's own does, whatever it is asked with and in whatever order."""

import functools
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from django.db import connection, transaction
from django.db.models import Q
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from permanence.agenda.models import Agenda, Appointment, OpeningException
from permanence.agenda.operations import appointments
from permanence.foundation.prepared import MOST, Prepared
from tests.rooms.agenda_cast import MONDAY, after, make_agenda_cast
from tests.rooms.messaging_cast import NOON

pytestmark = pytest.mark.django_db

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 60 * 24 * 60).map(lambda minute: BEGIN + timedelta(minutes=minute))


def of_keys(keys: tuple[int, ...], house: str):
    rows = Agenda.objects.for_house(house).select_related("client", "house", "recipient")
    clients = Agenda.objects.filter(pk__in=keys).values("client")
    return rows.filter(Q(pk__in=keys) | Q(is_shared=True, client__in=clients))


def between(agenda: int, starts: datetime, ends: datetime):
    rows = Appointment.objects.filter(agenda=agenda, starts_at__gte=starts, starts_at__lt=ends, state="booked")
    return rows.order_by("-starts_at", "pk").values_list(
        "starts_at", "key", "known", "patient__birth_name", "also__name"
    )


@pytest.fixture
def cast():
    made = make_agenda_cast()
    for minutes in (0, 60, 120):
        told = {"agenda": made.dupont, "starts_at": after(minutes), "booking": made.booking()}
        appointments.book(key=made.key(), by=made.claire, at=NOON, **told)
    return made


def plain(rows):
    return [{**each.__dict__, "_state": None} for each in rows]


class TestAnswers:
    def test_rows_come_with_what_stands_beside_them_in_one_query(self, cast):
        ask = Prepared(of_keys)
        keys, house = (int(cast.dupont), int(cast.lemaire)), cast.claire.house
        for wanted in (keys, keys[::-1], keys[:1], keys[1:], (0, *keys), ()):
            found, direct = ask(wanted, house), list(of_keys(wanted, house))
            assert sorted(found, key=lambda row: row.pk) == sorted(direct, key=lambda row: row.pk)
            with CaptureQueriesContext(connection) as asked:
                names = [(row.client.name, row.house.slug, row.recipient.name, row.version) for row in found]
            assert names == [(row.client.name, row.house.slug, row.recipient.name, row.version) for row in direct]
            assert len(asked) == 0
        assert ask(keys, "another") == []
        row = ask(keys[:1], house)[0]
        row.name = "kept"
        row.save()  # it is a row like any other
        assert Agenda.objects.get(pk=row.pk).name == "kept"

    def test_columns_come_as_django_makes_them(self, cast):
        ask = Prepared(between)

        @settings(max_examples=60, deadline=None)
        @given(MOMENTS, st.timedeltas(timedelta(0), timedelta(days=300)), st.sampled_from([cast.dupont, cast.lemaire]))
        def same(starts, lasts, agenda):
            assert ask(int(agenda), starts, starts + lasts) == list(between(int(agenda), starts, starts + lasts))

        same()
        found = ask(int(cast.dupont), after(0), after(61))
        assert [each[0] for each in found] == [after(60), after(0)]
        assert found[0][2] is True

    def test_a_day_a_word_and_what_is_cut_off(self, cast):
        ask = Prepared(lambda day, word: OpeningException.objects.filter(date__gte=day, label=word).order_by("pk")[:1])
        row = {"house_id": cast.claire.house_key, "client_id": int(cast.cabinet.id), "agenda_id": int(cast.dupont)}
        made = [
            OpeningException.objects.create(
                **row, date=MONDAY.date() + timedelta(days=day), kind="closed", label="fête"
            )
            for day in range(3)
        ]
        assert ask(made[1].date, "fête") == [made[1]]
        assert ask(made[2].date, "fête") == [made[2]]
        assert ask(made[2].date, "mark 0001") == ask(made[2].date, "'; --") == []

    def test_asked_again_and_again_the_server_keeps_it_and_answers_the_same(self, cast):
        ask, agendas = Prepared(between), [int(cast.dupont), int(cast.lemaire)]
        first = {agenda: ask(agenda, BEGIN, after(61)) for agenda in agendas}
        assert [len(each) for each in first.values()] == [2, 0]
        for _ in range(12):
            assert {agenda: ask(agenda, BEGIN, after(61)) for agenda in agendas} == first
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT statement FROM pg_prepared_statements")
                kept = [said for (said,) in cursor.fetchall() if "agenda_appointment" in said and "$1" in said]
            assert len(kept) == len(set(kept)) > 0

    def test_it_is_compiled_once_a_shape_and_asks_the_database_each_time(self, cast):
        BUILT.clear()
        built, ask = BUILT, Prepared(noted)
        for keys in ((1,), (2,), (1, 2), (3, 4), (5,)):
            with CaptureQueriesContext(connection) as asked:
                ask(keys)
            assert len(asked) == 1
        assert len(built) == 2
        many = tuple(range(1, MOST + 2))
        assert ask(many) == list(Agenda.objects.filter(pk__in=many))
        assert built[-1] == many


BUILT = []


def noted(keys):
    BUILT.append(keys)
    return Agenda.objects.filter(pk__in=keys)


class TestRefusals:
    def test_what_knows_more_than_its_values(self):
        """It would give the first house's answer to every other one."""
        house = 1
        for build in (
            lambda name: Agenda.objects.filter(house=house, name=name),
            lambda name, house=house: Agenda.objects.filter(house=house, name=name),
            functools.partial(noted, (1,)),
        ):
            with pytest.raises(ValueError, match="nothing but its values"):
                Prepared(build)

    def test_what_the_query_does_not_ask_for_as_it_is(self):
        with pytest.raises(ValueError, match="as it is"):
            Prepared(lambda name: Agenda.objects.filter(name__contains=name))("a")
        with pytest.raises(ValueError, match="bool"):
            Prepared(lambda on: Agenda.objects.filter(active=on))(True)


@pytest.mark.django_db(transaction=True)
class TestConnections:
    def test_rows_are_locked_inside_a_transaction_alone(self, cast):
        ask = Prepared(lambda key: Agenda.objects.select_for_update().filter(pk=key))
        for _ in range(2):
            with transaction.atomic():
                assert [row.pk for row in ask(int(cast.dupont))] == [int(cast.dupont)]
            with pytest.raises(TransactionManagementError):
                ask(int(cast.dupont))

    def test_another_thread_asks_over_its_own_connection(self, cast):
        ask, found = Prepared(lambda key: Agenda.objects.filter(pk=key)), []
        assert ask(int(cast.dupont))[0].version == Agenda.objects.get(pk=int(cast.dupont)).version

        def other():
            with CaptureQueriesContext(connection) as asked:
                found.append((ask(int(cast.dupont))[0].name, len(asked)))
            connection.connection.close()  # one in memory is not closed with its thread

        thread = Thread(target=other)
        thread.start()
        thread.join()
        assert found == [(Agenda.objects.get(pk=int(cast.dupont)).name, 1)]
