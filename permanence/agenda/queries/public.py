# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a public page shows: of its practice, of what is offered there, of a form or an appointment behind its key."""

from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest

from django.core.signing import BadSignature, Signer
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.crypto import salted_hmac

from permanence.agenda.models import Appointment, PublicForm, PublicPage, SlotHold
from permanence.agenda.queries import agendas
from permanence.agenda.queries.agendas import known_key
from permanence.agenda.queries.views import AgendaView, AppointmentView, agenda_view, appointment_view, loaded
from permanence.agenda.refusals import FormUnknown, LinkOver, LinkUnknown, PageUnknown
from permanence.agenda.rules.kinds import Asker, VisitReason
from permanence.agenda.rules.public import CODE_TIME, MOST_CODES, code_of, is_slug
from permanence.agenda.rules.states import STANDING
from permanence.clients import queries as clients
from permanence.clients.forwarding import number_to_call
from permanence.foundation.keys import row_key
from permanence.foundation.prepared import Prepared
from permanence.foundation.who import Who, system_of
from permanence.reception.table import ANSWERED

LINK_SALT = "permanence.agenda.public.visit"
VISIT_SALT = "permanence.agenda.public.visit_key"
CODE_SALT = "permanence.agenda.public.code"
LINK_LIMIT = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One agenda on a page, with the reasons for which it is booked there."""

    agenda: AgendaView
    reasons: tuple[VisitReason, ...]

    def reason(self, reason: str) -> VisitReason:
        """Raises PageUnknown."""
        found = next((each for each in self.reasons if each.id == reason), None)
        if found is None:
            raise PageUnknown(reason[:40])
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class PageView:
    """A public page that is switched on. `by`: the system acting in its house. `phone`: E.164, "" for none: the page's
    own, else the one that the practice's callers dial.
    """

    slug: str
    client: clients.ClientView
    found: bool
    phone: str
    offers: tuple[Offer, ...]
    by: Who

    def offer(self, agenda: str) -> Offer:
        """Raises PageUnknown."""
        found = next((each for each in self.offers if each.agenda.id == agenda), None)
        if found is None:
            raise PageUnknown(agenda[:40])
        return found

    def offering(self, reason: str) -> tuple[Offer, ...]:
        """Those with whom it is booked for that reason. Raises PageUnknown for nobody."""
        found = tuple(each for each in self.offers if any(one.id == reason for one in each.reasons))
        if not found:
            raise PageUnknown(reason[:40])
        return found

    @property
    def shared(self) -> tuple[VisitReason, ...]:
        """The reasons for which more than one can be booked, in the order of the first one's."""
        every = {one.id: one for each in self.offers for one in each.reasons}
        return tuple(one for key, one in every.items() if len(self.offering(key)) > 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class FormView:
    """A form in hand. `mail` and `number` are "" until he said who he is; `by_sms`: where the code went; `booked`: it
    became an appointment. `site`: of the slot that was held for it, "" for none.
    """

    key: str
    agenda: str
    reason: str
    starts_at: datetime
    ends_at: datetime
    held_until: datetime
    made_at: datetime
    is_new: bool
    mail: str
    number: str
    by_sms: bool
    code_until: datetime | None
    may_ask_again: bool
    booked: bool
    site: str

    @property
    def holder(self) -> str:
        """For whom its slot is held."""
        return holder_of(self.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitView:
    """An appointment behind its secret link. `may_change`: it has not begun and still stands.

    `page`: the one on which it was booked, on or off; off, it offers nothing. `offer` and `reason`: None where he can
    move it no longer by himself. `is_new`: he came for the first time, as he said; never what his file says.
    `is_mailed`: his mails carry the link, for a code proved that they reach him.
    """

    page: PageView
    appointment: AppointmentView
    offer: Offer | None
    reason: VisitReason | None
    agenda: AgendaView
    may_change: bool
    is_new: bool
    is_mailed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSetting:
    """How a page is set, as those who may set it see it."""

    slug: str
    client: str
    agenda: str
    active: bool
    found: bool
    reasons: tuple[str, ...]
    phone: str


def page(slug: str) -> PageView:
    """The page of that name; a practice's on which nobody can be booked is off. Raises PageUnknown.

    At most five queries for each agenda on it, and one where it has no number of its own.
    """
    row = page_row(slug)
    found = _page_view(row)
    if row.agenda_id is None and not found.offers:
        raise PageUnknown(slug[:60])
    return found


def own_slug(*, by: Who, agenda: str) -> str:
    """The name of the page of that very agenda, "" where it is off or offers nothing."""
    rows = PublicPage.objects.for_house(by.house_key).select_related("house", "client")
    row = rows.filter(agenda=row_key(agenda), agenda__active=True, active=True).first()
    return row.slug if row is not None and _page_view(row).offers else ""


def _page_view(row: PublicPage) -> PageView:
    by = system_of(row.house)
    rows = _on(row.client_id) if row.active and row.client.state in ANSWERED else []
    rows = [each for each in rows if row.agenda_id is None or each.pk == row.pk]
    known = agendas.reasons(by=by, client=str(row.client_id))
    online = [each for each in known if Asker.ONLINE in each.bookable_by]
    offers = [
        Offer(
            agenda=agenda_view(each.agenda),
            reasons=tuple(one for one in online if one.id in each.reasons and one.also != str(each.agenda_id)),
        )
        for each in rows
        if each.agenda is not None
    ]
    return PageView(
        slug=row.slug,
        client=clients.client_view(row.client),
        found=row.found,
        phone=row.phone or number_to_call(house=by.house, client=str(row.client_id)),
        offers=tuple(each for each in offers if each.reasons),
        by=by,
    )


@Prepared
def _on(client: int) -> QuerySet[PublicPage, PublicPage]:
    """The pages of the client's agendas that are on."""
    rows = PublicPage.objects.filter(client=client, active=True, agenda__active=True)
    return rows.select_related("agenda__client", "agenda__recipient").order_by("agenda__name", "pk")


def settings_of(*, by: Who, client: str) -> tuple[PageSetting, ...]:
    """The pages of a client whom `by` sees, the practice's first."""
    may = agendas.clients_seen(by, [row_key(client)])
    rows = PublicPage.objects.for_house(by.house_key).filter(client__in=may)
    return tuple(
        PageSetting(
            slug=row.slug,
            client=str(row.client_id),
            agenda="" if row.agenda_id is None else str(row.agenda_id),
            active=row.active,
            found=row.found,
            reasons=tuple(row.reasons),
            phone=row.phone,
        )
        for row in rows.order_by("agenda_id", "pk")
    )


def form(*, slug: str, key: str, at: datetime) -> FormView:
    """A form on a page that is on. Raises PageUnknown, FormUnknown."""
    return form_view(form_row(slug, key, at=at))


def visit(*, slug: str, token: str, at: datetime) -> VisitView:
    """The appointment behind a link, also once its page is off or has another name: the patient has nothing else.

    Raises LinkUnknown, LinkOver after the visit.
    """
    row, form = behind_link(slug, token)
    if row.ends_at <= at:
        raise LinkOver(row.key)
    shown = _page_view(form.page)
    offer = next((each for each in shown.offers if each.agenda.id == str(row.agenda_id)), None)
    reason = next((each for each in offer.reasons if each.id == str(row.reason_id)), None) if offer else None
    view = appointment_view(row)
    return VisitView(
        page=shown,
        appointment=view,
        offer=offer,
        reason=reason,
        agenda=agenda_view(row.agenda),
        may_change=view.state in STANDING and at < view.starts_at,
        is_new=form.is_new,
        is_mailed=not form.by_sms,
    )


def token_of(appointment: str) -> str:
    """What stands in the secret link of an appointment: its id, signed; nothing secret is kept."""
    return Signer(salt=LINK_SALT, sep=".").sign(appointment)


def code_for(key: str, number: int) -> str:
    """The code of a form that was sent as its `number`-th."""
    return code_of(salted_hmac(CODE_SALT, f"{key}:{number}", algorithm="sha256").digest())


def is_code(key: str, number: int, typed: str) -> bool:
    """Whether that is the code, in constant time."""
    return compare_digest(code_for(key, number).encode(), typed.encode())


def holder_of(key: str) -> str:
    """For whom the slot of a form is held."""
    return f"public:{key}"


def page_row(slug: str) -> PublicPage:
    """The row of a page that is on, with house and client. Raises PageUnknown."""
    row = next(iter(_of_slug(slug)), None) if is_slug(slug) else None
    if row is None:
        raise PageUnknown(slug[:60])
    return row


@Prepared
def _of_slug(slug: str) -> QuerySet[PublicPage, PublicPage]:
    rows = PublicPage.objects.select_related("house", "client").filter(active=True, client__state__in=ANSWERED)
    return rows.filter(slug=slug)


@Prepared
def _forms(house: int, page: int, key: str) -> QuerySet[PublicForm, PublicForm]:
    rows = PublicForm.objects.for_house(house).filter(page=page, key=key)
    return rows.select_related("agenda", "agenda__client", "agenda__house", "page")


@Prepared
def _forms_locked(house: int, page: int, key: str) -> QuerySet[PublicForm, PublicForm]:
    rows = PublicForm.objects.for_house(house).filter(page=page, key=key).select_for_update(of=("self",))
    return rows.select_related("agenda", "agenda__client", "agenda__house", "page")


def form_row(slug: str, key: str, *, at: datetime, lock: bool = False) -> PublicForm:
    """The row of a form with its agenda. Raises PageUnknown, FormUnknown."""
    row = page_row(slug)
    find = _forms_locked if lock else _forms
    found = next(iter(find(row.house_id, row.pk, known_key(key))), None)
    if found is None or (found.booked_at is None and found.expires_at <= at):
        raise FormUnknown(key[:40])
    return found


def form_view(row: PublicForm) -> FormView:
    """The row as a view."""
    return FormView(
        key=row.key,
        agenda=str(row.agenda_id),
        reason=str(row.reason_id),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        held_until=row.held_until,
        made_at=row.made_at,
        is_new=row.is_new,
        mail=row.mail,
        number=row.number,
        by_sms=row.by_sms,
        code_until=None if row.code_sent_at is None else row.code_sent_at + CODE_TIME,
        may_ask_again=row.code_number < MOST_CODES,
        booked=row.booked_at is not None,
        site=_site_held(row),
    )


def _site_held(row: PublicForm) -> str:
    held = SlotHold.objects.for_house(row.house_id).filter(key=hold_of(row.key))
    return str(held.values_list("site", flat=True).first() or "")


def hold_of(key: str) -> str:
    """The id of the hold of a form: as that of its appointment it does not tell the form's own."""
    return f"hold-{visit_key(key)}"


def visit_key(key: str) -> str:
    """The id of the appointment of a form: feeds, devices and systems show it, and none can tell the form's from it.

    The form's own id opens its secret link, so that it is known to his browser alone.
    """
    return salted_hmac(VISIT_SALT, key, algorithm="sha256").hexdigest()[:32]


def form_key(token: str) -> str:
    """The id of the form behind a link. Raises LinkUnknown."""
    try:
        return str(Signer(salt=LINK_SALT, sep=".").unsign(token[:LINK_LIMIT]))
    except BadSignature as error:
        raise LinkUnknown(token[:8]) from error


def behind_link(slug: str, token: str) -> tuple[Appointment, PublicForm]:
    """The appointment behind a link and the form it was booked with, over or not. Raises LinkUnknown.

    The name in the link may be one that the page had before, but not another page's.
    """
    key = form_key(token)
    filled = PublicForm.objects.select_related("page__house", "page__client").filter(key=key, booked_at__isnull=False)
    other = PublicPage.objects.filter(slug=slug).exclude(pk=OuterRef("page_id"))
    form = filled.filter(~Exists(other)).first() if is_slug(slug) else None
    if form is None:
        raise LinkUnknown(token[:8])
    rows = loaded(Appointment.objects.for_house(form.house_id).filter(key=form.visit))
    found = rows.select_related("agenda__client", "agenda__house", "agenda__recipient", "reason", "patient", "series")
    visit = found.first()
    if visit is None:
        raise LinkUnknown(token[:8])
    return visit, form
