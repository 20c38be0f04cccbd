# SPDX-License-Identifier: AGPL-3.0-or-later
"""The demonstration house: complete, loaded once, never beside a real one."""

import re

import pytest
from django.contrib.auth import authenticate

from permanence.clients import queries
from permanence.foundation import operations
from permanence.foundation.models import House, Person
from permanence.project import demo_cast
from permanence.project.demo_house import NotADemonstration, load_demo_house
from permanence.project.supervisor import printed
from permanence.reception.hours import is_open_at
from permanence.staff.models import Secretary
from tests.rooms.conftest import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def loaded(entropy):
    load_demo_house(at=NOW, entropy=entropy)


def test_every_printed_login_opens_a_door(demonstration):
    for login in demo_cast.DEMONSTRATION_LOGINS:
        found = authenticate(username=login.email, password=login.password)
        assert found is not None, login
        assert found.roles, login


def test_every_printed_number_is_a_line_and_the_first_two_are_always_open(demonstration):
    lines = queries.lines(house="demo")
    assert set(lines) == {number for _, number in demo_cast.NUMBERS}
    for _name, number in demo_cast.NUMBERS[:2]:
        file = queries.client_file(house="demo", client=lines[number], at=NOW)
        view = file.view
        for month in range(1, 13):
            for hour in (0, 12, 23):
                at = NOW.replace(month=month, day=25, hour=hour)
                assert is_open_at(file.hours, zone=view.time_zone, country=view.country, region=view.region, at=at)


def test_every_client_can_be_answered(loaded):
    for client in queries.clients(house="demo"):
        account = queries.client_file(house="demo", client=client.id, at=NOW)
        assert {greeting.language for greeting in account.greetings} >= {client.languages[0]}
        assert all("{name}" in greeting.text for greeting in account.greetings)
        assert len(account.instructions) == 3
        assert account.recipients
        assert len(account.reasons) == 6
        assert queries.portal_users(house="demo", client=client.id)


def test_every_address_is_an_example(loaded):
    addresses = list(Person.objects.values_list("email", flat=True))
    for client in queries.clients(house="demo"):
        addresses += [each.email for each in queries.recipients(house="demo", client=client.id)]
    assert len(addresses) > 10
    assert [address for address in addresses if not re.fullmatch(r"[a-z]+@[a-z]+\.example", address)] == []


def test_loading_again_changes_nothing(loaded, entropy, django_assert_num_queries):
    with django_assert_num_queries(3):  # savepoint, look, release
        load_demo_house(at=NOW, entropy=entropy)
    assert House.objects.count() == 1


def test_never_beside_a_real_house(db, entropy):
    operations.open_house(slug="real", name="R", language="fr", country="FR", time_zone="Europe/Paris", at=NOW)
    with pytest.raises(NotADemonstration):
        load_demo_house(at=NOW, entropy=entropy)
    assert [house.slug for house in House.objects.all()] == ["real"]


def test_never_in_a_configuration_that_is_not_the_demonstration(db, entropy, settings):
    settings.DEMONSTRATION = False
    with pytest.raises(NotADemonstration):
        load_demo_house(at=NOW, entropy=entropy)
    assert not House.objects.exists()


def test_those_with_the_printed_password_are_named_until_all_have_another(loaded):
    emails = {login.email for login in demo_cast.DEMONSTRATION_LOGINS}
    assert printed.still_printed() == sorted(emails - {demo_cast.ROTH})
    by = operations.system_of(House.objects.get())
    for person in Person.objects.exclude(email=demo_cast.ATLAS):
        operations.give_password(person=str(person.pk), password="seven brave herons", by=by, at=NOW)
    assert printed.still_printed() == [demo_cast.ATLAS]
    last = Person.objects.get(email=demo_cast.ATLAS)
    operations.give_password(person=str(last.pk), password="eight brave herons", by=by, at=NOW)
    assert printed.still_printed() == []


def test_only_a_secretary_who_speaks_english_fits_the_english_line(loaded):
    lines = queries.lines(house="demo")
    client = queries.client_file(house="demo", client=lines[demo_cast.ATLAS_LINE], at=NOW).view
    fitting = [each.person.name for each in Secretary.objects.all() if set(each.languages) & set(client.languages)]
    assert (tuple(client.languages), fitting) == (("en",), ["Aoife"])
