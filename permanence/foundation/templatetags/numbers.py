# SPDX-License-Identifier: AGPL-3.0-or-later
"""`{% load numbers %}`: telephone numbers for templates, as `countries.numbers` spells them."""

from django import template

from permanence.countries.numbers import spell_kept

register = template.Library()


@register.filter
def spelled(value: str, country: str = "") -> str:
    """`{{ each.number|spelled:client.country }}`: E.164 as a person in that country writes it, else with its country;
    where a line breaks, it stays in one piece.
    """
    return spell_kept(value, country=country).replace(" ", "\u00a0")
