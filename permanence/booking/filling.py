# SPDX-License-Identifier: AGPL-3.0-or-later
"""The next two pages: who he is, and the code that he was sent."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from permanence.agenda.operations import public_forms
from permanence.agenda.queries import public
from permanence.agenda.queries.public import FormView, PageView, token_of
from permanence.agenda.refusals import CodeOver, CodeWrong, SlotRefused
from permanence.agenda.rules.answers import ADDRESS, WORDS_LIMIT
from permanence.agenda.rules.kinds import Way
from permanence.agenda.rules.public import QUICKEST
from permanence.booking import parts, told
from permanence.booking.choosing import Asked, asked_of, gone
from permanence.dispatch.sms_provider import usable_provider


@require_http_methods(["GET", "HEAD", "POST"])
@parts.public_view
def identity(request: HttpRequest, slug: str, key: str) -> HttpResponse:
    """Who he is; POST sends a code."""
    page, form, asked = _in_hand(slug, key)
    if form.booked:
        return _to_visit(page, form)
    if request.method != "POST":
        before = public_forms.told_before(slug=slug, key=key, at=parts.now())
        said = None if before is None else told.Told(identity=before, wrong={}, answers={})
        return _form(request, page, form, asked, said=said)
    parts.no_robot(request)
    at = parts.now()
    if at - form.made_at < QUICKEST:
        raise parts.Robot
    on = at.astimezone(parts.zone_of(page)).date()
    said = told.read(request.POST, asked.reason, country=page.client.country, on=on, sms=_sms())
    if said.wrong:
        return _form(request, page, form, asked, said=said)
    try:
        public_forms.tell(
            slug=slug,
            key=key,
            identity=said.identity,
            said=said.answers,
            language=parts.language_of(),
            address=parts.address_of(request),
            at=at,
        )
    except CodeOver:
        return _code(request, page, form, asked, failed=_no_more())
    except SlotRefused as refusal:
        return gone(request, page, asked, refusal, starts=form.starts_at)
    return HttpResponseRedirect(reverse("booking:code", kwargs={"slug": slug, "key": key}), status=303)


@require_http_methods(["GET", "HEAD", "POST"])
@parts.public_view
def code(request: HttpRequest, slug: str, key: str) -> HttpResponse:
    """The code; POST books, or with `again` sends another one."""
    page, form, asked = _in_hand(slug, key)
    if form.booked:
        return _to_visit(page, form)
    if form.code_until is None:
        return HttpResponseRedirect(reverse("booking:form", kwargs={"slug": slug, "key": key}), status=303)
    if request.method != "POST":
        return _code(request, page, form, asked)
    try:
        if "again" in request.POST:
            after = public_forms.tell_again(slug=slug, key=key, address=parts.address_of(request), at=parts.now())
            sent = "soon" if after.code_until == form.code_until else "new"
            link = reverse("booking:code", kwargs={"slug": slug, "key": key})
            return HttpResponseRedirect(f"{link}?sent={sent}", status=303)
        form = public_forms.confirm(slug=slug, key=key, code=request.POST.get("code", ""), at=parts.now())
    except CodeWrong:
        return _code(request, page, form, asked, failed=_("This is not the last code you were sent."))
    except CodeOver:
        words = _("This code is good no longer. Have another one sent.") if form.may_ask_again else _no_more()
        return _code(request, page, form, asked, failed=words)
    except SlotRefused as refusal:
        return gone(request, page, asked, refusal, starts=form.starts_at)
    return _to_visit(page, form)


def _in_hand(slug: str, key: str) -> tuple[PageView, FormView, Asked]:
    page, form = public.page(slug), public.form(slug=slug, key=key, at=parts.now())
    return page, form, asked_of(page, form.agenda, form.reason, is_new=form.is_new, instead=form.key)


def _to_visit(page: PageView, form: FormView) -> HttpResponse:
    link = reverse("booking:visit", kwargs={"slug": page.slug, "token": token_of(form.key)})
    return HttpResponseRedirect(link, status=303)


def _form(
    request: HttpRequest, page: PageView, form: FormView, asked: Asked, *, said: told.Told | None = None
) -> HttpResponse:
    """`said`: what he wrote now and cannot be read, or, with nothing wrong, before."""
    status = 422 if said is not None and said.wrong else 200
    answers, wrong = ({}, {}) if said is None else (said.answers, said.wrong)
    questions = [
        {"id": each.id, "text": each.text, "answer": answers.get(each.id, ""), "wrong": wrong.get(f"q-{each.id}", "")}
        for each in asked.reason.contra_indications
    ]
    told = [
        {"name": f"q-{each.id}", "text": each.text, "answer": answers.get(each.id, "")}
        for each in asked.reason.questions
    ]
    at_home = asked.reason.way is Way.HOME
    more = {"questions": questions, "told": told, "address": answers.get(ADDRESS, ""), "limit": WORDS_LIMIT}
    more["again"] = said is not None and not said.wrong and bool(questions or told or at_home)
    return _shown(request, "identity", page, form, asked, status=status, said=said, at_home=at_home, sms=_sms(), **more)


def _code(request: HttpRequest, page: PageView, form: FormView, asked: Asked, *, failed: str = "") -> HttpResponse:
    sent = "" if failed else request.GET.get("sent", "")
    return _shown(request, "code", page, form, asked, status=422 if failed else 200, failed=failed, sent=sent)


def _shown(
    request: HttpRequest, template: str, page: PageView, form: FormView, asked: Asked, *, status: int, **more: Any
) -> HttpResponse:
    at = parts.now()
    return parts.shown(
        request,
        template,
        page,
        at=at,
        status=status,
        form=form,
        asked=asked,
        when=parts.moment_words(form.starts_at, parts.zone_of(page)),
        held=at < form.held_until,
        whom=asked.offers[0].agenda.recipient_name,
        place=parts.place_asked(page, asked.reason, form.site),
        **more,
    )


def _sms() -> bool:
    """Whether codes can go by SMS."""
    return usable_provider() is not None


def _no_more() -> str:
    return _("No more codes are sent for this form. Please call us, or begin again.")
