# SPDX-License-Identifier: AGPL-3.0-or-later
"""HTML in words that are read as they stand: whoever pastes it means bold or a list, and the reader would see tags.

Only what a browser would take for a tag counts: a "<" before a number, between blanks, or around words of a language
is no tag, so that "CRP < 5" and "<name of the patient>" stay possible.
"""

import re

ELEMENTS = frozenset(
    re.findall(
        r"\w+",
        """
        a abbr acronym address applet area article aside audio b base bdi bdo big blink blockquote body br button canvas
        caption center cite code col colgroup data datalist dd del details dfn dialog dir div dl dt em embed fieldset
        figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html i iframe img
        input ins kbd label legend li link main map mark marquee math menu meta meter nav nobr noframes noscript object
        ol optgroup option output p param picture pre progress q rp rt ruby s samp script search section select slot
        small source span strike strong style sub summary sup svg table tbody td template textarea tfoot th thead time
        title tr track tt u ul var video wbr
        """,
    )
)
"""The names of HTML, those of old included."""
_TAG = re.compile(
    r"""<!--|<!doctype\b|<\?(?:xml|php)\b   # a comment, what stands before a page
    |</[a-z][^<>\s]*\s*>                    # the end of whatever it is
    |<(?P<name>[a-z][a-z0-9]*)\s*/?>        # a tag alone
    |<[a-z][^<>\s/]*[\s/][^<>]*=[^<>]*>     # one with something set
    |<[a-z][a-z0-9]*:[a-z][^<>]*>           # one of a word processor
    """,
    re.VERBOSE | re.IGNORECASE,
)
SHOWN = 40
"""Characters of a tag that are said again."""


def html_in(text: str) -> str:
    """The first tag or comment of HTML in the text, cut to `SHOWN` characters; "" where there is none."""
    for found in _TAG.finditer(text):
        name = found["name"]
        if name is None or name.lower() in ELEMENTS:
            return found[0][:SHOWN]
    return ""
