# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pools: who answers for whom, in the rooms, in the slices and in the back office."""

import pytest
from django.db import IntegrityError, transaction

from permanence.clients import operations as clients
from permanence.clients import queries as client_queries
from permanence.foundation.models import AuditEntry, OutboxEvent
from permanence.reception.table import PoolEntry
from permanence.staff import membership, operations, queries
from permanence.staff.models import Pool, PoolMember
from permanence.switchboard import queries as switchboard
from permanence.switchboard.models import SliceVersion
from tests.rooms.conftest import NOW
from tests.rooms.test_backstage import errors, fill


def first(house="demo"):
    return queries.pools(house=house)[0]


def pools_of(secretary):
    return tuple(each.id for each in queries.pools(house="demo") if secretary in each.secretaries)


def test_a_house_begins_with_one_pool_of_everybody(cast):
    pool = first()
    assert set(pool.secretaries) == {cast.claire_secretary, cast.aoife_secretary}
    assert first("nadia").id != pool.id
    assert client_queries.client(house="demo", client=cast.weber).pool == ""


def test_the_slices_say_who_answers_for_whom(cast):
    night = membership.add_pool(name="Night", overflow=first().id, overflow_after_s=20, by=cast.marc, at=NOW)
    operations.change_secretary(
        secretary=cast.aoife_secretary, languages=("en",), active=True, pools=(night,), by=cast.marc, at=NOW
    )
    clients.set_pool(client=cast.atlas, pool=night, by=cast.marc, at=NOW)
    house = switchboard.house_slice(house="demo", version=1)
    assert house.pools == (
        PoolEntry(id=first().id, name="Permanence du Kirchberg", overflow="", overflow_after_s=30),
        PoolEntry(id=night, name="Night", overflow=first().id, overflow_after_s=20),
    )
    assert {each.name: each.pools for each in house.secretaries} == {"Aoife": (night,), "Claire": (first().id,)}
    assert switchboard.client_slice(house="demo", client=cast.atlas, version=1, at=NOW).pool == night
    assert switchboard.client_slice(house="demo", client=cast.weber, version=1, at=NOW).pool == ""


def test_a_changed_pool_makes_another_slice_of_the_house(cast, deliver_all):
    deliver_all(NOW)
    before = SliceVersion.objects.for_house("demo").get(client=None).version
    membership.add_pool(name="Night", by=cast.marc, at=NOW)
    deliver_all(NOW)
    assert SliceVersion.objects.for_house("demo").get(client=None).version == before + 1


def test_refusals_of_the_pools(cast):
    pool, theirs = first().id, first("nadia").id
    night = membership.add_pool(name="Night", overflow=pool, by=cast.marc, at=NOW)
    with pytest.raises(membership.PoolNameTaken):
        membership.add_pool(name="Night", by=cast.marc, at=NOW)
    with pytest.raises(membership.PoolUnknown):
        membership.add_pool(name="Third", overflow=theirs, by=cast.marc, at=NOW)
    change = {"name": "Night", "position": 1, "by": cast.marc, "at": NOW}
    with pytest.raises(membership.OverflowUnfit):
        membership.change_pool(pool=night, overflow=night, overflow_after_s=3, **change)
    with pytest.raises(membership.OverflowUnfit):
        membership.change_pool(pool=night, overflow=pool, overflow_after_s=-1, **change)
    with pytest.raises(membership.PoolUnknown):
        membership.change_pool(pool=theirs, overflow="", overflow_after_s=3, **change)
    for unknown in (theirs, "0", "x", "", "9" * 30, "-1"):
        with pytest.raises(membership.PoolUnknown):
            membership.remove_pool(pool=unknown, by=cast.marc, at=NOW)
    with pytest.raises(membership.PoolMissing):
        operations.change_secretary(
            secretary=cast.claire_secretary, languages=("fr",), active=True, pools=(), by=cast.marc, at=NOW
        )
    with pytest.raises(membership.PoolUnknown):
        operations.change_secretary(
            secretary=cast.claire_secretary, languages=("fr",), active=True, pools=(night, theirs), by=cast.marc, at=NOW
        )
    with pytest.raises(membership.PoolUnknown):
        clients.set_pool(client=cast.weber, pool=theirs, by=cast.marc, at=NOW)
    assert pools_of(cast.claire_secretary) == (pool,)


def test_a_pool_goes_only_when_nothing_hangs_on_it(cast):
    pool = first().id
    with pytest.raises(membership.PoolInUse):  # the only one
        membership.remove_pool(pool=pool, by=cast.marc, at=NOW)
    night = membership.add_pool(name="Night", by=cast.marc, at=NOW)
    clients.set_pool(client=cast.weber, pool=night, by=cast.marc, at=NOW)
    for used in (pool, night):
        with pytest.raises(membership.PoolInUse):
            membership.remove_pool(pool=used, by=cast.marc, at=NOW)
    assert not AuditEntry.objects.filter(action="pool.removed").exists()
    clients.set_pool(client=cast.weber, pool="", by=cast.marc, at=NOW)
    membership.remove_pool(pool=night, by=cast.marc, at=NOW)
    assert [each.id for each in queries.pools(house="demo")] == [pool]
    assert AuditEntry.objects.filter(action="pool.removed").count() == 1


def test_the_database_keeps_members_and_help_sound(cast):
    row = Pool.objects.get(pk=int(first().id))
    with pytest.raises(IntegrityError), transaction.atomic():
        Pool.objects.filter(pk=row.pk).update(overflow=row.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        PoolMember.objects.create(house=row.house, pool=row, secretary_id=int(cast.claire_secretary))


def test_an_owner_makes_a_pool_puts_people_in_it_and_gives_it_a_client(cast, browser_of):
    marc = browser_of(cast.marc)
    page = marc.get("/backstage/staff/pool/").content.decode()
    assert "Aoife, Claire" in page
    assert "Cabinet Dupont" in page
    url = "/backstage/staff/pool/add/"
    assert fill(marc, url, name="Nuit", overflow=first().id, overflow_after_s="25").status_code == 302
    night = queries.pools(house="demo")[1]
    assert (night.name, night.overflow, night.overflow_after_s) == ("Nuit", first().id, 25)
    person = f"/backstage/foundation/person/{cast.claire.person}/change/"
    assert fill(marc, person, pools=[night.id]).status_code == 302
    assert pools_of(cast.claire_secretary) == (night.id,)
    assert fill(marc, person, pools=[]).status_code == 302
    assert pools_of(cast.claire_secretary) == (first().id,)
    assert fill(marc, person, pools=[night.id]).status_code == 302
    assert fill(marc, f"/backstage/clients/client/{cast.weber}/change/", pool=night.id).status_code == 302
    assert client_queries.client(house="demo", client=cast.weber).pool == night.id
    page = marc.get(f"/backstage/staff/pool/{night.id}/change/").content.decode()
    assert "Claire" in page
    assert "Dr Weber" in page
    assert marc.get(f"/backstage/staff/pool/{night.id}/delete/").status_code == 403
    assert OutboxEvent.objects.filter(name="PoolChanged").count() == 1


@pytest.mark.parametrize(
    "changes", [{"name": "Permanence du Kirchberg"}, {"name": " "}, {"overflow_after_s": "3601"}, {"overflow": "self"}]
)
def test_a_mistake_about_a_pool_is_said(cast, browser_of, changes):
    marc = browser_of(cast.marc)
    night = membership.add_pool(name="Night", by=cast.marc, at=NOW)
    given = {key: night if value == "self" else value for key, value in changes.items()}
    answer = fill(marc, f"/backstage/staff/pool/{night}/change/", **given)
    assert answer.status_code == 200
    assert errors(answer)
    assert queries.pools(house="demo")[1].name == "Night"


def test_a_pool_of_the_other_house_is_not_offered(cast, browser_of):
    theirs = first("nadia").id
    marc = browser_of(cast.marc)
    answer = fill(marc, f"/backstage/clients/client/{cast.weber}/change/", pool=theirs)
    assert answer.status_code == 200
    assert errors(answer)
    assert fill(marc, f"/backstage/foundation/person/{cast.claire.person}/change/", pools=[theirs]).status_code == 200
    assert theirs not in pools_of(cast.claire_secretary)
