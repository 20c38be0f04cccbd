# SPDX-License-Identifier: AGPL-3.0-or-later
"""The time that is kept for somebody who looks at the times again: the browser's "back" leads to an address that was
made before he took it, so that the address carries a mark from which the keys of his forms follow. Needs no cookie.
"""

from django.utils.crypto import salted_hmac

from permanence.agenda.queries import public
from permanence.agenda.queries.agendas import KEY
from permanence.agenda.queries.public import FormView, PageView
from permanence.agenda.refusals import FormUnknown
from permanence.booking import parts

MOST = 8
"""So many times he may take one after the other, and find the last one as his own."""
LENGTH = 26
"""Characters of a key, as `parts.fresh_key` makes them."""


def mark_of(sent: str) -> str:
    """The mark that an address or a form carries; a new one where it carries none of ours."""
    return sent if KEY.match(sent) else parts.fresh_key()


def next_key(page: PageView, mark: str) -> str:
    """The key of the form that begins with the time which is chosen next."""
    keys = _keys(mark)
    begun = public.begun_forms(slug=page.slug, keys=keys)
    return next((each for each in keys if each not in begun), "") or parts.fresh_key()


def kept_form(page: PageView, mark: str, *, instead: str) -> FormView | None:
    """His form whose time is still kept for him: the one that he says he wants another time for, else the last of this
    mark; None where there is none. Raises PageUnknown.

    By a mark only while it does not say who he is: an address of times may be sent to somebody else.
    """
    form = _live(page, instead) if instead else None
    if form is not None or not mark:
        return form
    begun = public.begun_forms(slug=page.slug, keys=_keys(mark))
    found = (_live(page, key) for key in reversed(begun))
    return next((each for each in found if each is not None and not each.mail), None)


def _live(page: PageView, key: str) -> FormView | None:
    at = parts.now()
    try:
        form = public.form(slug=page.slug, key=key, at=at)
    except FormUnknown:
        return None
    return form if not form.booked and at < form.held_until else None


def _keys(mark: str) -> list[str]:
    made = (salted_hmac("booking.kept", f"{mark}:{number}", algorithm="sha256") for number in range(MOST))
    return [each.hexdigest()[:LENGTH] for each in made]
