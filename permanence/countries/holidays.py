# SPDX-License-Identifier: AGPL-3.0-or-later
"""Public holidays, through the `holidays` library, which knows the years from which each law holds.

France knows the region "Alsace-Moselle" (droit local: Good Friday and 26 December; Code du travail art. L3134-13).
"""

from datetime import date
from functools import lru_cache

from holidays import country_holidays

ALSACE_MOSELLE = "Alsace-Moselle"
"""The one region of the three countries whose holidays differ from its country's."""

COUNTRIES = ("FR", "LU", "IE")

_SUBDIVISIONS = {("FR", ALSACE_MOSELLE.lower()): "6AE", ("FR", "alsace"): "6AE", ("FR", "moselle"): "57"}


@lru_cache(maxsize=4096)
def holiday_on(day: date, *, country: str, region: str = "") -> str | None:
    """The name of the public holiday in the country's own language, or None on an ordinary day.

    A country that is not in `COUNTRIES` has none here; a region without holidays of its own has its country's.
    """
    return _year(country.upper(), region.strip().lower(), day.year).get(day)


@lru_cache(maxsize=256)
def _year(country: str, region: str, year: int) -> dict[date, str]:
    if country not in COUNTRIES:
        return {}
    return dict(country_holidays(country, subdiv=_SUBDIVISIONS.get((country, region)), years=year))
