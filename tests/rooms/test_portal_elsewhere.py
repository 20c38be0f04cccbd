# SPDX-License-Identifier: AGPL-3.0-or-later
"""The client's external agendas in his portal: seen as on the card, changed, removed; no link that must not open."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from permanence.clients import external_agendas, queries
from permanence.clients.agenda_queries import agendas_of, held_agendas
from permanence.clients.models import ExternalAgenda, Recipient
from permanence.clients.rules.agenda_links import LinkUnfit, read_link
from permanence.foundation.models import AuditEntry, OutboxEvent
from permanence.kernel.system import SystemClock
from tests.rooms.messaging_cast import NOON, make_cast
from tests.rooms.test_portal_line import hidden, page, signed_in, text_of

pytestmark = pytest.mark.django_db
LINK = "https://www.doctolib.fr/weber"
FORM = {"product": "Doctolib", "link": LINK, "recipient": "", "remark": "Code au portail"}


@pytest.fixture
def cast():
    return make_cast()


def put(cast, account, *, link=LINK, recipient="", product="Maiia", **more):
    given = {"product": product, "link": link, "by": cast.marc, "at": NOON, **more}
    external_agendas.put_agenda(client=account.id, recipient=recipient, **given)


def held(cast, account=None):
    return held_agendas(house=cast.house, client=(account or cast.weber).id)


def on_the_card(cast):
    file = queries.client_file(house=cast.house, client=cast.weber.id, at=SystemClock().now())
    return [(each.product, each.link, each.recipient, each.remark) for each in file.agendas]


def test_an_agenda_is_looked_at_as_on_the_card_then_saved(cast):
    browser, new = signed_in(cast.dr_weber), page(cast, "/elsewhere/new")
    form = browser.get(new)
    looked = browser.post(new, {**FORM, "recipient": cast.weber.doctor, "mark": hidden(form, "mark"), "step": "check"})
    assert looked.status_code == 200
    assert "What the secretary will see Doctolib Dr Weber www.doctolib.fr Code au portail" in text_of(looked)
    assert on_the_card(cast) == []
    saved = browser.post(new, {**FORM, "mark": hidden(looked, "mark"), "step": "save"})
    assert saved.status_code == 303
    assert on_the_card(cast) == [("Doctolib", LINK, "", "Code au portail")]
    assert AuditEntry.objects.get(action="client.agenda_put").by_name == cast.dr_weber.name
    assert OutboxEvent.objects.filter(name="ClientChanged", body__client=cast.weber.id).exists()
    listed = text_of(browser.get(saved["Location"]))
    assert "It is saved. It holds from the next call on." in listed
    assert "Doctolib www.doctolib.fr" in listed
    assert "External agendas: Doctolib For an agenda that you keep on another site" in text_of(
        browser.get(page(cast, ""))
    )


def test_an_agenda_changes_hands_in_its_place_and_is_removed(cast):
    put(cast, cast.weber)
    browser, (one,) = signed_in(cast.dr_weber), held(cast)
    address = page(cast, f"/elsewhere/{one.id}")
    typed = {**FORM, "recipient": cast.weber.doctor, "mark": one.mark, "step": "save"}
    assert browser.post(address, typed).status_code == 303
    assert on_the_card(cast) == [("Doctolib", LINK, cast.weber.doctor, "Code au portail")]
    (later,) = held(cast)
    assert (later.id, later.mark == one.mark) == (one.id, False)
    assert browser.post(f"{address}/remove", {"mark": later.mark}).status_code == 303
    assert on_the_card(cast) == []
    assert browser.get(address).status_code == 404
    assert browser.post(f"{address}/remove", {"mark": later.mark}).status_code == 404


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ({"link": "http://www.doctolib.fr/"}, "begins with https://"),
        ({"link": "https://me:secret@www.doctolib.fr/"}, "A name or a password stands in the link"),
        ({"link": "https://192.168.0.1/"}, "does not lead to a site by its name"),
        ({"link": "javascript:alert(1)"}, "begins with https://"),
        ({"link": "no link"}, "copy it from the address bar"),
        ({"link": ""}, "copy it from the address bar"),
        ({"product": " \x00 "}, "Write the agenda’s name"),
        ({"product": "x" * 61}, "Write the agenda’s name"),
        ({"remark": "x" * 201}, "Something is too long"),
        ({"recipient": "0"}, "Choose among the persons of the list."),
    ],
)
def test_what_does_not_fit_is_refused_in_words_and_comes_back_as_it_was_typed(cast, typed, why):
    browser, new = signed_in(cast.dr_weber), page(cast, "/elsewhere/new")
    for step in ("check", "save"):
        refused = browser.post(new, {**FORM, **typed, "mark": hidden(browser.get(new), "mark"), "step": step})
        assert refused.status_code == 422, step
        assert why in text_of(refused)
        assert 'value="Code au portail"' in refused.content.decode() or "remark" in typed
    assert on_the_card(cast) == []


def test_nobody_gets_a_second_agenda_and_nobody_who_left_gets_one(cast):
    put(cast, cast.weber)
    browser, new = signed_in(cast.dr_weber), page(cast, "/elsewhere/new")
    typed = {**FORM, "mark": hidden(browser.get(new), "mark"), "step": "save"}
    refused = browser.post(new, typed)
    assert (refused.status_code, on_the_card(cast)[0][0]) == (422, "Maiia")
    assert "There is an agenda for the same already" in text_of(refused)
    Recipient.objects.filter(pk=cast.weber.doctor).update(active=False)
    assert browser.post(new, {**typed, "recipient": cast.weber.doctor}).status_code == 422
    with pytest.raises(external_agendas.AgendaUnfit):
        put(cast, cast.weber, recipient=cast.weber.doctor)


def test_the_second_of_two_people_sees_what_stands_there_and_loses_nothing(cast):
    put(cast, cast.weber)
    browser, (one,) = signed_in(cast.dr_weber), held(cast)
    address = page(cast, f"/elsewhere/{one.id}")
    mark = hidden(browser.get(address), "mark")
    put(cast, cast.weber, product="Doctena")
    mine = {**FORM, "mark": mark, "step": "save"}
    refused = browser.post(address, mine)
    assert refused.status_code == 409
    assert "This stands there now: Doctena www.doctolib.fr" in text_of(refused)
    assert 'value="Doctolib"' in refused.content.decode()
    assert browser.post(f"{address}/remove", {"mark": mark}).status_code == 409
    assert on_the_card(cast)[0][0] == "Doctena"
    assert browser.post(address, {**mine, "mark": hidden(refused, "mark")}).status_code == 303
    assert on_the_card(cast)[0][0] == "Doctolib"
    external_agendas.remove_agenda(client=cast.weber.id, recipient="", by=cast.marc, at=NOON)
    told = browser.post(address, mine)
    assert told.status_code == 422
    assert "It was removed while you wrote" in text_of(told)
    again = browser.post(page(cast, "/elsewhere/new"), {**mine, "mark": hidden(told, "mark")})
    assert (again.status_code, len(on_the_card(cast))) == (303, 1)


def test_the_operation_itself_keeps_to_what_the_change_began_from(cast):
    put(cast, cast.weber)
    (one,) = held(cast)
    put(cast, cast.weber, product="Doctena")
    for refused in (
        {"instead_of": one.id, "began_from": one.mark},
        {"began_from": one.mark},
    ):
        with pytest.raises(external_agendas.AgendaChanged):
            put(cast, cast.weber, **refused)
    with pytest.raises(external_agendas.AgendaTaken):
        put(cast, cast.weber, instead_of="")
    with pytest.raises(external_agendas.AgendaUnknown):
        put(cast, cast.weber, instead_of=held(cast)[0].id + "0")
    put(cast, cast.cabinet)
    with pytest.raises(external_agendas.AgendaUnknown):
        put(cast, cast.weber, recipient=cast.weber.doctor, instead_of=held(cast, cast.cabinet)[0].id)
    assert [each.entry.product for each in held(cast)] == ["Doctena"]


def test_nothing_of_another_client_is_there(cast):
    put(cast, cast.weber)
    put(cast, cast.cabinet)
    (own,), (theirs,) = held(cast), held(cast, cast.cabinet)
    browser = signed_in(cast.dr_weber)
    assert browser.get(page(cast, f"/elsewhere/{theirs.id}")).status_code == 404
    told = browser.post(page(cast, f"/elsewhere/{theirs.id}"), {**FORM, "mark": theirs.mark, "step": "save"})
    assert (told.status_code, "Maiia" in text_of(told).partition("Which agenda")[0]) == (422, False)
    assert browser.post(page(cast, f"/elsewhere/{theirs.id}/remove"), {"mark": theirs.mark}).status_code == 404
    for who in (cast.dr_dupont, cast.other_doctor):
        asked = signed_in(who)
        for path in ("", "/new", f"/{own.id}"):
            assert asked.get(page(cast, f"/elsewhere{path}")).status_code == 404, (who.name, path)
        assert asked.post(page(cast, f"/elsewhere/{own.id}"), {**FORM, "step": "save"}).status_code == 404
        assert asked.post(page(cast, f"/elsewhere/{own.id}/remove"), {"mark": own.mark}).status_code == 404
    assert (len(held(cast)), len(held(cast, cast.cabinet))) == (1, 1)
    assert held_agendas(house=cast.other_house, client=cast.weber.id) == ()
    assert AuditEntry.objects.filter(action="security.not_hers", client_key=cast.weber.id).exists()


def test_a_link_written_by_another_hand_is_shown_as_what_it_is(cast):
    house = cast.marc.house_key
    ExternalAgenda.objects.create(
        house_id=house, client_id=int(cast.weber.id), product="X", link="https://a:b@agenda.example/"
    )
    assert agendas_of(cast.house, int(cast.weber.id)) == ()
    listed = signed_in(cast.dr_weber).get(page(cast, "/elsewhere"))
    assert "X The link cannot be opened: the secretary does not see it." in text_of(listed)
    assert 'href="https://a:b@' not in listed.content.decode()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(link=st.text(max_size=60) | st.builds("https://{}/".format, st.text(max_size=30)), product=st.text(max_size=70))
def test_whatever_is_typed_the_page_answers_and_only_what_may_be_opened_is_kept(cast, link, product):
    ExternalAgenda.objects.all().delete()
    browser, new = signed_in(cast.dr_weber), page(cast, "/elsewhere/new")
    typed = {"product": product, "link": link, "mark": hidden(browser.get(new), "mark"), "step": "save"}
    answer = browser.post(new, typed)
    assert answer.status_code in {303, 422}
    for _product, kept, _whose, _remark in on_the_card(cast):
        assert read_link(kept).text == kept
    if answer.status_code == 422 and product.split() and len(product) <= 60 and "\x00" not in product:
        with pytest.raises(LinkUnfit):
            read_link(" ".join(link.replace("\x00", "").split()))
