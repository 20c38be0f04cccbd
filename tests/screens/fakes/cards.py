# SPDX-License-Identifier: AGPL-3.0-or-later
"""Cards as the exchange sends them, for clients of the demonstration house."""

import time
from typing import Any

HOUR_MS = 3600 * 1000
AWAY = "Absente de 14 h à 16 h, visites à domicile. Urgence : Dr Klein, +352 621 000 158."
RENEWAL = "Renouvellement d’ordonnance : message, réponse avant 18 h. Ne rien promettre pour les anticoagulants."
NEW_PATIENTS = "Nouveaux patients : mardi et jeudi, 30 min."


def weber(client: str, recipients: list[tuple[str, str]], **caller: Any) -> dict[str, Any]:
    """Dr Weber's card; `recipients` are (id, name) as the site knows them."""
    now = int(time.time() * 1000)
    return {
        "client": client,
        "name": "Dr Weber",
        "initials": "WE",
        "colour": 7,
        "kind": "practitioner",
        "place": "Luxembourg-Limpertsberg",
        "sector": "health",
        "time_zone": "Europe/Luxembourg",
        "open_until_ms": now + 3 * HOUR_MS,
        "languages": ["fr", "de"],
        "greetings": [
            {"language": "fr", "text": "Cabinet du docteur Weber, bonjour. Claire à votre écoute."},
            {"language": "de", "text": "Praxis Doktor Weber, guten Tag. Sie sprechen mit Claire."},
        ],
        "instructions": [
            instruction("1", AWAY, now, is_new=True),
            instruction("2", RENEWAL, now - 500 * HOUR_MS),
            instruction("3", NEW_PATIENTS, now - 900 * HOUR_MS, until_ms=now + 900 * HOUR_MS),
        ],
        "caller": caller or {"number": "+352621000147", "masked": False, "display": "Jeanne Hoffmann"},
        "called_line": "+35220000101",
        "unknown_line": False,
        "form": {
            "recipients": [{"id": key, "name": name} for key, name in recipients],
            "reasons": [
                {"code": "renewal", "label": "Renouvellement d’ordonnance"},
                {"code": "results", "label": "Résultats d’analyse"},
                {"code": "advice", "label": "Demande de conseil"},
                {"code": "appointment", "label": "Rendez-vous"},
                {"code": "certificate", "label": "Certificat"},
                {"code": "other", "label": "Autre"},
            ],
        },
    }


def instruction(
    key: str, text: str, since_ms: int, *, until_ms: int | None = None, is_new: bool = False
) -> dict[str, Any]:
    shown = {"id": key, "version": 1, "text": text, "author": "Dr Weber"}
    return {**shown, "since_ms": since_ms, "until_ms": until_ms, "is_new": is_new}


def absence(key: str, recipient: tuple[str, str], **more: Any) -> dict[str, Any]:
    """An absence of a recipient (id, name) in force for two hours; `more` replaces its fields."""
    now = int(time.time() * 1000)
    words = "Le docteur est en visite jusqu’à 16 heures."
    named = {"urgent_to": "", "urgent_name": "", "urgent_away": False, "by": "Dr Weber", "words": words}
    times = {"starts_ms": now - HOUR_MS, "ends_ms": now + 2 * HOUR_MS}
    return {"id": key, "recipient": recipient[0], "name": recipient[1], **times, **named, **more}
