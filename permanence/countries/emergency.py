# SPDX-License-Identifier: AGPL-3.0-or-later
"""Emergency numbers, and the sentence that always begins the closing words of a health client.

A rule holds from `valid_from` (included) to `valid_until` (excluded; None: still in force). Sources: France, Code des
postes et des communications electroniques art. D98-8 and decision Arcep 2005-1085 (15, 112); Luxembourg, loi du
27 mars 2018 organisant la securite civile, CGDIS (112); Ireland, Communications Regulation (Emergency Call Answering
Service), ECAS (112 and 999, both since 1991 at the latest). All answer 112: Directive (EU) 2018/1972 art. 109.
The secretary gives no medical advice: the caller hangs up and dials from his own telephone, so that the operator
routes the call by his place, not by ours.
"""

from dataclasses import dataclass
from datetime import date

LANGUAGES = ("fr", "en", "de")
"""The languages in which the house's fixed prompts are spoken."""

EUROPE = "EU"
"""The rule for a country that is not in the table: 112, which every member state answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyRule:
    """The numbers a caller in danger dials, in the order they are named to him."""

    country: str
    numbers: tuple[str, ...]
    valid_from: date
    valid_until: date | None = None


EMERGENCY_RULES = (
    EmergencyRule(country="FR", numbers=("15", "112"), valid_from=date(1991, 7, 29)),
    EmergencyRule(country="LU", numbers=("112",), valid_from=date(1991, 7, 29)),
    EmergencyRule(country="IE", numbers=("112", "999"), valid_from=date(1991, 7, 29)),
    EmergencyRule(country=EUROPE, numbers=("112",), valid_from=date(1991, 7, 29)),
)

EMERGENCY_SERVICES = {
    "FR": ("15", "17", "18", "112", "114", "115", "119", "191", "196", "197", "3114", "116000", "116117"),
    "LU": ("112", "113"),
    "IE": ("112", "999"),
    EUROPE: ("112",),
}
"""Short numbers of the emergency services (France: decision Arcep 2005-1085 and those after it, 3114 since 2021).

An operator routes them by the place of the line that dials: from a trunk of ours they reach the centre of our place,
so a call is never connected to one of them, announced or not.
"""
_PREFIXES = ("", "0", "33", "352", "353", "0033", "00352", "00353")

_SENTENCES = {
    "fr": "En cas d'urgence vitale, raccrochez et composez le {numbers}.",
    "en": "If this is an emergency, hang up and dial {numbers}.",
    "de": "In einem lebensbedrohlichen Notfall legen Sie auf und wählen Sie {numbers}.",
}
_OR = {"fr": " ou le ", "en": " or ", "de": " oder "}


def emergency_rule(country: str, *, on: date) -> EmergencyRule:
    """The rule in force in `country` on that day; for an unknown country, or before the first rule, the 112."""
    for rule in EMERGENCY_RULES:
        if (
            rule.country == country.strip().upper()
            and rule.valid_from <= on
            and (rule.valid_until is None or on < rule.valid_until)
        ):
            return rule
    return EMERGENCY_RULES[-1]


def emergency_numbers(country: str, language: str, *, on: date) -> str:
    """The numbers as a sentence names them: "15 ou le 112"."""
    return _OR[language if language in LANGUAGES else "en"].join(emergency_rule(country, on=on).numbers)


def is_emergency_number(number: str) -> bool:
    """Whether `number`, however it is written, is the short number of an emergency service of any country."""
    digits = "".join(each for each in number if each in "0123456789")
    short = {each for services in EMERGENCY_SERVICES.values() for each in services}
    return any(digits.startswith(prefix) and digits[len(prefix) :] in short for prefix in _PREFIXES)


def emergency_sentence(country: str, language: str, *, on: date) -> str:
    """The sentence as text, in that language (English where the house has no prompt in it)."""
    spoken = language if language in LANGUAGES else "en"
    return _SENTENCES[spoken].format(numbers=_OR[spoken].join(emergency_rule(country, on=on).numbers))


def emergency_prompt(country: str, language: str, *, on: date) -> str:
    """The name of the built-in prompt that says `emergency_sentence`, for instance "fr/emergency-15-112".

    Named by the numbers it says, so that a change of law can never play the old sentence under the old name.
    """
    spoken = language if language in LANGUAGES else "en"
    return f"{spoken}/emergency-{'-'.join(emergency_rule(country, on=on).numbers)}"


def emergency_prompts() -> dict[str, str]:
    """Every built-in emergency prompt and its text: what the script that makes the prompts has to speak."""
    return {
        f"{language}/emergency-{'-'.join(rule.numbers)}": _SENTENCES[language].format(
            numbers=_OR[language].join(rule.numbers)
        )
        for rule in EMERGENCY_RULES
        for language in LANGUAGES
    }
