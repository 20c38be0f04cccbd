# SPDX-License-Identifier: AGPL-3.0-or-later
"""Switching public booking on and off: for an agenda, with the reasons that are offered, and for the practice."""

from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction

from permanence.agenda.models import PublicPage
from permanence.agenda.operations.acts import reach
from permanence.agenda.operations.setting import client_of
from permanence.agenda.queries import agendas
from permanence.agenda.queries.public import PageSetting, settings_of
from permanence.agenda.refusals import NameTaken, SettingImpossible, VisitReasonUnknown
from permanence.agenda.rules.kinds import Asker
from permanence.agenda.rules.public import is_slug
from permanence.callers.rules.form import read_number
from permanence.foundation import audit
from permanence.foundation.who import Who


def set_page(
    *,
    client: str,
    agenda: str,
    slug: str,
    active: bool,
    by: Who,
    at: datetime,
    reasons: Sequence[str] = (),
    found: bool = False,
    phone: str = "",
) -> PageSetting:
    """The public page of an agenda ("": of the practice) is now so; it is off until this was called with `active`.

    Only reasons that patients may book online can be offered. Raises AgendaUnknown, VisitReasonUnknown, NameTaken (the
    slug is another page's), SettingImpossible ("slug", "reasons"), callers' NumberUnreadable.
    """
    account = client_of(client, by=by)
    row = None if not agenda else reach(agenda, by=by)
    if not is_slug(slug) or (row is not None and str(row.client_id) != account.id):
        raise SettingImpossible("slug")
    online = {each.id for each in agendas.reasons(by=by, client=account.id) if Asker.ONLINE in each.bookable_by}
    unknown = next((each for each in reasons if each not in online), None)
    if unknown is not None:
        raise VisitReasonUnknown(unknown[:40])
    if row is not None and active and not reasons:
        raise SettingImpossible("reasons")
    fields = {
        "house_id": by.house_key,
        "slug": slug,
        "active": active,
        "found": found,
        "reasons": list(dict.fromkeys(reasons)),
        "phone": read_number(phone, country=account.country) if phone.strip() else "",
    }
    try:
        with transaction.atomic():
            made, _ = PublicPage.objects.update_or_create(client_id=int(account.id), agenda=row, defaults=fields)
            detail = {"slug": slug, "active": active, "reasons": fields["reasons"], "found": found}
            subject = f"agenda.publicpage:{made.pk}"
            audit.note(by=by, at=at, action="agenda.page_set", subject=subject, client=made.client_id, detail=detail)
    except IntegrityError as error:
        raise NameTaken(slug) from error
    return next(each for each in settings_of(by=by, client=account.id) if each.slug == slug)
