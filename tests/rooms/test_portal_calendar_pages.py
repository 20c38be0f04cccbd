# SPDX-License-Identifier: AGPL-3.0-or-later
"""The portal's pages of agendas and calendars: grouped on the line's page, each with what it is for, the same there."""

import re
from html import unescape

import pytest
from django.urls import reverse

from tests.rooms.agenda_cast import make_agenda_cast
from tests.rooms.conftest import SignedInBrowser

MINE = "Your telephone or computer shows what is booked here."
OTHERS = "When you are busy in your Google, iCloud or Outlook calendar, nobody is booked here."
ELSEWHERE = "For an agenda that you keep on another site: the secretary opens it from the card and books there."
DAY = "Kept by the house: who comes, hours and reasons."


@pytest.fixture
def cast(db):
    return make_agenda_cast()


def read(who, address):
    answer = SignedInBrowser(who).get(address, headers={"accept-language": "en"})
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_lines_page_tells_them_apart_and_each_leads_to_its_page(cast):
    html = read(cast.dr_dupont, reverse("portal_line", args=[cast.cabinet.id]))
    group = re.search(r'<section class="card" aria-labelledby="t-agendas">.*?</section>', html, re.DOTALL)[0]
    entry = r'<strong>([^<]+)</strong>[^<]*<br><span class="muted">([^<]+)</span></p><a class="[^"]+" href="([^"]+)"'
    found = re.findall(entry, group)
    own = [cast.cabinet.id, cast.dupont]
    assert [(name.partition(":")[0], unescape(why), address) for name, why, address in found] == [
        ("Agenda", DAY, reverse("portal_day_of", args=own)),
        ("Other calendars", OTHERS, reverse("portal_other_calendars", args=own)),
        ("This agenda in my calendar", MINE, reverse("portal_calendars", args=own[:1])),
        ("External agendas", ELSEWHERE, reverse("portal_elsewhere", args=own[:1])),
    ]
    for name, why, address in found[1:]:
        page = unescape(read(cast.dr_dupont, address))
        assert re.search(rf'<h1[^>]*>{name}</h1>\s*<p class="muted">{re.escape(unescape(why))}</p>', page), name


def test_a_client_without_an_agenda_here_has_the_external_one_alone(cast):
    html = read(cast.dr_lemaire, reverse("portal_line", args=[cast.cabinet.id]))
    assert reverse("portal_day_of", args=[cast.cabinet.id, cast.dupont]) not in html  # a colleague's
    assert reverse("portal_other_calendars", args=[cast.cabinet.id, cast.lemaire]) in html
