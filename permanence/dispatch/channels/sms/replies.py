# SPDX-License-Identifier: AGPL-3.0-or-later
"""What somebody means who answers an SMS: a code, a word in three languages, or that he wants no more of them.

Each question at one number that is still open has digits of its own (1 and 2, 3 and 4, ...), so that an answer to one
practice never counts for another. A word counts where one question alone is open.
"""

import enum
import re
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
    THANKS = "thanks"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`slot` is that of the question a digit names, None for a word. `takes_note`: of what he was told, where nothing
    is asked: "ok" is a yes only to a question.
    """

    meaning: Meaning
    slot: int | None = None
    takes_note: bool = False


STOP_WORDS = frozenset({"stop", "arret", "stopp", "unsubscribe", "desabonner", "abmelden", "stop sms", "arret sms"})
YES_WORDS = frozenset(
    {"oui", "ok", "confirme", "confirmer", "je confirme", "d'accord", "yes", "confirm", "ja", "bestatige", "bestatigen"}
)
NOTE_WORDS = frozenset({"ok", "d'accord"})
NO_WORDS = frozenset(
    {"non", "annule", "annuler", "j'annule", "no", "cancel", "nein", "absagen", "stornieren", "ich sage ab"}
)
MOVE_WORDS = frozenset(
    {
        "deplacer", "reporter", "decaler", "autre date", "autre moment", "changer", "move", "change", "reschedule",
        "verschieben", "verlegen", "anderer termin", "umbuchen",
    }
)  # fmt: skip

THANKS_WORDS = frozenset(
    {
        "merci", "merci beaucoup", "merci bien", "merci infiniment", "mille mercis", "un grand merci", "merci a vous",
        "merci a vous aussi", "merci pour tout", "bonne journee", "bonne journee a vous", "bonne soiree",
        "bon week end", "bonne fin de journee", "bonne fin de semaine", "a bientot", "cordialement", "bien recu",
        "c'est note", "parfait", "thanks", "thanks a lot", "many thanks", "thank you", "thank you very much",
        "thank you so much", "thx", "have a nice day", "noted", "perfect", "danke", "danke schon", "dankeschon",
        "danke sehr", "danke vielmals", "vielen dank", "vielen lieben dank", "besten dank", "herzlichen dank",
        "schonen tag", "schonen tag noch", "einen schonen tag", "bis bald", "alles klar", "merci villmools",
        "villmools merci", "mercie", "schei dag", "scheinen dag", "bis geschwenn",
    }
)  # fmt: skip
"""Said alone or one after the other, with what may stand beside them: nothing else is in it."""
_BESIDE = frozenset({"ok", "d'accord", "tres bien", "super", "bonjour", "bonsoir", "hello", "hallo", "moien", "great"})
_SIGNS = frozenset("👍👌🙏😊🙂😀😃😄😉🤗❤☺💐")


def _any(words: frozenset[str]) -> str:
    return "|".join(re.escape(each) for each in sorted(words))


_THANKS = re.compile(rf"(?:(?:{_any(_BESIDE)}) )*(?:{_any(THANKS_WORDS)}) (?:(?:{_any(_BESIDE | THANKS_WORDS)}) )*")


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
        return Answer(meaning=Meaning.YES, takes_note=word in NOTE_WORDS)
    if word in MOVE_WORDS:
        return Answer(meaning=Meaning.MOVE)
    if word in NO_WORDS:
        return Answer(meaning=Meaning.NO)
    return Answer(meaning=Meaning.THANKS if _is_thanks(letters) else Meaning.UNCLEAR)


def _is_thanks(letters: str) -> bool:
    """Whether nothing but thanks is in it. A question mark stays: it asks something."""
    kept = ("" if unicodedata.category(each) in {"Mn", "Cf", "Sk"} else each for each in letters)
    bare = "".join(" " if each in _SIGNS or _is_point(each) else each for each in kept).split()
    if not bare:
        return any(each in _SIGNS for each in letters)
    return _THANKS.fullmatch(" ".join(bare) + " ") is not None


def _is_point(sign: str) -> bool:
    return sign not in "?'" and unicodedata.category(sign).startswith("P")


def asks_a_person(meaning: Meaning, *, open_questions: int, of_reminder: bool) -> bool:
    """Whether a secretary is to read an answer that nothing came of: his words are neither yes nor no, or he says no
    (whatever was told last: he may mean that he does not come), or it is not certain to which question he said yes, or
    he answers a reminder that can be answered no more, or wants another moment where nothing can be moved. Thanks are
    read where something is asked.
    """
    if meaning in {Meaning.UNCLEAR, Meaning.MOVE, Meaning.NO}:
        return True
    if meaning is Meaning.THANKS:
        return open_questions > 0
    return meaning is Meaning.YES and (open_questions > 1 or of_reminder)
