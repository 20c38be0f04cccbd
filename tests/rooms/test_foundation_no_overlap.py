# SPDX-License-Identifier: AGPL-3.0-or-later
"""The database itself refuses that two spans overlap, whoever writes and however: on SQLite and on PostgreSQL."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.migrations.writer import MigrationWriter
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from permanence.agenda.models import Agenda, Block, Occupancy, Resource
from permanence.foundation import no_overlap
from permanence.foundation.no_overlap import NoOverlap
from tests.rooms.agenda_cast import make_agenda_cast

EIGHT = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
BY_AGENDA, BY_RESOURCE = "agenda_occupancy_agenda", "agenda_occupancy_resource"


def moment(minutes):
    return EIGHT + timedelta(minutes=minutes)


@pytest.fixture
def ground(db):
    cast = make_agenda_cast()
    row = Agenda.objects.get(pk=cast.dupont)
    other = Agenda.objects.get(pk=cast.lemaire)
    return prepared(row, other)


def prepared(row, other):
    block = Block.objects.create(
        house_id=row.house_id,
        client_id=row.client_id,
        agenda=row,
        key="b" * 20,
        starts_at=EIGHT,
        ends_at=moment(10),
        door="console",
        made_by_name="Claire",
        made_at=EIGHT,
    )
    room = Resource.objects.create(house_id=row.house_id, client_id=row.client_id, name="Salle", kind="room")
    return {"agenda": row, "other": other, "block": block, "room": room}


def write(ground, begins, ends, *, agenda="agenda", resource=None, blocking=True, places=(0, 500), shared_by=None):
    """An occupancy by raw SQL, past every operation and model; gives its key."""
    subject = ground[agenda] if resource is None else ground[resource]
    row = ground["agenda"]
    values = [
        row.house_id,
        row.client_id,
        subject.pk if resource is None else None,
        None if resource is None else subject.pk,
        connection.ops.adapt_datetimefield_value(moment(begins)),
        connection.ops.adapt_datetimefield_value(moment(ends)),
        blocking,
        ground["block"].pk,
        *places,
        ground[shared_by].pk if shared_by else None,
    ]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO agenda_occupancy (house_id, client_id, agenda_id, resource_id, starts_at, ends_at, blocking,"
            " block_id, place_from, place_until, shared_by_id, before, after)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 0, 0) RETURNING id",
            values,
        )
        return cursor.fetchone()[0]


def change(key, begins, ends):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE agenda_occupancy SET starts_at = %s, ends_at = %s WHERE id = %s",
            [
                connection.ops.adapt_datetimefield_value(moment(begins)),
                connection.ops.adapt_datetimefield_value(moment(ends)),
                key,
            ],
        )


def refused(error):
    return no_overlap.violated(error.value)


@pytest.mark.parametrize(("begins", "ends"), [(0, 30), (-10, 5), (25, 40), (10, 20), (-10, 40), (29, 31)])
def test_what_overlaps_is_refused_by_name(ground, begins, ends):
    write(ground, 0, 30)
    with pytest.raises(IntegrityError) as error:
        write(ground, begins, ends)
    assert refused(error) == BY_AGENDA
    assert Occupancy.objects.count() == 1


@pytest.mark.parametrize(("begins", "ends"), [(30, 60), (-30, 0), (90, 120)])
def test_what_only_touches_is_not(ground, begins, ends):
    write(ground, 0, 30)
    write(ground, begins, ends)
    assert Occupancy.objects.count() == 2


def test_parts_of_a_second_count(ground):
    write(ground, 0, 30)
    with pytest.raises(IntegrityError):
        write(ground, 30 - 1 / 60_000_000, 60)
    write(ground, 30 + 1 / 60_000_000, 60)


def test_another_agenda_what_does_not_block_and_nobody_are_free(ground):
    write(ground, 0, 30)
    write(ground, 0, 30, agenda="other")
    write(ground, 0, 30, blocking=False)
    write(ground, 0, 30, resource="room")
    assert Occupancy.objects.count() == 4


def test_a_resource_is_taken_once(ground):
    write(ground, 0, 30, resource="room")
    with pytest.raises(IntegrityError) as error:
        write(ground, 20, 40, resource="room")
    assert refused(error) == BY_RESOURCE


def test_a_group_shares_its_room_with_itself_alone(ground):
    write(ground, 0, 60, resource="room", shared_by="agenda")
    second = write(ground, 0, 60, resource="room", shared_by="agenda")
    for whose in (None, "other"):
        with pytest.raises(IntegrityError) as error:
            write(ground, 30, 90, resource="room", shared_by=whose)
        assert refused(error) == BY_RESOURCE
        with pytest.raises(IntegrityError), transaction.atomic():
            Occupancy.objects.filter(pk=second).update(shared_by=ground[whose] if whose else None)
    write(ground, 60, 90, resource="room")
    with pytest.raises(IntegrityError):
        write(ground, 45, 75, resource="room", shared_by="agenda")
    assert Occupancy.objects.count() == 3


def test_a_form_is_told_what_the_database_would_say_of_a_shared_room(ground):
    write(ground, 0, 60, resource="room", shared_by="agenda")
    constraint = next(each for each in Occupancy._meta.constraints if each.name == BY_RESOURCE)
    row = {"resource": ground["room"], "starts_at": moment(10), "ends_at": moment(20)}
    constraint.validate(Occupancy, Occupancy(**row, shared_by=ground["agenda"]))
    for whose in (None, ground["other"]):
        with pytest.raises(ValidationError):
            constraint.validate(Occupancy, Occupancy(**row, shared_by=whose))


def test_a_change_is_looked_at_like_a_new_one(ground):
    write(ground, 0, 30)
    second = write(ground, 30, 60)
    with pytest.raises(IntegrityError) as error:
        change(second, 29, 59)
    assert refused(error) == BY_AGENDA
    change(second, 31, 50)
    change(second, 45, 60)  # over itself
    silent = write(ground, 0, 30, blocking=False)
    with pytest.raises(IntegrityError), transaction.atomic():
        Occupancy.objects.filter(pk=silent).update(blocking=True)


def test_places_beside_each_other_are_free_and_who_takes_all_is_alone(ground):
    write(ground, 0, 60, places=(0, 1))
    write(ground, 0, 60, places=(1, 2))
    for places in ((0, 1), (1, 2), (0, 500)):
        with pytest.raises(IntegrityError):
            write(ground, 30, 90, places=places)
    write(ground, 30, 90, places=(2, 3))


def test_forms_are_told_before_the_database_refuses(ground):
    write(ground, 0, 30)
    constraint = next(each for each in Occupancy._meta.constraints if each.name == BY_AGENDA)
    row = Occupancy(agenda=ground["agenda"], starts_at=moment(10), ends_at=moment(20))
    with pytest.raises(ValidationError):
        constraint.validate(Occupancy, row)
    for changes in ({"starts_at": moment(30), "ends_at": moment(40)}, {"blocking": False}, {"agenda": None}):
        constraint.validate(
            Occupancy, Occupancy(**{"agenda": ground["agenda"], "starts_at": EIGHT, "ends_at": moment(9)} | changes)
        )
    constraint.validate(Occupancy, row, exclude={"agenda"})


def test_a_rebuilt_table_gets_its_triggers_back(ground):
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            for end in ("insert", "update"):
                cursor.execute(f"DROP TRIGGER {BY_AGENDA}_{end}")
        write(ground, 500, 530)
        write(ground, 500, 530)
    call_command("migrate", verbosity=0)
    assert no_overlap.restore() == 0
    write(ground, 0, 30)
    with pytest.raises(IntegrityError) as error:
        write(ground, 0, 30)
    assert refused(error) == BY_AGENDA


def test_another_refusal_of_the_database_is_not_taken_for_one(ground):
    with pytest.raises(IntegrityError) as error:
        write(ground, 30, 0)
    assert refused(error) == ""


def test_a_migration_writes_it_as_it_is():
    constraint = NoOverlap(name="n", starts="a", ends="b", within=("c",), numbers=("d", "e"), only="f")
    path, arguments, named = constraint.deconstruct()
    assert path == "permanence.foundation.no_overlap.NoOverlap"
    assert NoOverlap(*arguments, **named) == constraint
    assert "numbers=('d', 'e')" in MigrationWriter.serialize(constraint)[0]
    assert constraint != NoOverlap(name="n", starts="a", ends="b", within=("c",))


spans = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 15), st.booleans(), st.sampled_from(["agenda", "other"])), max_size=20
)


class TestAnySequence(TestCase):
    """Whatever is written, what stands never overlaps, and nothing is refused that would not."""

    @settings(max_examples=40)
    @given(spans)
    def test_what_stands_is_what_an_oracle_lets_stand(self, wanted):
        cast = make_agenda_cast()
        ground = prepared(Agenda.objects.get(pk=cast.dupont), Agenda.objects.get(pk=cast.lemaire))
        stand = []
        for begins, length, blocking, agenda in wanted:
            clash = blocking and any(
                whose == agenda and begins < end and start < begins + length for whose, start, end in stand
            )
            try:
                write(ground, begins, begins + length, agenda=agenda, blocking=blocking)
            except IntegrityError:
                assert clash
            else:
                assert not clash
                if blocking:
                    stand.append((agenda, begins, begins + length))
