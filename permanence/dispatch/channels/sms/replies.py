# SPDX-License-Identifier: AGPL-3.0-or-later
"""What somebody means who answers an SMS: a code, a word in three languages, or that he wants no more of them.

Each question at one number that is still open has digits of its own (1 and 2, 3 and 4, ...), so that an answer to one
practice never counts for another. A word counts where one question alone is open.
"""

import enum
import unicodedata
from dataclasses import dataclass

SLOTS = 4
"""So many questions at one number can be answered by digits; a further one by its link alone."""
_LIMIT = 160


class Meaning(enum.StrEnum):
    """What an answer means."""

    YES = "yes"
    NO = "no"
    MOVE = "move"
    STOP = "stop"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`slot` is that of the question a digit names, None for a word."""

    meaning: Meaning
    slot: int | None = None


STOP_WORDS = frozenset({"stop", "arret", "stopp", "unsubscribe", "desabonner", "abmelden", "stop sms", "arret sms"})
YES_WORDS = frozenset(
    {"oui", "ok", "confirme", "confirmer", "je confirme", "d'accord", "yes", "confirm", "ja", "bestatige", "bestatigen"}
)
NO_WORDS = frozenset(
    {"non", "annule", "annuler", "j'annule", "no", "cancel", "nein", "absagen", "stornieren", "ich sage ab"}
)
MOVE_WORDS = frozenset(
    {
        "deplacer", "reporter", "decaler", "autre date", "autre moment", "changer", "move", "change", "reschedule",
        "verschieben", "verlegen", "anderer termin", "umbuchen",
    }
)  # fmt: skip


def codes(slot: int) -> tuple[int, int]:
    """The digits that mean yes and no for the question in this slot."""
    return 2 * slot + 1, 2 * slot + 2


def read_answer(text: str) -> Answer:
    """What the text means; nothing is guessed: whatever is more than the code or the word is unclear."""
    if len(text) > _LIMIT:
        return Answer(meaning=Meaning.UNCLEAR)
    letters = unicodedata.normalize("NFKD", text.casefold().replace("’", "'"))
    word = " ".join("".join(each for each in letters if not unicodedata.combining(each)).split()).strip(" .!,;:\"'()")
    if word in STOP_WORDS:
        return Answer(meaning=Meaning.STOP)
    if len(word) == 1 and word in "12345678":
        slot, no = divmod(int(word) - 1, 2)
        return Answer(meaning=Meaning.NO if no else Meaning.YES, slot=slot)
    if word in YES_WORDS:
        return Answer(meaning=Meaning.YES)
    if word in MOVE_WORDS:
        return Answer(meaning=Meaning.MOVE)
    return Answer(meaning=Meaning.NO if word in NO_WORDS else Meaning.UNCLEAR)


def asks_a_person(meaning: Meaning, *, open_questions: int, of_reminder: bool) -> bool:
    """Whether a secretary is to read an answer that nothing came of: his words are neither yes nor no, or he says no
    (whatever was told last: he may mean that he does not come), or it is not certain to which question he said yes, or
    he answers a reminder that can be answered no more, or wants another moment where nothing can be moved.
    """
    if meaning in {Meaning.UNCLEAR, Meaning.MOVE, Meaning.NO}:
        return True
    return meaning is Meaning.YES and (open_questions > 1 or of_reminder)
