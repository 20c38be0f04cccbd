# SPDX-License-Identifier: AGPL-3.0-or-later
"""Message form, sites, directory and agendas elsewhere of a card: kept as they were shown, each once."""

import dataclasses
import string
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils.html import escape
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from permanence.calls import shown
from permanence.calls.models import CallOffer, CardPart
from permanence.clients import directory_operations, external_agendas
from permanence.clients import operations as clients
from permanence.clients.models import Contact, ExternalAgenda, Reason, Recipient, Site
from permanence.clients.rules import RecipientKind
from permanence.kernel.events import to_plain
from permanence.reception.table import ContactEntry, RoutingTable, SiteEntry
from permanence.switchboard.operations import HOUSE, current_slice
from tests.rooms.conftest import NOW, SignedInBrowser
from tests.rooms.test_calls_shown import House

pytestmark = pytest.mark.django_db

PARTS = ("form", "sites", "contacts", "agendas")
LINK = "https://www.doctena.lu/weber"


def of(console):
    """Of the card that the console got, what is kept as parts, and the words beside the name."""
    return {name: console[name] for name in (*PARTS, "place", "time_zone", "open_until_ms")}


def again(card):
    """The same of a card shown again."""
    beside = {name: getattr(card, name) for name in ("place", "time_zone", "open_until_ms")}
    return {**{name: to_plain(getattr(card.parts, name)) for name in PARTS}, **beside}


def rung(cast):
    """A call for Dr Weber that rings at Claire's: the house, and the card as JSON that her console got."""
    house = House(cast)
    house.sits(cast.claire_secretary)
    return house, house.rings("c1").card.plain()


def rings_next(cast, house, before, call):
    """The caller `before` is gone, what was changed has reached the telephone, and the next one rings."""
    house.keep(house.desk.call_gone(before, at=NOW))
    slices = [current_slice(house=cast.house, client=client, at=NOW) for client in (HOUSE, cast.weber)]
    house.keep(house.desk.table_changed(RoutingTable.holding(slices), at=NOW))
    house.keep(house.desk.ready(cast.claire_secretary, at=NOW))
    return house.rings(call).card.plain()


def fill(cast):
    """Something stands in each part of Dr Weber's card."""
    common = {"client": cast.weber, "by": cast.marc, "at": NOW}
    site = SiteEntry(name="Limpertsberg", address="12 avenue Pasteur", access="code 17B", parking="Glacis", lift="no")
    contact = ContactEntry(
        name="Dr Klein", function="remplaçante", numbers=("+352621000158",), number_for="callers", may_say="tout"
    )
    directory_operations.put_site(site=site, **common)
    directory_operations.put_contact(contact=contact, **common)
    external_agendas.put_agenda(
        recipient=cast.recipients["Dr Weber"], product="Doctena", link=LINK, remark="sans premier rendez-vous", **common
    )


def test_every_part_is_shown_again_as_the_console_had_it(cast):
    fill(cast)
    _house, console = rung(cast)
    assert all(console[name] for name in (*PARTS, "open_until_ms"))
    before = SignedInBrowser(cast.marc).get("/supervision/calls/c1").content.decode()
    for table in (Site, Contact, ExternalAgenda, Reason):
        table.objects.filter(client=int(cast.weber)).delete()
    Recipient.objects.filter(client=int(cast.weber)).update(name="Dr Nouveau")
    current_slice(house=cast.house, client=cast.weber, at=NOW)
    (card,) = shown.cards_of(house=cast.house, call="c1")
    assert again(card) == of(console)
    after = SignedInBrowser(cast.marc).get("/supervision/calls/c1").content.decode()
    for words in ("12 avenue Pasteur", "code 17B", "Dr Klein", "621 000 158", "Doctena", LINK, "sans premier"):
        assert words in before
        assert words in after
    assert all(escape(each["label"]) in after for each in console["form"]["reasons"])
    assert "Dr Nouveau" not in after


WORDS = st.text(string.ascii_letters + string.digits + " éß«»&<>'\"’", min_size=1, max_size=12).map(
    lambda text: f"x{text.strip()}"
)
NAMES = st.sampled_from(["Un", "Deux", "Trois"])
EDITS = st.one_of(
    st.tuples(st.just("site"), NAMES, WORDS),
    st.tuples(st.just("no_site"), NAMES, st.just("")),
    st.tuples(st.just("contact"), NAMES, WORDS),
    st.tuples(st.just("no_contact"), NAMES, st.just("")),
    st.tuples(st.just("agenda"), NAMES, WORDS),
    st.tuples(st.just("no_agenda"), NAMES, st.just("")),
    st.tuples(st.just("recipient"), NAMES, WORDS),
    st.tuples(st.just("reason"), NAMES, WORDS),
    st.tuples(st.just("no_reason"), NAMES, st.just("")),
)


class Editor:
    """Every kind of edit of a card's parts, by the operations of the house where there is one."""

    def __init__(self, cast):
        self.cast, self.common = cast, {"client": cast.weber, "by": cast.marc, "at": NOW}
        self.mine = {"client": int(cast.weber)}

    def site(self, name, words):
        directory_operations.put_site(site=SiteEntry(name=name, address=words, parking=words[::-1]), **self.common)

    def no_site(self, name, _words):
        if Site.objects.filter(name=name, **self.mine).exists():
            directory_operations.remove_site(name=name, **self.common)

    def contact(self, name, words):
        given_to = ("nobody", "professionals", "callers")[len(words) % 3]
        entry = ContactEntry(name=name, numbers=("+352621000158",), number_for=given_to, may_say=words)
        directory_operations.put_contact(contact=entry, **self.common)

    def no_contact(self, name, _words):
        if Contact.objects.filter(name=name, **self.mine).exists():
            directory_operations.remove_contact(name=name, **self.common)

    def agenda(self, name, words):
        whose = "" if name == "Un" else self.cast.recipients["Dr Weber"]
        external_agendas.put_agenda(recipient=whose, product=name, link=LINK, remark=words, **self.common)

    def no_agenda(self, name, _words):
        whose = "" if name == "Un" else self.cast.recipients["Dr Weber"]
        if ExternalAgenda.objects.filter(recipient=int(whose) if whose else None, **self.mine).exists():
            external_agendas.remove_agenda(recipient=whose, **self.common)

    def recipient(self, name, words):
        if Recipient.objects.filter(name=words, **self.mine).exists():
            return
        if name == "Un":
            clients.add_recipient(kind=RecipientKind.PRACTITIONER, name=words, email="r@weber.example", **self.common)
        else:
            Recipient.objects.filter(pk=int(self.cast.recipients["Dr Weber"])).update(name=words)

    def reason(self, name, words):
        Reason.objects.filter(code=name.lower(), **self.mine).delete()
        clients.add_reason(code=name.lower(), label=words, **self.common)

    def no_reason(self, name, _words):
        Reason.objects.filter(code=name.lower(), **self.mine).delete()

    def edit(self, kind, name, words):
        getattr(self, kind)(name, words)


@settings(
    max_examples=12,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
)
@given(before=st.lists(EDITS, max_size=5), after=st.lists(EDITS, min_size=1, max_size=5))
def test_whatever_is_changed_after_a_call_its_card_stays_what_it_was(cast, before, after):
    """Two calls with random edits before, between and after: each is shown again as its console had it."""
    with transaction.atomic():
        editor = Editor(cast)
        for edit in before:
            editor.edit(*edit)
        house, first = rung(cast)
        for edit in after:
            editor.edit(*edit)
        second = rings_next(cast, house, "c1", "c2")
        for edit in reversed(after):
            editor.edit(*edit)
        current_slice(house=cast.house, client=cast.weber, at=NOW)
        for call, console in (("c1", first), ("c2", second)):
            (card,) = shown.cards_of(house=cast.house, call=call)
            assert again(card) == of(console)
        transaction.set_rollback(True)


def test_many_calls_keep_one_copy_and_a_change_keeps_what_it_changed(cast):
    fill(cast)
    house, _console = rung(cast)
    mine = CardPart.objects.filter(client=int(cast.weber))
    assert sorted(mine.values_list("part", flat=True)) == sorted(PARTS)
    for number in range(2, 22):
        rings_next(cast, house, f"c{number - 1}", f"c{number}")
    assert mine.count() == len(PARTS)
    assert max(len(str(row.card)) for row in CallOffer.objects.all()) < 4000
    directory_operations.put_site(client=cast.weber, site=SiteEntry(name="Kirchberg"), by=cast.marc, at=NOW)
    current_slice(house=cast.house, client=cast.weber, at=NOW + timedelta(minutes=1))
    assert sorted(mine.values_list("part", flat=True)) == sorted((*PARTS, "sites"))
    directory_operations.remove_site(client=cast.weber, name="Kirchberg", by=cast.marc, at=NOW)
    current_slice(house=cast.house, client=cast.weber, at=NOW + timedelta(minutes=2))
    assert mine.count() == len(PARTS) + 1


def test_a_part_with_nothing_in_it_was_shown_empty_and_keeps_no_row(cast):
    for table in (Site, Contact, ExternalAgenda):
        table.objects.filter(client=int(cast.weber)).delete()
    _house, console = rung(cast)
    assert (console["sites"], console["contacts"], console["agendas"]) == ([], [], [])
    (card,) = shown.cards_of(house=cast.house, call="c1")
    assert again(card) == of(console)
    assert [row.part for row in CardPart.objects.filter(client=int(cast.weber))] == ["form"]


def test_a_call_of_an_earlier_release_says_that_this_was_not_kept(cast):
    fill(cast)
    rung(cast)
    offer = CallOffer.objects.get()
    offer.card = {name: offer.card[name] for name in ("name", "greetings", "instructions", "absences", "script")}
    offer.save()
    (card,) = shown.cards_of(house=cast.house, call="c1")
    assert (card.parts, card.open_until_ms, card.place) == (None, None, "")
    page = SignedInBrowser(cast.marc).get("/supervision/calls/c1").content.decode()
    assert "n’étaient pas encore conservés" in page
    assert "12 avenue Pasteur" not in page


def test_a_part_that_the_house_does_not_have_any_more_is_not_guessed(cast):
    fill(cast)
    rung(cast)
    CardPart.objects.filter(client=int(cast.weber), part="sites").delete()
    (card,) = shown.cards_of(house=cast.house, call="c1")
    assert card.parts.sites is None
    assert "Dr Klein" in {each.name for each in card.parts.contacts}
    page = SignedInBrowser(cast.marc).get("/supervision/calls/c1").content.decode()
    assert "12 avenue Pasteur" not in page
    assert "Le texte de cette version n’est pas dans la base." in page


def test_the_parts_of_another_client_or_house_are_never_read(cast):
    fill(cast)
    rung(cast)
    row = CardPart.objects.get(client=int(cast.weber), part="sites")
    CardPart.objects.filter(pk=row.pk).update(client=int(cast.dupont))
    (card,) = shown.cards_of(house=cast.house, call="c1")
    assert card.parts.sites is None
    assert shown.cards_of(house=cast.other_house, call="c1") == ()


def test_the_database_keeps_a_part_once(cast):
    rung(cast)
    row = CardPart.objects.filter(client=int(cast.weber)).first()
    row.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()


def test_what_stands_in_the_parts_stays_words(cast):
    hostile = "</dl><img src=x onerror=alert(1)>"
    common = {"client": cast.weber, "by": cast.marc, "at": NOW}
    directory_operations.put_site(site=SiteEntry(name=hostile, access=hostile), **common)
    directory_operations.put_contact(contact=ContactEntry(name=hostile, may_say=hostile), **common)
    external_agendas.put_agenda(recipient="", product=hostile, link=LINK, remark=hostile, **common)
    clients.add_reason(code="hostile", label=hostile, **common)
    rung(cast)
    page = SignedInBrowser(cast.marc).get("/supervision/calls/c1").content.decode()
    assert "<img src=x" not in page
    assert page.count(escape(hostile)) >= 7


def test_a_slice_names_its_parts_and_an_older_one_has_none(cast):
    entry = current_slice(house=cast.house, client=cast.weber, at=NOW)
    assert entry.parts is not None
    kept = {row.part: row.digest for row in CardPart.objects.filter(client=int(cast.weber))}
    assert {name: value for name, value in dataclasses.asdict(entry.parts).items() if value} == kept
