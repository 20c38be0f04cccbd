# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every cause has its sentence, in three languages, and the public learns nothing about anybody else."""

from dataclasses import fields
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from permanence.agenda.rules import why_not
from permanence.agenda.rules.kinds import Asker, Way
from permanence.agenda.words import Names, public_sentence, sentence

ZONE = ZoneInfo("Europe/Luxembourg")
AT = datetime(2026, 11, 24, 14, 15, tzinfo=ZONE)
NAMES = Names(
    asked="Électrocardiogramme",
    reasons={"CS": "Suivi", "URG": "Urgence"},
    resources={"ecg1": "Électrocardiographe"},
    recipients={"r": "Dr Weber"},
    sites={"nord": "Cabinet nord"},
)
KINDS = [
    each
    for each in vars(why_not).values()
    if isinstance(each, type) and issubclass(each, why_not.WhyNot) and each is not why_not.WhyNot
]
GIVEN = {
    "hold": "hold-1",
    "asked_by": Asker.SECRETARY, "by": "Aoife", "age": 16, "youngest": 18, "oldest": 70, "question": "pm",
    "text": "Pacemaker ?", "step": 20, "notice": 60, "earliest": AT, "days": 1, "last": date(2026, 11, 30),
    "because": "exception", "label": "Burn-out", "until": AT + timedelta(hours=1), "way": Way.TELE,
    "released": AT + timedelta(days=1), "reasons": ("URG", "CS"), "weekdays": (1, 3), "site": "nord", "who": "r",
    "starts": AT, "reason": "CS", "places": 8, "resource": "ecg1", "kind": "Laser", "left": 20, "needed": 30,
    "then": "taken", "most": 2, "why": why_not.Blocked(starts=AT, until=AT + timedelta(hours=1), label="Burn-out"),
}  # fmt: skip


def made(kind, **more):
    given = {**GIVEN, **more}
    return kind(**{part.name: given[part.name] for part in fields(kind)})


def said(why, language="fr", say=sentence):
    with translation.override(language):
        return say(why, names=NAMES, zone=ZONE, at=AT)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_every_cause_is_said_in_three_languages_to_both(kind):
    for say in (sentence, public_sentence):
        words = [said(made(kind), language, say) for language in ("fr", "en", "de")]
        assert len({*words}) == 3
        assert not any("%(" in each or not each for each in words)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_the_public_learns_nothing_about_anybody_else(kind):
    words = said(made(kind), "fr", public_sentence)
    secret = ("Weber", "Aoife", "Burn-out", "Suivi", "Urgence", "cardiogra", "Laser", "Pacemaker", "nord")
    assert [each for each in secret if each in words] == []


SAID = [
    (why_not.NewPatientsNot, {}, "Nouveaux patients : seulement mardi et jeudi", "New patients only on Tuesday and "
     "Thursday"),
    (why_not.NewPatientsNot, {"weekdays": ()}, "Pas de nouveaux patients", "No new patients"),
    (why_not.MaxPerDay, {}, "Déjà 2 × Électrocardiogramme ce jour-là", "Already 2 × Électrocardiogramme that day"),
    (why_not.MaxNewPerDay, {"most": 1}, "Déjà 1 nouveau patient ce jour-là", "Already 1 new patient that day"),
    (why_not.Absent, {}, "Dr Weber : absence, retour 15 h 15", "Dr Weber is away, back 15:15"),
    (why_not.Absent, {"who": ""}, "Cabinet : absence, retour 15 h 15", "The practice is away, back 15:15"),
    (why_not.TooShort, {}, "Il reste 20 min avant 15 h 15, il en faut 30",
     "20 min left until 15:15, 30 min are needed"),
    (why_not.EquipmentTaken, {}, "Électrocardiographe : occupation de 14 h 15 à 15 h 15",
     "Électrocardiographe is taken from 14:15 to 15:15"),
    (why_not.Held, {}, "Tenu par Aoife jusqu’à 15 h 15", "Held by Aoife until 15:15"),
    (why_not.Held, {"until": None}, "Tenu par Aoife", "Held by Aoife"),
    (why_not.Held, {"by": "", "until": AT + timedelta(hours=18, minutes=15)},
     "Tenu par la liste d’attente, fin : 25 novembre, 8 h 30", "Held by the waiting list, ends 25 November, 08:30"),
    (why_not.Closed, {"because": "holiday", "label": "Noël"}, "Jour férié : Noël", "Public holiday: Noël"),
    (why_not.Closed, {"because": "week", "label": ""}, "Fermé à cette heure", "Closed at this time"),
    (why_not.AgeOutside, {"oldest": None}, "Âge minimum 18, âge du patient 16",
     "Minimum age 18, the patient is 16"),
    (why_not.AgeOutside, {"youngest": None}, "Âge maximum 70, âge du patient 16",
     "Maximum age 70, the patient is 16"),
    (why_not.NotThisReason, {}, "Gardé pour : Suivi et Urgence", "Kept for Suivi and Urgence"),
    (why_not.NotThisReason, {"reasons": ("CS",)}, "Gardé pour : Suivi", "Kept for Suivi"),
    (why_not.OtherSite, {"site": ""}, "Sur un autre lieu à cette heure", "At another site at this time"),
    (why_not.Blocked, {"label": ""}, "Bloqué, fin : 15 h 15", "Blocked, ends 15:15"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "given", "french", "english"), SAID)
def test_the_sentences_are_those_of_the_trade(kind, given, french, english):
    assert said(made(kind, **given)).replace("\u00a0", " ") == french
    assert said(made(kind, **given), "en") == english


def test_the_second_half_past_two_says_that_it_is_the_second():
    night = datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=ZONE)
    second = said(made(why_not.Held, until=night))
    assert second.replace("\u00a0", " ") == "Tenu par Aoife, fin : 25 octobre, 2 h 30 pour la seconde fois"
    first = said(made(why_not.Held, until=night.replace(fold=0)))
    assert first.replace("\u00a0", " ") == "Tenu par Aoife, fin : 25 octobre, 2 h 30"


def test_the_public_is_told_what_would_help():
    assert said(made(why_not.NotReleased), "en", public_sentence).startswith("Booking opens: ")
    assert said(made(why_not.NewPatientsNot), "fr", public_sentence).endswith("mardi et jeudi")
    assert said(made(why_not.NewPatientsNot, weekdays=()), "de", public_sentence) == "Zurzeit keine neuen Patienten"
    assert said(made(why_not.Absent), "en", public_sentence) == "This time is not available"
