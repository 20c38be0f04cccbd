# SPDX-License-Identifier: AGPL-3.0-or-later
"""Why the words of an instruction are refused, as every page says it."""

from django.utils.translation import gettext as _

from permanence.clients.rules.html_tags import html_in


def html_words(text: str) -> str:
    """What to say of HTML in the text; "" where there is none."""
    tag = html_in(text)
    if not tag:
        return ""
    told = _(
        "“%(tag)s” is HTML: the secretary would read it as it stands. Bold is written **between two stars**, a list "
        "with a hyphen and a space at the beginning of each line."
    )
    return told % {"tag": tag}
