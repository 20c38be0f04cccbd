# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where each recipient of a client is used: every place there is, and none of another client."""

import re
from datetime import timedelta
from html import unescape

from django.db import connection
from django.test.utils import CaptureQueriesContext

from permanence.agenda.operations import setting
from permanence.clients import absences, directory_operations, external_agendas, script_operations, uses
from permanence.clients import operations as clients
from permanence.clients.models import PortalUser, Recipient
from permanence.clients.rules import Scope
from permanence.clients.uses import UseKind
from permanence.kernel.system import SystemClock
from permanence.reception.table import ContactEntry

DAY = timedelta(days=1)


def fill_every_place(cast):
    """Dr Anne Dupont stands in every place there is; everything holds at the hour of the page too."""
    at = SystemClock().now()
    anne, marc = cast.recipients["Dr Anne Dupont"], cast.recipients["Dr Marc Lemaire"]
    act = {"client": cast.dupont, "by": cast.marc, "at": at}
    script_operations.begin_from_template(code="doctor", language="fr", after=0, **act)
    scope = Scope(recipient=anne)
    instruction = {"text": "**Urgent** : sur son portable.", "author": cast.marc.person, "priority": 0}
    clients.write_instruction(starts_at=None, ends_at=None, scope=scope, **instruction, **act)
    away = {"words": "En congé.", "announced_by": cast.marc.person, **act}
    absences.announce_absence(starts=at + DAY, ends=at + 2 * DAY, recipient=anne, urgent_to=marc, **away)
    absences.announce_absence(starts=at + 3 * DAY, ends=at + 4 * DAY, recipient=marc, urgent_to=anne, **away)
    external_agendas.put_agenda(recipient=anne, product="Doctolib", link="https://doctolib.fr/anne", **act)
    contact = ContactEntry(name="Dr Anne DUPONT", numbers=("+33199000099",))
    directory_operations.put_contact(contact=contact, **act)
    setting.open_agenda(recipient=anne, name="Cabinet, salle 1", **act)
    return anne, marc


def used(cast, client, at=None):
    found = uses.where_used(house=cast.house, client=client, at=at or SystemClock().now())
    return {recipient.id: places for recipient, places in found.recipients}


def test_every_place_is_found(cast):
    anne, marc = fill_every_place(cast)
    found = used(cast, cast.dupont)
    kinds = {each.kind for each in found[anne]}
    assert kinds >= {*UseKind} - {UseKind.SCRIPT, UseKind.PORTAL_USER}
    reads = {str(row.recipient_id) for row in PortalUser.objects.filter(client=int(cast.dupont), active=True)}
    for recipient, places in found.items():
        assert (UseKind.PORTAL_USER in {each.kind for each in places}) is (recipient in reads)
    [instruction] = [each for each in found[anne] if each.kind is UseKind.INSTRUCTION]
    assert instruction.words == "Urgent : sur son portable."
    assert [each.kind for each in found[marc] if each.starts] == [UseKind.URGENT, UseKind.ABSENCE]
    assert any(each.kind is UseKind.SCRIPT and each.draft for places in found.values() for each in places)


def test_what_is_over_and_what_is_another_clients_is_not_there(cast):
    anne, _marc = fill_every_place(cast)
    later = used(cast, cast.dupont, SystemClock().now() + 10 * DAY)
    assert {each.kind for each in later[anne]} & {UseKind.ABSENCE, UseKind.URGENT} == set()
    assert anne not in used(cast, cast.weber)
    assert [each for places in used(cast, cast.weber).values() for each in places if "portable" in each.words] == []


def test_one_who_is_not_active_any_more_is_still_found(cast):
    anne, _marc = fill_every_place(cast)
    Recipient.objects.filter(pk=int(anne)).update(active=False)
    assert {each.kind for each in used(cast, cast.dupont)[anne]} >= {UseKind.INSTRUCTION, UseKind.URGENT}


def test_the_page_leads_to_each_place_and_asks_ten_questions(cast, browser_of):
    fill_every_place(cast)
    browser = browser_of(cast.marc)
    address = f"/backstage/accounts/{cast.dupont}/people"
    browser.get(address)  # once in its life, Django asks SQLite whether it knows JSON
    with CaptureQueriesContext(connection) as asked:
        page = browser.get(address).content.decode()
    assert len(asked) <= 10, "\n".join(each["sql"][:120] for each in asked)
    places = re.findall(r'<td><a class="link" href="([^"]+)">', page)
    assert len(places) >= 8
    assert [each for each in places if browser.get(unescape(each)).status_code != 200] == []
    assert "Cabinet, salle 1" in page
    assert "Dr Weber" not in page


def test_nothing_of_it_is_there_for_another_house(cast, browser_of):
    assert browser_of(cast.marc).get(f"/backstage/accounts/{cast.other_client}/people").status_code == 404
    assert browser_of(cast.marc).get("/backstage/accounts/x/people").status_code == 404
