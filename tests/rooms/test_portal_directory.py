# SPDX-License-Identifier: AGPL-3.0-or-later
"""The client's directory and sites in his portal: seen as on the card, changed, taken back; nothing of another's."""

from dataclasses import asdict

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from permanence.clients import directory_operations as operations
from permanence.clients import queries
from permanence.clients.directory_queries import held_contacts, held_sites, last_changes
from permanence.clients.directory_rules import MOST_CONTACTS
from permanence.clients.entry_undo import undo
from permanence.clients.models import Contact, EntryChange, Site
from permanence.foundation.models import AuditEntry, OutboxEvent
from permanence.kernel.system import SystemClock, SystemEntropy
from permanence.reception.table import ContactEntry, SiteEntry
from tests.rooms.messaging_cast import make_cast
from tests.rooms.test_portal_line import hidden, page, signed_in, text_of

pytestmark = pytest.mark.django_db
KLEIN = ContactEntry(name="Dr Klein", function="remplaçante", numbers=("+352621000158",), may_say="urgences seulement")
SITE = SiteEntry(name="Limpertsberg", address="12 avenue Pasteur", lift="no", floor="1")
FORM = {"name": "Dr Klein", "function": "", "numbers": ["621 000 158", ""], "number_for": "nobody", "may_say": ""}
PLACE = {"name": "Kirchberg", "address": "2 rue Erasme", "access": "", "floor": "2", "lift": "yes"}


@pytest.fixture
def cast():
    return make_cast()


@pytest.fixture
def now():
    return SystemClock().now()


def contacts(cast):
    return queries.client_file(house=cast.house, client=cast.weber.id, at=SystemClock().now()).contacts


def put(cast, entry, now, **changes):
    if isinstance(entry, SiteEntry):
        operations.put_site(client=cast.weber.id, site=entry, by=cast.marc, at=now, **changes)
    else:
        operations.put_contact(client=cast.weber.id, contact=entry, by=cast.marc, at=now, **changes)


def test_a_contact_is_looked_at_as_on_the_card_then_saved(cast):
    browser = signed_in(cast.dr_weber)
    form = browser.get(page(cast, "/contacts/new"))
    looked = browser.post(page(cast, "/contacts/new"), {**FORM, "mark": hidden(form, "mark"), "step": "check"})
    assert "What the secretary will see Dr Klein 621 000 158 do not give the number" in text_of(looked)
    assert not Contact.objects.exists()

    saved = browser.post(page(cast, "/contacts/new"), {**FORM, "mark": hidden(looked, "mark"), "step": "save"})
    assert saved.status_code == 303
    assert [(each.name, each.numbers) for each in contacts(cast)] == [("Dr Klein", ("+352621000158",))]
    assert AuditEntry.objects.get(action="client.contact_put").by_name == cast.dr_weber.name
    assert OutboxEvent.objects.filter(name="ClientChanged", body__client=cast.weber.id).exists()
    assert "It holds from the next call on." in text_of(browser.get(saved["Location"]))


def test_a_contact_gets_another_name_and_keeps_its_place(cast, now):
    put(cast, KLEIN, now)
    put(cast, ContactEntry(name="Pharmacie"), now)
    browser, key = signed_in(cast.dr_weber), held_contacts(house=cast.house, client=cast.weber.id)[0].id
    form = browser.get(page(cast, f"/contacts/{key}"))
    typed = {**FORM, "name": "Dr Anne Klein", "mark": hidden(form, "mark"), "step": "save"}
    assert browser.post(page(cast, f"/contacts/{key}"), typed).status_code == 303
    assert [each.name for each in contacts(cast)] == ["Dr Anne Klein", "Pharmacie"]


def test_a_contact_is_removed_and_taken_back_where_it_stood(cast, now):
    put(cast, KLEIN, now)
    put(cast, ContactEntry(name="Pharmacie"), now)
    browser, before = signed_in(cast.dr_weber), contacts(cast)
    held = held_contacts(house=cast.house, client=cast.weber.id)[0]
    gone = browser.post(page(cast, f"/contacts/{held.id}/remove"), {"mark": held.mark})
    assert gone.status_code == 303
    assert [each.name for each in contacts(cast)] == ["Pharmacie"]

    listed = browser.get(gone["Location"])
    assert "Dr Klein: removed" in text_of(listed)
    (newest, *_older) = last_changes(house=cast.house, client=cast.weber.id, at=now.replace(year=now.year))
    assert browser.post(page(cast, f"/directory/undo/{newest.id}")).status_code == 303
    assert contacts(cast) == before
    assert browser.post(page(cast, f"/directory/undo/{newest.id}")).status_code == 404, "once only"


def test_a_site_is_written_changed_removed_and_taken_back(cast):
    browser = signed_in(cast.dr_weber)
    form = browser.get(page(cast, "/sites/new"))
    looked = browser.post(page(cast, "/sites/new"), {**PLACE, "mark": hidden(form, "mark"), "step": "check"})
    assert "What the secretary will see Kirchberg Address 2 rue Erasme Floor 2 Lift yes" in text_of(looked)
    assert (
        browser.post(page(cast, "/sites/new"), {**PLACE, "mark": hidden(form, "mark"), "step": "save"}).status_code
        == 303
    )
    (held,) = held_sites(house=cast.house, client=cast.weber.id)
    changed = {**PLACE, "floor": "3", "mark": held.mark, "step": "save"}
    assert browser.post(page(cast, f"/sites/{held.id}"), changed).status_code == 303
    (held,) = held_sites(house=cast.house, client=cast.weber.id)
    assert held.entry.floor == "3"
    assert browser.post(page(cast, f"/sites/{held.id}/remove"), {"mark": held.mark}).status_code == 303
    assert held_sites(house=cast.house, client=cast.weber.id) == ()
    newest = EntryChange.objects.order_by("-pk")[0].pk
    assert browser.post(page(cast, f"/directory/undo/{newest}")).status_code == 303
    assert [each.entry for each in held_sites(house=cast.house, client=cast.weber.id)] == [held.entry]


def test_the_second_of_two_people_at_one_contact_sees_the_difference_and_loses_nothing(cast, now):
    put(cast, KLEIN, now)
    browser, key = signed_in(cast.dr_weber), held_contacts(house=cast.house, client=cast.weber.id)[0].id
    form = browser.get(page(cast, f"/contacts/{key}"))
    put(cast, ContactEntry(name="Dr Klein", function="de Marc"), now)
    mine = {**FORM, "function": "de Weber", "mark": hidden(form, "mark"), "step": "save"}
    refused = browser.post(page(cast, f"/contacts/{key}"), mine)
    assert refused.status_code == 409
    assert "This stands there now: Dr Klein de Marc" in text_of(refused)
    assert 'value="de Weber"' in refused.content.decode()
    assert contacts(cast)[0].function == "de Marc"

    again = browser.post(page(cast, f"/contacts/{key}"), {**mine, "mark": hidden(refused, "mark")})
    assert again.status_code == 303
    assert contacts(cast)[0].function == "de Weber"


def test_who_removes_or_writes_what_is_no_longer_there_is_told(cast, now):
    put(cast, KLEIN, now)
    browser, held = signed_in(cast.dr_weber), held_contacts(house=cast.house, client=cast.weber.id)[0]
    put(cast, ContactEntry(name="Dr Klein", function="de Marc"), now)
    refused = browser.post(page(cast, f"/contacts/{held.id}/remove"), {"mark": held.mark})
    assert refused.status_code == 409
    assert [each.function for each in contacts(cast)] == ["de Marc"]
    operations.remove_contact(client=cast.weber.id, name="Dr Klein", by=cast.marc, at=now)
    told = browser.post(page(cast, f"/contacts/{held.id}"), {**FORM, "mark": held.mark, "step": "save"})
    assert told.status_code == 422
    assert 'value="Dr Klein"' in told.content.decode()
    assert browser.post(page(cast, f"/contacts/{held.id}/remove"), {"mark": held.mark}).status_code == 404
    assert browser.get(page(cast, f"/contacts/{held.id}")).status_code == 404


def test_what_was_changed_since_is_not_taken_back(cast, now):
    put(cast, KLEIN, now)
    first = EntryChange.objects.get().pk
    put(cast, ContactEntry(name="Dr Klein", function="autre"), now)
    refused = signed_in(cast.dr_weber).post(page(cast, f"/directory/undo/{first}"))
    assert refused.status_code == 409
    assert 'role="alert"' in refused.content.decode()
    assert [each.function for each in contacts(cast)] == ["autre"]


@pytest.mark.parametrize(
    "typed",
    [
        {"name": ""},
        {"name": " \r\n "},
        {"name": "x" * 121},
        {"numbers": ["hier"]},
        {"numbers": ["+3"]},
        {"numbers": ["<b>1</b>"]},
        {"numbers": [f"621 000 15{digit}" for digit in range(5)]},
        {"number_for": "everybody"},
        {"number_for": ""},
        {"may_say": "x" * 301},
        {"function": "x" * 81},
    ],
)
@pytest.mark.parametrize("step", ["check", "save"])
def test_a_contact_that_cannot_be_is_refused_and_comes_back_as_typed(cast, typed, step):
    browser = signed_in(cast.dr_weber)
    mark = hidden(browser.get(page(cast, "/contacts/new")), "mark")
    answer = browser.post(page(cast, "/contacts/new"), {**FORM, **typed, "mark": mark, "step": step})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert not Contact.objects.exists()


@pytest.mark.parametrize("typed", [{"name": ""}, {"lift": "maybe"}, {"address": "x" * 301}, {"hours": "x" * 201}])
def test_a_site_that_cannot_be_is_refused(cast, typed):
    browser = signed_in(cast.dr_weber)
    mark = hidden(browser.get(page(cast, "/sites/new")), "mark")
    answer = browser.post(page(cast, "/sites/new"), {**PLACE, **typed, "mark": mark, "step": "save"})
    assert answer.status_code == 422
    assert not Site.objects.exists()


def test_html_in_a_contact_is_text(cast, now):
    put(cast, ContactEntry(name="<script>alert(1)</script>", may_say="<img src=x>"), now)
    shown = signed_in(cast.dr_weber).get(page(cast, "/directory")).content.decode()
    assert "<script>alert" not in shown
    assert "<img" not in shown


def test_a_name_that_another_has_is_refused(cast, now):
    put(cast, KLEIN, now)
    put(cast, ContactEntry(name="Pharmacie"), now)
    browser, held = signed_in(cast.dr_weber), held_contacts(house=cast.house, client=cast.weber.id)[1]
    typed = {**FORM, "mark": held.mark, "step": "save"}
    assert browser.post(page(cast, f"/contacts/{held.id}"), typed).status_code == 422
    new = browser.post(
        page(cast, "/contacts/new"), {**typed, "mark": hidden(browser.get(page(cast, "/contacts/new")), "mark")}
    )
    assert new.status_code == 422
    assert [each.name for each in contacts(cast)] == ["Dr Klein", "Pharmacie"]


def test_a_full_directory_says_so(cast, now):
    row = {"house_id": cast.marc.house_key, "client_id": int(cast.weber.id)}
    Contact.objects.bulk_create(Contact(**row, name=f"n{place}", position=place) for place in range(MOST_CONTACTS))
    browser = signed_in(cast.dr_weber)
    mark = hidden(browser.get(page(cast, "/contacts/new")), "mark")
    answer = browser.post(page(cast, "/contacts/new"), {**FORM, "mark": mark, "step": "save"})
    assert answer.status_code == 422
    assert "The card can hold no more." in text_of(answer)


@pytest.mark.parametrize(
    "part",
    ["contacts/{key}", "contacts/{key}/remove", "sites/{site}", "sites/{site}/remove", "directory/undo/{change}"],
)
def test_an_entry_of_another_client_is_not_there(cast, now, part):
    put(cast, KLEIN, now)
    put(cast, SITE, now)
    keys = {
        "key": Contact.objects.get().pk,
        "site": Site.objects.get().pk,
        "change": EntryChange.objects.filter(entry="contact").get().pk,
    }
    address = f"/portal/line/{cast.cabinet.id}/{part.format(**keys)}"
    browser = signed_in(cast.dr_dupont)
    mark = held_contacts(house=cast.house, client=cast.weber.id)[0].mark
    answer = browser.post(address, {**FORM, "mark": mark, "step": "check"})
    assert answer.status_code in {404, 422}
    assert "621" not in text_of(answer).replace("621 000 158", ""), "only what was typed comes back"
    assert contacts(cast)[0].name == "Dr Klein"
    assert held_sites(house=cast.house, client=cast.weber.id)[0].entry == SITE
    other = browser.post(f"/portal/line/{cast.weber.id}/{part.format(**keys)}", {"mark": mark})
    assert other.status_code == 404


entries = st.builds(
    ContactEntry,
    name=st.sampled_from(["Dr Klein", "Pharmacie", "Garde"]),
    function=st.sampled_from(["", "a", "b"]),
    numbers=st.sampled_from([(), ("+352621000158",), ("+352621000158", "+33123456789")]),
    number_for=st.sampled_from(["nobody", "professionals", "callers"]),
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(steps=st.lists(st.one_of(entries, st.sampled_from(["Dr Klein", "Pharmacie", "Garde"])), max_size=6))
def test_every_change_can_be_taken_back_down_to_nothing(cast, now, steps):
    """Undone from the newest to the oldest, the directory goes back through every state it had."""
    Contact.objects.all().delete()
    EntryChange.objects.all().delete()
    states = []
    for step in steps:
        before = [asdict(each) for each in contacts(cast)]
        try:
            if isinstance(step, ContactEntry):
                put(cast, step, now)
            else:
                operations.remove_contact(client=cast.weber.id, name=step, by=cast.marc, at=now)
        except operations.EntryUnknown:
            continue
        if EntryChange.objects.count() > len(states):
            states.append(before)
    changes = list(EntryChange.objects.order_by("-pk").values_list("pk", flat=True))
    for change, wanted in zip(changes, reversed(states), strict=True):
        undo(client=cast.weber.id, change=str(change), by=cast.dr_weber, at=now, entropy=SystemEntropy())
        assert [asdict(each) for each in contacts(cast)] == wanted
