# SPDX-License-Identifier: AGPL-3.0-or-later
"""The spelling of telephone numbers by country, through `phonenumbers` (ITU-T E.164, E.123)."""

import phonenumbers

from permanence.kernel.phone import PhoneNumber
from permanence.kernel.refusals import Refusal


class NotANumber(Refusal):
    """The text is not a telephone number that can exist in that country."""

    code = "not_a_number"


def parse_number(text: str, *, country: str) -> PhoneNumber:
    """The number a person or a carrier wrote, nationally ("01 23 45 67 89") or internationally ("+352...", "00352...").

    `country` spells national numbers. Only the length is judged, not whether the range is in use: carriers bring
    numbers of new ranges, and numbers kept for fiction must pass. Raises NotANumber.
    """
    try:
        parsed = phonenumbers.parse(text[:80], country.upper())
    except phonenumbers.NumberParseException as error:
        raise NotANumber(f"not a telephone number in {country}") from error
    if not phonenumbers.is_possible_number(parsed):
        raise NotANumber(f"a number of that length does not exist in {country}")
    try:
        return PhoneNumber(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))
    except ValueError as error:
        raise NotANumber(f"not a telephone number in {country}") from error


def spell_number(number: PhoneNumber, *, country: str) -> str:
    """The number as a person in `country` writes it: nationally when it is his own country's, else with the plus."""
    parsed = phonenumbers.parse(number.e164)
    own = phonenumbers.country_code_for_region(country.upper()) == parsed.country_code
    form = phonenumbers.PhoneNumberFormat.NATIONAL if own else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(parsed, form)


def spell_international(number: PhoneNumber) -> str:
    """The number with its country and the spaces usual there ("+33 1 23 45 67 89")."""
    return phonenumbers.format_number(phonenumbers.parse(number.e164), phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def country_of(number: PhoneNumber) -> str | None:
    """The country of the number ("FR"), or None for one that belongs to none (+883...) or is not in use."""
    parsed = phonenumbers.parse(number.e164)
    found = phonenumbers.region_code_for_number(parsed) or phonenumbers.region_code_for_country_code(
        parsed.country_code or 0
    )
    return found if found not in {"001", "ZZ"} else None
