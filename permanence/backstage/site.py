# SPDX-License-Identifier: AGPL-3.0-or-later
"""The back office's site: Django's admin under the house's own sign-in page, each owner in his own house, and a
supervisor where `supervised` says so."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.admin.models import LogEntry
from django.contrib.auth.views import redirect_to_login
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import ForeignKey, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path
from django.utils.functional import SimpleLazyObject
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from permanence.backstage import supervised
from permanence.backstage.bases import AnyAdmin
from permanence.backstage.start import steps
from permanence.backstage.wrong import wrong_in, wrong_in_lines
from permanence.clients.remark_queries import remarks_waiting
from permanence.foundation import alarms, audit
from permanence.foundation.who import who
from permanence.kernel.system import SystemClock

CLOCK = SystemClock()


APP_PAGES = {
    "clients": "accounts:list",
    "switchboard": "admin:switchboard_trunk_changelist",
    "staff": "admin:staff_pool_changelist",
}
"""Where the address of a room of the back office leads; the others lead to the list of every page."""


class OwnPage(NamedTuple):
    """A page of our own under the back office: its address, its view, its name."""

    path: str
    view: Callable[..., HttpResponse]
    name: str


class BackstageSite(AdminSite):
    """Django's admin; an owner enters, and a supervisor where it says so."""

    site_header = _("Back office")
    site_title = _("Back office")
    index_title = _("Before the first call")
    enable_nav_sidebar = False
    pages: tuple[OwnPage, ...] = ()
    """Pages of the back office that are no table of Django's."""

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether this address opens."""
        return supervised.may_enter(request)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """What is still missing, in order, then every page."""
        found = steps(who(request))
        left = [step for step in found if step.needed and not step.done]
        context = {
            "steps": found,
            "next_step": left[0] if left else None,
            "title": None,
            "left": len(left),
            "alarms": alarms.standing(house=who(request).house, at=CLOCK.now()),
            "remarks": len(remarks_waiting(house=who(request).house)),
        }
        return super().index(request, {**context, **(extra_context or {})})

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        """Django's list of tables, made where it is looked at: every page is given it, for a sidebar we do not have."""
        made = super().get_app_list
        return SimpleLazyObject(lambda: made(request, app_label))

    def app_index(self, request: HttpRequest, app_label: str, extra_context: dict[str, Any] | None = None) -> Any:
        """Django's list of a room's tables holds one or two links: who comes there is led to where they are used."""
        super().app_index(request, app_label, extra_context)  # a room that has no page stays unknown
        return redirect(APP_PAGES.get(app_label, "admin:index"))

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Django's pages, and before them the house's own."""
        own = [path(each.path, self.admin_view(each.view), name=each.name) for each in self.pages]
        return [*own, *super().get_urls()]

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # noqa: ARG002
        """The house's own sign-in page; somebody signed in to whom a page does not open is refused."""
        if request.user.is_authenticated:
            raise PermissionDenied("the back office is for the owner")
        return redirect_to_login(request.GET.get("next") or request.get_full_path())

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Django's page for one's own password; that it was changed is noted in the same transaction."""
        with transaction.atomic():
            answer: HttpResponse = super().password_change(request, extra_context)
            if request.method == "POST" and isinstance(answer, HttpResponseRedirect):
                by = who(request)
                subject = f"foundation.person:{by.person}"
                audit.note(by=by, at=CLOCK.now(), action="person.password_changed", subject=subject)
        return answer


site = BackstageSite(name="backstage")


class HouseAdmin(AnyAdmin):
    """Rows of the owner's house only; choices of other rows too.

    `supervisors`: what a supervisor may do here (view, add, change, delete); `look`: she is shown the owner's own form.
    """

    save_as = False
    actions = None
    supervisors: frozenset[str] = frozenset()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The rows of the house."""
        return super().get_queryset(request).filter(house=who(request).house_key)

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> HttpResponse:
        """Back to the list from what is over; what the house never had is not there, as at every other door."""
        if self.is_over(request, object_id):
            messages.warning(request, _("It is not there any more: it ended meanwhile."))
            return redirect(f"admin:{opts.app_label}_{opts.model_name}_changelist")
        raise Http404(f"{opts.label}:{object_id}")

    def is_over(self, request: HttpRequest, object_id: str) -> bool:  # noqa: ARG002 - for those that end
        """Whether the house had such a row, which is shown no more."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:
        """An owner, and a supervisor where she may."""
        return super().has_view_permission(request, obj) or self._supervised("view", request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """As above."""
        return super().has_add_permission(request) or self._supervised("add", request)

    def has_change_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:
        """As above; one who only looks is shown the form."""
        looks = self._supervised("look", request) and (supervised.looks(request) or supervised.writes_part(request))
        return super().has_change_permission(request, obj) or looks or self._supervised("change", request)

    def has_delete_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:
        """As above."""
        return super().has_delete_permission(request, obj) or self._supervised("delete", request)

    def _supervised(self, act: str, request: HttpRequest) -> bool:
        return act in self.supervisors and supervised.is_supervisor(request)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list, named after what it lists."""
        title = capfirst(str(self.opts.verbose_name_plural))
        return super().changelist_view(request, {"title": title, **(extra_context or {})})

    def has_history(self, obj: Any) -> bool:
        """Whether Django noted anything of the row: only what its own forms did."""
        kind = ContentType.objects.get_for_model(obj)
        return LogEntry.objects.filter(content_type=kind, object_id=str(obj.pk)).exists()

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """The page, with what is wrong at its top in place of Django's one sentence; to read where she only looks."""
        if self._supervised("look", request) and supervised.reads(request):
            title = capfirst(str(self.opts.verbose_name))
            context |= {"looks": True, "title": title, "show_save": False, "show_save_and_continue": False}
        obj = kwargs.get("obj")
        context["has_history"] = obj is not None and self.has_history(obj)
        if context.get("errors") and "unsaved" not in context:
            lines = context["inline_admin_formsets"]
            context["wrong"] = [*wrong_in(context["adminform"].form), *wrong_in_lines(lines)]
            context["errors"] = None
        return super().render_change_form(request, context, *args, **kwargs)

    def formfield_for_foreignkey(self, db_field: ForeignKey[Any], request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the rows of the house."""
        model: Any = db_field.remote_field.model
        kwargs.setdefault("queryset", supervised.offered(who(request), model))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class ReadOnly(HouseAdmin):
    """A list to read: nothing is added, changed or deleted here."""

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:  # noqa: ARG002
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:  # noqa: ARG002
        """Never."""
        return False


def changes(form: Any, formsets: Sequence[Any] = ()) -> dict[str, Any]:
    """What a form and its lines changed, for the audit trail: names of fields, numbers of lines."""
    found: dict[str, Any] = {"fields": list(form.changed_data)}
    for formset in formsets:
        counts = (len(formset.new_objects), len(formset.changed_objects), len(formset.deleted_objects))
        if any(counts):
            found[formset.model.__name__] = dict(zip(("added", "changed", "deleted"), counts, strict=True))
    return found
