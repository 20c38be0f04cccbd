# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a patient wrote about himself, field by field, each with the words that help where it cannot be read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from permanence.agenda.operations.public_forms import Identity
from permanence.agenda.rules.answers import ADDRESS, WORDS_LIMIT, lacks_address, unanswered
from permanence.agenda.rules.kinds import VisitReason, Way
from permanence.callers.rules.birth import read_birth
from permanence.callers.rules.form import read_mail, read_number
from permanence.callers.rules.identity import FieldUnfit, clean_name
from permanence.countries.numbers import takes_code
from permanence.kernel.refusals import Refusal

LIMIT = 320
"""Characters read of a field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """As typed, and what is wrong with it by field. `answers`: to the questions of the reason, and `ADDRESS`."""

    identity: Identity
    wrong: dict[str, str]
    answers: dict[str, str]


def read(sent: Mapping[str, str], reason: VisitReason, *, country: str, on: date, sms: bool) -> Told:
    """What was sent; nothing is refused here, all that is wrong is said at once. `on`: today at the practice.

    `sms`: whether codes can go by SMS.
    """
    identity = Identity(
        last_name=_field(sent, "last_name"),
        first_name=_field(sent, "first_name"),
        birth_date=_field(sent, "birth_date"),
        number=_field(sent, "number"),
        mail=_field(sent, "mail"),
        agrees="agrees" in sent,
        by_sms=sms and sent.get("by") == "sms",
    )
    wrong = {
        "last_name": _tried(lambda: bool(clean_name(identity.last_name, field="used_name"))),
        "first_name": _tried(lambda: bool(clean_name(identity.first_name, field="first_name"))),
        "birth_date": _tried(lambda: read_birth(identity.birth_date, country=country, on=on).is_whole),
        "number": _tried(lambda: bool(identity.number.strip() and read_number(identity.number, country=country))),
        "mail": _tried(lambda: bool(read_mail(identity.mail))),
    }
    if identity.by_sms and not wrong["number"]:
        wrong["number"] = "" if takes_code(read_number(identity.number, country=country)) else "no_mobile"
    answers = {
        each.id: _field(sent, f"q-{each.id}")[:WORDS_LIMIT] for each in reason.contra_indications + reason.questions
    }
    wrong |= {f"q-{each.id}": "unanswered" for each in unanswered(reason, answers)}
    if reason.way is Way.HOME:
        answers[ADDRESS] = _field(sent, "address")[:WORDS_LIMIT]
        wrong["address"] = "missing" if lacks_address(reason, answers) else ""
    return Told(
        identity=identity, wrong={name: _words(name, code) for name, code in wrong.items() if code}, answers=answers
    )


def _field(sent: Mapping[str, str], name: str) -> str:
    return sent.get(name, "")[:LIMIT].strip()


def _tried(read_it: Callable[[], bool]) -> str:
    """The code of what is wrong, "" for nothing."""
    try:
        return "" if read_it() else "missing"
    except FieldUnfit:
        return "unfit"
    except Refusal as refusal:
        return refusal.code


def _words(name: str, code: str) -> str:
    by_code = {
        "birth_date_in_future": _("This day is still to come."),
        "birth_date_impossible": _("There is no such day of birth."),
        "unanswered": _("Answer yes or no."),
        "no_mobile": _("No SMS goes to this number. Write a mobile number, or choose e-mail."),
    }
    by_name = {
        "last_name": _("Write your family name, in letters."),
        "first_name": _("Write your first name, in letters."),
        "birth_date": _("Write day, month and year: 14.03.1961."),
        "number": _("Write a telephone number, in figures."),
        "mail": _("Write a mail address: name@example.org."),
        "address": _("Write where you are to be visited: street, number, town."),
    }
    return by_code.get(code) or by_name.get(name, _("Answer yes or no."))
