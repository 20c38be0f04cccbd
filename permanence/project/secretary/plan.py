# SPDX-License-Identifier: AGPL-3.0-or-later
"""What she decides: how long each act takes her, what became of a call, which message she notes. Pure.

A call answered personally lasts 2 min 12 s on average (URPS Ile-de-France 2012). Nothing she notes can be taken for a
real message: every text says first that it is of the demonstration, and every caller is called Example or Sample.
"""

from dataclasses import dataclass
from typing import Any

from permanence.kernel.clock import Entropy
from permanence.project.demo_chance import exponential, fraction, one_of

TALK_S = 132.0
MARK = {"fr": "[Démonstration]", "en": "[Demonstration]"}
URGENCIES = (*("information",) * 3, *("today",) * 6, "urgent")
MESSAGE, WRONG_NUMBER = 0.7, 0.05
"""Shares of the calls in which she notes a message, and of those that were not meant for the client."""
_NAMES = {
    "fr": ("Mme Exemple", "M. Exemple", "Mme Spécimen", "M. Spécimen"),
    "en": ("Mary Example", "Tom Example", "Joan Sample", "Pat Sample"),
}
_TEXTS = {
    "fr": {
        "renewal": (
            "Demande le renouvellement de son ordonnance, elle finit ses comprimés vendredi. Passera la chercher.",
            "Renouvellement du traitement habituel, même pharmacie que d’ordinaire.",
        ),
        "results": (
            "Demande si les résultats de la prise de sang de lundi sont arrivés. Joignable après 17 h.",
            "Le laboratoire a envoyé les résultats ; voudrait savoir s’il faut changer le traitement.",
        ),
        "advice": (
            "Tousse depuis cinq jours, sans fièvre. Demande s’il faut venir ou attendre encore.",
            "A oublié deux prises de son traitement, demande comment reprendre.",
        ),
        "appointment": (
            "Ne peut pas venir jeudi à 10 h, demande un autre rendez-vous la semaine prochaine, plutôt le matin.",
            "Voudrait un rendez-vous pour un vaccin, toute la semaine lui convient.",
        ),
        "certificate": ("A besoin d’un certificat pour le club de sport de sa fille, avant la fin du mois.",),
        "child": ("Enfant de quatre ans, de la fièvre depuis hier soir (38,6), boit bien. Demande s’il faut venir.",),
        "administrative": ("La caisse demande une copie de la feuille de soins du mois dernier.",),
        "other": ("Demande à être rappelé ; préfère en parler directement.",),
    },
    "en": {
        "breakdown": (
            "Dishwasher stops in the middle of the programme and shows E4. Model AX 40, serial number on the plate.",
            "Washing machine does not spin any more, water stays inside. Bought in May.",
        ),
        "repair": ("Asks when the technician comes: was told Tuesday, nobody rang.",),
        "parts": ("Needs the lower basket wheel of a dishwasher AX 40, two of them.",),
        "warranty": ("Asks whether the warranty still holds, the receipt is of last December.",),
        "complaint": ("Second visit for the same fault, and it is back. Wants to speak to somebody in charge.",),
        "other": ("Asks to be called back, any time after five.",),
    },
}


def answer_after(offer_s: float, entropy: Entropy) -> float:
    """Seconds until she answers what rings: a few, and always in time."""
    return min(1.5 + exponential(2.0, entropy), 0.7 * offer_s)


def talk_for(mean_s: float, entropy: Entropy) -> float:
    """Seconds after which she ends a call that the caller has not ended."""
    return 5.0 + exponential(mean_s, entropy)


def type_for(wrap_up_s: float, entropy: Entropy) -> float:
    """Seconds that she needs after the call to finish her notes: within the wrap-up."""
    return min(3.0 + exponential(5.0, entropy), 0.7 * wrap_up_s)


def outcome(card: dict[str, Any], *, heard: bool, entropy: Entropy) -> str:
    """What became of the call, as the console's outcomes. `heard`: the caller has spoken."""
    if not heard:
        return "no_words"
    drawn = fraction(entropy)
    if card["client"] is None:
        return "wrong_number"
    if drawn < MESSAGE and card["form"]["recipients"]:
        return "message"
    return "wrong_number" if drawn >= 1.0 - WRONG_NUMBER else "information"


@dataclass(frozen=True, slots=True)
class Note:
    """A message she notes: what the site is sent, and for whom and why it is, in words."""

    fields: dict[str, Any]
    recipient: str
    reason: str


def note(card: dict[str, Any], call: str, language: str, entropy: Entropy) -> Note:
    """A plausible message of this call for one of the client's recipients, of whom there must be one.

    `language`: "fr" or "en"; anything else is written in English.
    """
    spoken = language if language in _TEXTS else "en"
    recipient = one_of(card["form"]["recipients"], entropy)
    reasons = card["form"]["reasons"]
    reason = one_of(reasons, entropy) if reasons else {"code": "", "label": ""}
    texts = _TEXTS[spoken].get(reason["code"], _TEXTS[spoken]["other"])
    number = card["caller"]["number"] or ""
    fields = {
        "message": f"demo-{entropy.token(12).hex()}",
        "call": call,
        "client": card["client"],
        "recipient": recipient["id"],
        "caller_name": one_of(_NAMES[spoken], entropy),
        "caller_number": number,
        "reason": reason["code"],
        "urgency": one_of(URGENCIES, entropy),
        "text": f"{MARK[spoken]} {one_of(texts, entropy)}",
        "read_back": bool(number),
    }
    return Note(fields, recipient["name"], reason["label"])
