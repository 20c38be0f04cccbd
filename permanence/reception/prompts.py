# SPDX-License-Identifier: AGPL-3.0-or-later
"""The built-in prompts the reception speaks, by name, with the words the script that makes them has to speak.

A name is "<language>/<what>". What a client records himself is named by the sha256 of its audio instead, and may name
beside it the built-in prompt that media says where it does not have that audio: "<sha256>/<language>/<what>".
"""

import re

from permanence.countries.emergency import LANGUAGES, emergency_prompts

_CONTENT = re.compile(r"([0-9a-f]{64})(?:/.*)?\Z", re.DOTALL)
LAST_PLACE = 20
"""The last place in the queue that has a prompt of its own; further back callers hear "place-many"."""

_PLACE = {
    "fr": "Toutes nos secrétaires sont en ligne. Vous êtes en position {place} dans la file d'attente.",
    "en": "All our secretaries are busy. You are number {place} in the queue.",
    "de": "Alle Mitarbeiterinnen sprechen gerade. Sie sind auf Platz {place} der Warteschlange.",
}
_MANY = {
    "fr": "Toutes nos secrétaires sont en ligne et l'attente est longue.",
    "en": "All our secretaries are busy and the wait is long.",
    "de": "Alle Mitarbeiterinnen sprechen gerade, die Wartezeit ist lang.",
}
_CLOSED = {
    "fr": "Le secrétariat est fermé.",
    "en": "The office is closed.",
    "de": "Das Sekretariat ist geschlossen.",
}
_BUSY = {
    "fr": "Personne ne peut vous répondre pour le moment.",
    "en": "Nobody can take your call at the moment.",
    "de": "Zurzeit kann niemand Ihren Anruf annehmen.",
}
_LEAVE = {
    "fr": "Laissez un message après le signal sonore.",
    "en": "Please leave a message after the tone.",
    "de": "Bitte hinterlassen Sie eine Nachricht nach dem Signalton.",
}
_CALL_AGAIN = {
    "fr": "Merci de rappeler plus tard.",
    "en": "Please call again later.",
    "de": "Bitte rufen Sie später wieder an.",
}


def place_prompt(language: str, place: int) -> str:
    """The prompt that tells a caller his place in the queue (counted from 1)."""
    return f"{language}/place-{place}" if place <= LAST_PLACE else f"{language}/place-many"


def closed_prompt(language: str) -> str:
    """ "The office is closed", for a client without closing words of his own."""
    return f"{language}/closed"


def busy_prompt(language: str) -> str:
    """ "Nobody can take your call": said after the longest wait."""
    return f"{language}/busy"


def leave_message_prompt(language: str) -> str:
    """ "Leave a message after the tone"; the tone itself is media's."""
    return f"{language}/leave-message"


def call_again_prompt(language: str) -> str:
    """ "Please call again later": the end where no voice message can be left."""
    return f"{language}/call-again"


def recorded_prompt(content: str, *, instead: str) -> str:
    """Recorded audio by its sha256; `instead`, a built-in prompt, is heard where media does not have it."""
    return f"{content}/{instead}"


def content_of(prompt: str) -> str:
    """The sha256 of the recorded audio that a prompt names, "" for a built-in one."""
    found = _CONTENT.match(prompt)
    return "" if found is None else found.group(1)


def built_in_prompts() -> dict[str, str]:
    """Every built-in spoken prompt the reception may name, and its words."""
    words = dict(emergency_prompts())
    for language in LANGUAGES:
        words |= {
            place_prompt(language, place): _PLACE[language].format(place=place) for place in range(1, LAST_PLACE + 1)
        }
        words |= {
            place_prompt(language, LAST_PLACE + 1): _MANY[language],
            closed_prompt(language): _CLOSED[language],
            busy_prompt(language): _BUSY[language],
            leave_message_prompt(language): _LEAVE[language],
            call_again_prompt(language): _CALL_AGAIN[language],
        }
    return words
