# SPDX-License-Identifier: AGPL-3.0-or-later
"""A new client like another one: the owner gives the name, and is told what was left out because it names somebody."""

from collections.abc import Sequence

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from permanence.backstage.account_forms import two_letters
from permanence.backstage.account_views import client_or_404, doors
from permanence.clients.models import Client
from permanence.clients.operations import NameTaken
from permanence.clients.proving import SaidContradicts
from permanence.clients.said_words import ChangeWords, change_words
from permanence.clients.template_operations import open_from_template, try_template
from permanence.clients.template_rules import LeftOut
from permanence.foundation.who import Who, owner_only, who
from permanence.kernel.system import SystemClock

CLOCK = SystemClock()


class CopyForm(forms.Form):
    """What of the new client is his own."""

    name = forms.CharField(label=_("name"), max_length=120)
    place = forms.CharField(label=_("place"), max_length=120, required=False)
    with_sites = forms.BooleanField(label=_("the same sites"), required=False)


def left_out_words(each: LeftOut) -> str:
    """What was not copied, and why."""
    what = {"names": each.names, "text": each.text}
    if each.narrowed:
        return gettext("Not copied, because it holds only for “%(names)s”: %(text)s") % what
    return gettext("Not copied, because it says “%(names)s”: %(text)s") % what


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@owner_only
def copy(request: HttpRequest, client: str) -> HttpResponse:
    """Ask for the name; then open the client and go to his page."""
    by = who(request)
    template = client_or_404(by, client)
    form = CopyForm(request.POST if request.method == "POST" else None)
    change: ChangeWords | None = None
    if form.is_valid():
        given = form.cleaned_data
        tries = request.POST.get("step") == "check"
        try:
            copied = (try_template if tries else open_from_template)(
                template=str(template.pk),
                name=given["name"],
                initials=two_letters(given["name"]),
                place=given["place"],
                with_sites=given["with_sites"],
                by=by,
                at=CLOCK.now(),
            )
        except NameTaken:
            form.add_error("name", gettext("Another client of the house has this name."))
        except SaidContradicts as refusal:
            form.add_error(None, gettext("The client was not opened."))
            change = change_words(refusal.found)
        else:
            if tries:
                return _page(request, template, form, by, change=change_words(copied.found), left_out=copied.left_out)
            messages.success(
                request, gettext("%(name)s is a prospect until you say otherwise.") % {"name": given["name"]}
            )
            for each in copied.left_out:
                messages.warning(request, left_out_words(each))
            return redirect("backstage:clients_client_change", copied.client)
    return _page(request, template, form, by, change=change)


def _page(
    request: HttpRequest,
    template: Client,
    form: CopyForm,
    by: Who,
    *,
    change: ChangeWords | None,
    left_out: Sequence[LeftOut] = (),
) -> HttpResponse:
    """The form; after "Check", or where it cannot be, what would be found and what would stay behind."""
    context = {"client": template, "form": form, "change": change, "left_out": left_out, **doors(by)}
    return render(request, "backstage/accounts/copy.html", context, status=422 if form.errors else 200)
