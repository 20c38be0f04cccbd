# SPDX-License-Identifier: AGPL-3.0-or-later
"""The client listens to his recorded announcements in the portal and sees which one is heard when; he changes none."""

import pytest

from permanence.clients import announcement_operations as acts
from permanence.clients import operations as clients
from permanence.clients.models import Greeting
from permanence.foundation.models import AuditEntry
from permanence.messaging.recordings import wav
from tests.rooms.messaging_cast import NOON, make_cast
from tests.rooms.test_portal_line import page, signed_in, text_of

pytestmark = pytest.mark.django_db
SPOKEN = bytes(range(256)) * 125


@pytest.fixture
def cast():
    return make_cast()


def kept(cast, account, text="Le cabinet est fermé.", audio=SPOKEN):
    given = {"client": account.id, "language": "fr", "by": cast.marc, "at": NOON}
    return acts.add_announcement(text=text, audio=audio, **given)


def use(cast, account, key, *, greetings=(), **occasions):
    given = {"closing": False, **occasions, "by": cast.marc, "at": NOON}
    acts.set_uses(client=account.id, announcement=key, greetings=greetings, **given)


def test_each_is_listed_with_when_callers_hear_it(cast):
    clients.set_greeting(client=cast.weber.id, language="fr", text="Cabinet Weber.", by=cast.marc, at=NOON)
    greeting = str(Greeting.objects.get(text="Cabinet Weber.").pk)
    shut, busy, music, later = (kept(cast, cast.weber, text) for text in ("Fermé.", "Occupé.", "Patientez.", "Noël."))
    use(cast, cast.weber, shut, closing=True)
    use(cast, cast.weber, busy, unanswered=True)
    use(cast, cast.weber, music, greetings=(greeting,))
    shown = text_of(signed_in(cast.dr_weber).get(page(cast, "/announcements")))
    assert "«\u00a0Fermé.\u00a0» As closing words: while the lines are closed" in shown
    assert "«\u00a0Occupé.\u00a0» When nobody could answer within the longest wait" in shown
    when = "Before the music, with the greeting «\u00a0Cabinet Weber.\u00a0» (every line, every day)"
    assert f"Patientez.\u00a0» {when}" in shown
    assert shown.index("Kept, heard nowhere yet") < shown.index("Noël.")
    assert shown.index("Fermé.") < shown.index("Kept, heard nowhere yet")
    assert "0:04" in shown
    assert "emergency sentence" in shown, "a health client's closing words come after it"
    acts.withdraw_announcement(client=cast.weber.id, announcement=later, by=cast.marc, at=NOON)
    assert "Noël" not in text_of(signed_in(cast.dr_weber).get(page(cast, "/announcements")))


def test_the_line_says_whether_any_is_heard_and_leads_there(cast):
    browser, key = signed_in(cast.dr_weber), kept(cast, cast.weber)
    line = browser.get(page(cast, ""))
    assert page(cast, "/announcements") in line.content.decode()
    assert "No recorded announcement is heard" in text_of(line)
    use(cast, cast.weber, key, closing=True)
    assert "Callers hear recorded announcements of yours." in text_of(browser.get(page(cast, "")))


def test_it_is_played_whole_or_in_part_and_nothing_is_written(cast):
    browser, key = signed_in(cast.dr_weber), kept(cast, cast.weber)
    before = AuditEntry.objects.count()
    whole = browser.get(page(cast, f"/announcements/{key}/audio"))
    assert (whole.status_code, whole["Content-Type"]) == (200, "audio/wav")
    assert whole.content == wav(SPOKEN)
    part = browser.get(page(cast, f"/announcements/{key}/audio"), headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, b"RIFF")
    assert AuditEntry.objects.count() == before


def test_nobody_hears_what_is_not_his(cast):
    own, theirs = kept(cast, cast.weber), kept(cast, cast.cabinet)
    browser = signed_in(cast.dr_weber)
    for path in (f"/announcements/{theirs}/audio", "/announcements/0/audio", "/announcements/none/audio"):
        assert browser.get(page(cast, path)).status_code == 404, path
    for who in (cast.dr_dupont, cast.other_doctor):
        for path in ("/announcements", f"/announcements/{own}/audio"):
            assert signed_in(who).get(page(cast, path)).status_code == 404, (who.name, path)
    acts.withdraw_announcement(client=cast.weber.id, announcement=own, by=cast.marc, at=NOON)
    assert browser.get(page(cast, f"/announcements/{own}/audio")).status_code == 404, "the house's alone"
    assert AuditEntry.objects.filter(action="security.not_hers", client_key=cast.weber.id).count() == 2


def test_he_listens_and_changes_nothing(cast):
    browser, key = signed_in(cast.dr_weber), kept(cast, cast.weber)
    for path in ("/announcements", f"/announcements/{key}/audio"):
        assert browser.post(page(cast, path), {"closing": "1"}).status_code == 405
    assert "<form" not in browser.get(page(cast, "/announcements")).content.decode().partition("<main")[2]
