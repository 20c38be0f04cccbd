# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who was sent his code by SMS has proved his number and not his mail: what is written there lets nobody act."""

from permanence.agenda.models import PublicForm
from permanence.agenda.queries.public import token_of
from permanence.agenda.rules.kinds import Way
from permanence.agenda.rules.public import PublicMailKind
from permanence.clients.models import Client
from permanence.dispatch.models import ContactRule
from tests.rooms.agenda_cast import after
from tests.rooms.public_cast import SAID, SLUG, body, cast, clock, jeanne, mails
from tests.rooms.test_public_booking import provider, sent_by_sms
from tests.rooms.test_visit_places import LINK, by_way

__all__ = ["cast", "clock", "jeanne", "provider"]


def calendar(mail):
    """The entries for his calendar in a mail, their folded lines put together."""
    found = [part.get_content() for part in mail.walk() if part.get_content_type() == "text/calendar"]
    assert found
    return "".join(each.replace("\r\n ", "").replace("\n ", "") for each in found)


def test_with_the_code_by_sms_the_mail_is_shown_before_he_books_and_can_be_corrected(jeanne, cast, clock, provider):
    jeanne.take()
    jeanne.tell(by="sms")
    jeanne.follow()
    shown = "La confirmation est envoyée à <strong>jeanne@example.org</strong>"
    assert shown in jeanne.text()
    assert f'href="{jeanne.path}">Corriger vos coordonnées' in jeanne.text()
    jeanne.post(jeanne.path, **SAID)
    jeanne.get(f"{jeanne.path}/code")
    assert "La confirmation est envoyée" not in jeanne.text()


def test_a_mail_to_an_address_that_no_code_proved_lets_nobody_act(jeanne, cast, clock, provider, deliver_all):
    def told():
        """What became of it, in a mail to who may be a stranger."""
        ((taken, mail),) = [each for each in mails(clock.at) if each[0].kind is not PublicMailKind.CODE]
        assert mail["To"] == "jeanne@exemple.org"
        whole = body(mail) + calendar(mail)
        assert token_of(PublicForm.objects.get().key) not in mail.as_string() + whole
        assert "/rdv/" not in whole
        assert SLUG not in whole
        assert Client.objects.get(pk=cast.cabinet.id).name in whole
        return taken.kind, whole

    jeanne.take()
    jeanne.tell(by="sms", mail="jeanne@exemple.org")
    jeanne.code(sent_by_sms(provider, clock.at)[0])
    link = jeanne.answer["Location"]
    kind, words = told()
    assert kind is PublicMailKind.BOOKED
    assert "appelez le +33\u00a01\u00a040\u00a000\u00a000\u00a001, ou passez par la page qui vous l’a confirmé" in words
    assert "30 novembre" in words
    jeanne.get(link)
    assert "contient l’adresse de cette page" not in jeanne.text()
    assert "Gardez l’adresse de cette page" in jeanne.text()
    assert link in jeanne.get(f"{link}/appointment.ics").content.decode().replace("\r\n ", "")
    jeanne.get(f"{link}/move")
    assert jeanne.post(f"{link}/move", **jeanne.shown(), starts=after(60).isoformat()).status_code == 303
    deliver_all(clock.at)
    assert told()[0] is PublicMailKind.MOVED
    jeanne.get(f"{link}/cancel")
    assert jeanne.post(f"{link}/cancel", **jeanne.shown()).status_code == 303
    deliver_all(clock.at)
    assert told()[0] is PublicMailKind.CANCELLED


def test_a_mail_to_an_address_that_no_code_proved_opens_no_video_visit(jeanne, cast, clock, provider):
    ContactRule.objects.create(house_id=cast.claire.house_key, client_id=int(cast.cabinet.id), names_practice=True)
    by_way(cast, Way.TELE, video_link=LINK)
    for by, minutes, is_told in (("sms", 240, False), ("mail", 270, True)):
        jeanne.take(minutes)
        jeanne.tell(by=by)
        jeanne.code()
        (mail,) = [each for taken, each in mails(clock.at) if taken.kind is PublicMailKind.BOOKED]
        assert (LINK in body(mail), LINK in calendar(mail)) == (is_told, is_told)
        assert "En vidéo" in body(mail)
        assert "En vidéo" in calendar(mail)
        jeanne.get(jeanne.answer["Location"])
        assert LINK in jeanne.text()
