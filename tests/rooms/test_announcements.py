# SPDX-License-Identifier: AGPL-3.0-or-later
"""Recorded announcements of a client, from the page to what media plays: kept whole or not at all, never another's."""

import hashlib
import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction

from permanence.clients import announcement_operations as acts
from permanence.clients import announcements, operations, queries
from permanence.clients.announcements import AnnouncementUnknown
from permanence.clients.greetings import GreetingUnknown
from permanence.clients.models import Announcement, Greeting
from permanence.clients.queries import ClientUnknown
from permanence.clients.rules.spoken import GreetingWhen
from permanence.engine.mediaplane.player import frames_of
from permanence.engine.mediaplane.prompts import PromptLibrary
from permanence.foundation.audio import conversion
from permanence.foundation.models import AuditEntry
from permanence.kernel.system import SystemClock
from permanence.reception.table import ClientSlice, ClosingWords
from permanence.switchboard import delivery
from permanence.switchboard import operations as switchboard
from tests.rooms.conftest import NOW, SignedInBrowser
from tests.rooms.test_announcement_audio import voice, written

pytestmark = pytest.mark.django_db

SPOKEN = bytes(range(256)) * 100
CONTENT = hashlib.sha256(SPOKEN).hexdigest()
WAV = written(voice(2, 16000), 16000)


def sunday() -> str:
    """The next one that is not today, as it is typed: the page asks about what is to come on its own clock."""
    today = SystemClock().now().date()
    return f"{today + timedelta(days=7 - (today.weekday() + 1) % 7):%d/%m/%Y}"


class Listener:
    """Keeps what it was given, and what media's store held at that moment."""

    def __init__(self) -> None:
        self.given: list[tuple[Any, set[str]]] = []

    def publish(self, entry: Any) -> None:
        self.given.append((entry, stored()))

    def versions(self) -> dict[str, dict[str, int]]:
        return {}

    def withdraw(self, *, house: str, client: str) -> None:
        raise AssertionError((house, client))


def stored() -> set[str]:
    folder: Path = django_settings.PERMANENCE.data / "prompts"
    return {path.name for path in folder.glob("*")} if folder.exists() else set()


def kept(cast: Any, audio: bytes = SPOKEN, **more: Any) -> str:
    given = {"client": cast.weber, "language": "fr", "text": "Le cabinet est fermé.", "by": cast.marc, "at": NOW}
    return acts.add_announcement(**{**given, "audio": audio, **more})


def file_of(cast: Any) -> queries.ClientFile:
    return queries.client_file(house=cast.house, client=cast.weber, at=NOW)


def greeting(cast: Any, language: str = "fr") -> str:
    return str(Greeting.objects.filter(client=int(cast.weber), language=language).order_by("pk")[0].pk)


def use(cast: Any, announcement: str, *, greetings: tuple[str, ...] = (), at: Any = NOW, **occasions: bool) -> None:
    acts.set_uses(
        client=cast.weber, announcement=announcement, greetings=greetings, by=cast.marc, at=at,
        **{"closing": False, **occasions},
    )  # fmt: skip


def trail(cast: Any) -> list[tuple[str, Any]]:
    rows = AuditEntry.objects.filter(house__slug=cast.house, action__startswith="announcement.").order_by("pk")
    return [(row.action, row.detail) for row in rows]


# -- operations ------------------------------------------------------------------------------------------------------


def test_it_is_kept_and_heard_nowhere_before_somebody_says_where(cast: Any) -> None:
    key = kept(cast, by_microphone=True)
    [view] = announcements.announcements(house=cast.house, client=cast.weber)
    assert (view.id, view.content, view.seconds, view.heard) == (key, CONTENT, 3.2, False)
    assert (view.made_by, view.made_at, view.by_microphone) == (cast.marc.name, NOW, True)
    assert announcements.audio(house=cast.house, client=cast.weber, announcement=key) == SPOKEN
    assert file_of(cast).closing == ()
    assert all(not each.announcement for each in file_of(cast).greetings)


def test_closing_words_of_a_language_take_the_place_of_the_ones_before(cast: Any) -> None:
    one, other, german = kept(cast), kept(cast, SPOKEN[1:]), kept(cast, SPOKEN[2:], language="de")
    use(cast, one, closing=True)
    use(cast, german, closing=True)
    use(cast, other, closing=True)
    words = {each.language: each.prompts for each in file_of(cast).closing}
    assert words == {
        "fr": (hashlib.sha256(SPOKEN[1:]).hexdigest(),),
        "de": (hashlib.sha256(SPOKEN[2:]).hexdigest(),),
    }
    assert trail(cast)[-1][1]["instead_of"] == [CONTENT]
    use(cast, other)
    assert [each.language for each in file_of(cast).closing] == ["de"]


def test_each_occasion_has_words_of_its_own_and_one_recording_may_be_for_both(cast: Any) -> None:
    one, other = kept(cast), kept(cast, SPOKEN[1:])
    content = hashlib.sha256(SPOKEN[1:]).hexdigest()
    use(cast, one, closing=True, unanswered=True)
    assert file_of(cast).closing == (ClosingWords(language="fr", prompts=(CONTENT,), occasions=("closed", "max_wait")),)
    use(cast, other, unanswered=True)
    assert file_of(cast).closing == (
        ClosingWords(language="fr", prompts=(CONTENT,), occasions=("closed",)),
        ClosingWords(language="fr", prompts=(content,), occasions=("max_wait",)),
    )
    assert trail(cast)[-1][1]["instead_of"] == [CONTENT]
    third = kept(cast, SPOKEN[2:], instead_of=other)
    assert file_of(cast).closing[1].occasions == ("max_wait",)
    acts.withdraw_announcement(client=cast.weber, announcement=third, by=cast.marc, at=NOW)
    assert [each.occasions for each in file_of(cast).closing] == [("closed",)]
    with pytest.raises(IntegrityError), transaction.atomic():
        Announcement.objects.update(unanswered=True)


def test_the_owner_says_for_what_it_is_on_the_page(cast: Any, browser_of: Any) -> None:
    key = kept(cast)
    browser = browser_of(cast.marc)
    assert browser.post(address(cast, f"/{key}/uses"), {"unanswered": "1"}).status_code == 302
    assert [each.occasions for each in file_of(cast).closing] == [("max_wait",)]
    page = browser.get(address(cast)).content.decode()
    assert re.search(r'name="unanswered" value="1" checked', page)
    assert not re.search(r'name="closing" value="1" checked', page)


def test_with_a_greeting_it_travels_in_the_slice(cast: Any) -> None:
    key = kept(cast)
    use(cast, key, greetings=(greeting(cast),))
    [entry] = [each for each in file_of(cast).greetings if each.announcement]
    assert (entry.announcement, entry.announcement_s, entry.language) == (CONTENT, 4, "fr")
    operations.set_greeting(
        client=cast.weber, language="fr", text="Autre phrase.", when=GreetingWhen(), by=cast.marc, at=NOW
    )
    entry = next(each for each in file_of(cast).greetings if each.text == "Autre phrase.")
    assert entry.announcement == CONTENT
    use(cast, key)
    assert all(not each.announcement for each in file_of(cast).greetings)


def test_another_one_is_heard_wherever_the_old_one_was_and_the_old_one_stays_readable(cast: Any) -> None:
    old = kept(cast)
    use(cast, old, closing=True, greetings=(greeting(cast),))
    new = kept(cast, SPOKEN[1:], text="Nouvelle annonce.", instead_of=old)
    second = hashlib.sha256(SPOKEN[1:]).hexdigest()
    assert file_of(cast).closing == (ClosingWords(language="fr", prompts=(second,)),)
    assert [each.announcement for each in file_of(cast).greetings if each.announcement] == [second]
    views = {each.id: each for each in announcements.announcements(house=cast.house, client=cast.weber)}
    assert (views[old].withdrawn_at, views[old].heard, views[new].heard) == (NOW, False, True)
    assert announcements.audio(house=cast.house, client=cast.weber, announcement=old) == SPOKEN
    action, detail = trail(cast)[-1]
    assert (action, detail["content"], detail["instead_of"]["content"]) == ("announcement.added", second, CONTENT)


def test_withdrawn_it_is_heard_no_more_and_never_again(cast: Any) -> None:
    key = kept(cast)
    use(cast, key, closing=True, greetings=(greeting(cast),))
    acts.withdraw_announcement(client=cast.weber, announcement=key, by=cast.marc, at=NOW)
    assert file_of(cast).closing == ()
    assert all(not each.announcement for each in file_of(cast).greetings)
    assert [action for action, _ in trail(cast)] == [
        "announcement.added",
        "announcement.uses_changed",
        "announcement.withdrawn",
    ]
    for act in (
        lambda: use(cast, key, closing=True),
        lambda: acts.withdraw_announcement(client=cast.weber, announcement=key, by=cast.marc, at=NOW),
        lambda: kept(cast, instead_of=key),
    ):
        with pytest.raises(AnnouncementUnknown):
            act()


@pytest.mark.parametrize(
    ("more", "refusal"),
    [
        ({"text": "  "}, acts.WordsMissing),
        ({"text": "x" * 1001}, acts.WordsMissing),
        ({"language": "pt"}, acts.LanguageUnknown),
        ({"language": ""}, acts.LanguageUnknown),
        ({"audio": b""}, acts.AudioUnusable),
        ({"audio": bytes(60 * 8000 + 1)}, acts.AudioUnusable),
        ({"instead_of": "999999"}, AnnouncementUnknown),
        ({"instead_of": "x"}, AnnouncementUnknown),
        ({"client": "999999"}, ClientUnknown),
    ],
)
def test_what_is_refused_keeps_nothing(cast: Any, more: dict[str, Any], refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        kept(cast, **more)
    assert not Announcement.objects.exists()
    assert trail(cast) == []


def test_one_of_another_language_does_not_take_its_place(cast: Any) -> None:
    old = kept(cast)
    use(cast, old, closing=True)
    with pytest.raises(acts.OtherLanguage):
        kept(cast, language="de", instead_of=old)
    assert [each.language for each in file_of(cast).closing] == ["fr"]


def test_there_is_an_end_to_how_many(cast: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acts, "MOST", 2)
    first, _ = kept(cast), kept(cast)
    with pytest.raises(acts.TooManyAnnouncements):
        kept(cast)
    kept(cast, instead_of=first)


def test_a_greeting_of_another_language_or_client_is_not_this_ones(cast: Any) -> None:
    key = kept(cast)
    dupont = Greeting.objects.filter(client=int(cast.dupont)).first()
    german = Greeting.objects.create(
        house_id=cast.marc.house_key, client_id=int(cast.weber), language="de", text="Guten Tag.", day_type="holiday"
    )
    for wrong in (str(dupont and dupont.pk), str(german.pk), "x", "999999", "-1"):
        with pytest.raises(GreetingUnknown):
            use(cast, key, closing=True, greetings=(wrong,))
    assert file_of(cast).closing == ()


def test_what_is_one_clients_is_not_anothers(cast: Any) -> None:
    key = kept(cast)
    with pytest.raises(AnnouncementUnknown):
        acts.set_uses(client=cast.dupont, announcement=key, closing=True, greetings=(), by=cast.marc, at=NOW)
    with pytest.raises(AnnouncementUnknown):
        acts.withdraw_announcement(client=cast.dupont, announcement=key, by=cast.marc, at=NOW)
    with pytest.raises(AnnouncementUnknown):
        kept(cast, client=cast.dupont, instead_of=key)
    with pytest.raises(ClientUnknown):
        acts.set_uses(client=cast.weber, announcement=key, closing=True, greetings=(), by=cast.nadia, at=NOW)
    for house, client in ((cast.house, cast.dupont), (cast.other_house, cast.weber)):
        assert announcements.announcements(house=house, client=client) == ()
        assert announcements.audio_by_content(house=house, client=client, content=CONTENT) is None
        assert announcements.texts(house=house, client=client) == {}
        with pytest.raises(AnnouncementUnknown):
            announcements.audio(house=house, client=client, announcement=key)


def test_the_database_keeps_one_closing_announcement_a_language(cast: Any) -> None:
    for _ in range(2):
        kept(cast)
    with pytest.raises(IntegrityError), transaction.atomic():
        Announcement.objects.update(closing=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        Announcement.objects.filter(pk=Announcement.objects.order_by("pk")[0].pk).update(closing=True, withdrawn_at=NOW)


# -- delivery to media -----------------------------------------------------------------------------------------------


def slice_of(cast: Any) -> ClientSlice:
    entry = switchboard.current_slice(house=cast.house, client=cast.weber, at=NOW)
    assert isinstance(entry, ClientSlice)
    return entry


@pytest.mark.parametrize("way", ["publish", "send_changed", "reconcile"])
def test_media_has_the_audio_before_the_exchange_has_the_slice_that_names_it(cast: Any, way: str) -> None:
    use(cast, kept(cast), closing=True, greetings=(greeting(cast),))
    exchange: Any = Listener()
    if way == "publish":
        switchboard.publish(house=cast.house, client=cast.weber, at=NOW, exchange=exchange)
    else:
        slice_of(cast)  # the handler of the change noted its version
        getattr(switchboard, way)(at=NOW, exchange=exchange)
    [(entry, before)] = [
        (entry, before) for entry, before in exchange.given if getattr(entry, "client", "") == cast.weber
    ]
    assert entry.closing == (ClosingWords(language="fr", prompts=(CONTENT,)),)
    assert before == {f"{CONTENT}.alaw"}
    library = PromptLibrary(django_settings.PERMANENCE.data / "prompts")
    assert library.frames(CONTENT) == frames_of(SPOKEN)
    path = django_settings.PERMANENCE.data / "prompts" / f"{CONTENT}.alaw"
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_media_lost_comes_back_and_what_was_heard_stays(cast: Any) -> None:
    key = kept(cast)
    use(cast, key, closing=True)
    exchange: Any = Listener()
    switchboard.reconcile(at=NOW, exchange=exchange)
    place = django_settings.PERMANENCE.data / "prompts" / f"{CONTENT}.alaw"
    place.unlink()
    assert delivery.deliver(slice_of(cast)) == 1
    assert delivery.deliver(slice_of(cast)) == 0
    assert place.read_bytes() == SPOKEN
    acts.withdraw_announcement(client=cast.weber, announcement=key, by=cast.marc, at=NOW)
    switchboard.reconcile(at=NOW, exchange=exchange)
    assert place.exists()


def test_a_full_disk_costs_no_slice_and_leaves_no_half_file(
    cast: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    use(cast, kept(cast), closing=True)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    exchange: Any = Listener()
    switchboard.publish(house=cast.house, client=cast.weber, at=NOW, exchange=exchange)
    assert [entry.client for entry, _ in exchange.given] == [cast.weber]
    assert stored() == set()
    assert "No space left" in caplog.text


def test_damaged_rows_are_not_given_to_media(cast: Any, caplog: pytest.LogCaptureFixture) -> None:
    use(cast, kept(cast), closing=True)
    Announcement.objects.update(audio=b"other")
    assert delivery.deliver(slice_of(cast)) == 0
    assert stored() == set()
    assert CONTENT in caplog.text


# -- the page --------------------------------------------------------------------------------------------------------


def address(cast: Any, rest: str = "", client: str = "") -> str:
    return f"/backstage/accounts/{client or cast.weber}/announcements{rest}"


def post(cast: Any, data: bytes | None = WAV, *, who: Any = None, client: str = "", **more: Any) -> Any:
    form: dict[str, Any] = {"language": "fr", "text": "Le cabinet est fermé jusqu’à lundi.", **more}
    if data is not None:
        form["sound"] = SimpleUploadedFile("annonce.wav", data, content_type="text/html")
    return SignedInBrowser(who or cast.marc).post(address(cast, "/add", client), form)


def test_from_the_file_to_what_callers_hear(cast: Any) -> None:
    assert post(cast, by_microphone="1").status_code == 302
    [view] = announcements.announcements(house=cast.house, client=cast.weber)
    browser = SignedInBrowser(cast.marc)
    page = browser.get(address(cast)).content.decode()
    assert "Le cabinet est fermé jusqu’à lundi." in page
    heard = browser.get(address(cast, f"/{view.id}.wav"))
    assert (heard.status_code, heard["Content-Type"]) == (200, "audio/wav")
    audio = announcements.audio(house=cast.house, client=cast.weber, announcement=view.id)
    assert audio == conversion.converted(WAV)
    assert audio in heard.content
    browser.post(address(cast, f"/{view.id}/uses"), {"closing": "1", "greeting": [greeting(cast)]})
    entry = slice_of(cast)
    assert delivery.named_by(entry) == (view.content,)
    said = browser.get(f"/backstage/clients/client/{cast.weber}/said/?day={sunday()}&time=12:00").content.decode()
    assert "Le cabinet est fermé jusqu’à lundi." in said
    browser.post(address(cast, f"/{view.id}/end"))
    assert delivery.named_by(slice_of(cast)) == ()
    assert browser.get(address(cast, f"/{view.id}.wav")).status_code == 200


@pytest.mark.parametrize(
    ("data", "more", "words"),
    [
        (None, {}, "Choose a file"),
        (b"", {}, "Choose a file"),
        (b"MZ" + bytes(4000), {}, "not a WAV, MP3 or OGG"),
        (WAV[: len(WAV) // 2], {}, "damaged"),
        (written(voice(61), 8000), {}, "too long"),
        (written(voice(1) * 0, 8000), {}, "Nobody is heard"),
        (bytes(conversion.LARGEST + 1), {}, "too large"),
        (WAV, {"text": " "}, "Write what it says"),
        (WAV, {"language": "pt"}, "Choose the language"),
        (WAV, {"instead_of": "999"}, "heard no more"),
    ],
    ids=range(10),
)
def test_the_page_says_why_not_and_keeps_nothing(
    cast: Any, data: bytes | None, more: dict[str, str], words: str
) -> None:
    browser = SignedInBrowser(cast.marc)
    browser.cookies["django_language"] = "en"
    form: dict[str, Any] = {"language": "fr", "text": "Mes mots", **more}
    if data is not None:
        form["sound"] = SimpleUploadedFile("x.wav", data)
    answer = browser.post(address(cast, "/add"), form)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Announcement.objects.exists()
    assert stored() == set()


def test_markup_in_the_words_is_words(cast: Any) -> None:
    kept(cast, text='<script>alert(1)</script> & "guillemets"')
    page = SignedInBrowser(cast.marc).get(address(cast)).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_the_wall(cast: Any) -> None:
    key = kept(cast)
    for path in ("", f"/{key}.wav"):
        assert SignedInBrowser(cast.claire).get(address(cast, path)).status_code == 403
        assert SignedInBrowser(cast.dr_weber).get(address(cast, path)).status_code == 403
        assert SignedInBrowser(cast.nadia).get(address(cast, path)).status_code == 404
    other = SignedInBrowser(cast.marc)
    assert other.get(address(cast, f"/{key}.wav", cast.dupont)).status_code == 404
    assert other.post(address(cast, f"/{key}/uses", cast.dupont), {"closing": "1"}).status_code == 404
    assert other.post(address(cast, f"/{key}/end", cast.dupont)).status_code == 404
    assert other.post(address(cast, "/none/uses"), {"closing": "1"}).status_code == 404
    assert post(cast, who=cast.nadia).status_code == 404
    assert post(cast, who=cast.claire).status_code == 403
    assert len(Announcement.objects.all()) == 1
    assert file_of(cast).closing == ()
