# SPDX-License-Identifier: AGPL-3.0-or-later
"""The spelling of telephone numbers by country, through `phonenumbers` (ITU-T E.164, E.123)."""

import re
from functools import cache, lru_cache

import phonenumbers

from permanence.kernel.phone import PhoneNumber
from permanence.kernel.refusals import Refusal

_GLOBAL = re.compile(r"\+([1-9][0-9]{7,14})\Z")
_LONGEST_CODE = 3


class NotANumber(Refusal):
    """The text is not a telephone number that can exist in that country."""

    code = "not_a_number"


def parse_number(text: str, *, country: str) -> PhoneNumber:
    """The number a person or a carrier wrote, nationally ("01 23 45 67 89") or internationally ("+352...", "00352...").

    `country` spells national numbers. Only the length is judged, not whether the range is in use: carriers bring
    numbers of new ranges, and numbers kept for fiction must pass. Raises NotANumber.
    """
    if _is_e164(text):
        return PhoneNumber(text)
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


def _is_e164(text: str) -> bool:
    """Whether the text is what `parse_number` would make of it: every call brings its number so, and the library takes
    longer over one number than the exchange over any message of the call. False where only the library can say."""
    found = _GLOBAL.match(text)
    if found is None:
        return False
    digits = found[1]
    for length in range(1, _LONGEST_CODE + 1):  # no calling code begins with another one
        form = _form_of(digits[:length])
        if form is not None:
            prefix, lengths = form
            national = digits[length:]
            return len(national) in lengths and national[0] != "0" and (prefix is None or not prefix.match(national))
    return False


@cache  # of the one to three digits a number begins with: a thousand at most
def _form_of(calling_code: str) -> tuple[re.Pattern[str] | None, tuple[int, ...]] | None:
    """What the library knows of the numbers behind a calling code: the beginning that it may cut or rewrite, and the
    lengths that exist. None for digits that are no calling code."""
    code = int(calling_code)
    region = phonenumbers.region_code_for_country_code(code)
    known = phonenumbers.PhoneMetadata.metadata_for_region_or_calling_code(code, region)
    if known is None or known.general_desc is None:
        return None
    prefix = known.national_prefix_for_parsing
    return None if prefix is None else re.compile(prefix), known.general_desc.possible_length


@lru_cache(maxsize=8192)
def spell_number(number: PhoneNumber, *, country: str) -> str:
    """The number as a person in `country` writes it: nationally when it is his own country's, else with the plus."""
    parsed = phonenumbers.parse(number.e164)
    own = phonenumbers.country_code_for_region(country.upper()) == parsed.country_code
    form = phonenumbers.PhoneNumberFormat.NATIONAL if own else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(parsed, form)


def spell_international(number: PhoneNumber) -> str:
    """The number with its country and the spaces usual there ("+33 1 23 45 67 89")."""
    return phonenumbers.format_number(phonenumbers.parse(number.e164), phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def spell_kept(number: str, *, country: str = "") -> str:
    """A number that is kept as E.164 with the spaces usual there, for a person in `country` as `spell_number`, else
    with its country; what is no such number (a short code, an unknown line's) as it is.
    """
    try:
        kept = PhoneNumber(number)
    except ValueError:
        return number
    return spell_number(kept, country=country) if country else spell_international(kept)


def country_of(number: PhoneNumber) -> str | None:
    """The country of the number ("FR"), or None for one that belongs to none (+883...) or is not in use."""
    parsed = phonenumbers.parse(number.e164)
    found = phonenumbers.region_code_for_number(parsed) or phonenumbers.region_code_for_country_code(
        parsed.country_code or 0
    )
    return found if found not in {"001", "ZZ"} else None


_MOBILE = re.compile(r"\+(33[67]|3526|3538)")
"""Mobile ranges of the countries of the house, those kept for fiction and not yet in use included."""


CODE_COUNTRIES = frozenset({"AT", "BE", "CH", "DE", "ES", "FR", "GB", "IE", "IT", "LU", "MC", "NL", "PT"})
"""Where a number may be at home to which strangers have codes sent: elsewhere an SMS can cost a hundred times more."""


def takes_code(number: str) -> bool:
    """Whether a stranger may have a code sent to this number (E.164): a mobile of a country nearby."""
    parsed = phonenumbers.parse(number)
    known = phonenumbers.region_code_for_number(parsed) or phonenumbers.region_code_for_country_code(
        parsed.country_code or 0
    )
    return known in CODE_COUNTRIES and takes_sms(parse_number(number, country="LU"))


def takes_sms(number: PhoneNumber) -> bool:
    """Whether an SMS can reach the number by its range: a mobile, or one of a plan that does not tell them apart."""
    kind = phonenumbers.number_type(phonenumbers.parse(number.e164))
    known = {phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE}
    return kind in known or _MOBILE.match(number.e164) is not None
