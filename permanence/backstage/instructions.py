# SPDX-License-Identifier: AGPL-3.0-or-later
"""Instructions in the back office: saving writes a version, deleting retires; two authors lose nothing."""

from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.admin import RelatedOnlyFieldListFilter, display
from django.contrib.admin.utils import unquote
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext_lazy as _

from permanence.backstage import instruction_look, second_person, supervised
from permanence.backstage.inlines import Inline
from permanence.backstage.instruction_forms import SCOPE, InstructionForm, TextForm
from permanence.backstage.instruction_meanwhile import views_apart
from permanence.backstage.unsaved import HeldAdmin, Unsaved
from permanence.clients import instruction_fields, instructions
from permanence.clients.instruction_bodies import instruction_body
from permanence.clients.models import Client, Instruction
from permanence.clients.rules.approvals import ProposalKind
from permanence.clients.rules.difference import side_by_side
from permanence.foundation import access
from permanence.foundation.keys import row_key
from permanence.foundation.who import who
from permanence.kernel.system import SystemClock
from permanence.reception import markup

CLOCK = SystemClock()
BEGAN_FROM = "began_from"
"""The field with the version that was on the page."""
HISTORY = "clients_instruction_history"
"""The address of an instruction's versions."""
_WAITS = "_waits_at"
"""Where a request keeps the client at whom what it asked for waits for a second person."""


def in_place(rows: QuerySet[Instruction]) -> QuerySet[Instruction]:
    """Of each instruction the last version, unless it was retired."""
    later = Instruction.objects.filter(
        Q(root=OuterRef("pk")) | Q(root=OuterRef("root")), version__gt=OuterRef("version")
    )
    return rows.filter(~Exists(later), retired=False)


def _on_clock(at: datetime | None, client: Client) -> str:
    return "" if at is None else formats.date_format(at.astimezone(ZoneInfo(client.time_zone)), "SHORT_DATETIME_FORMAT")


class InstructionInline(Inline):
    """The instructions in place; they are changed on a page of their own, as a new version."""

    model = Instruction
    form = TextForm
    extra_at_first = 1
    classes = ()  # what every client has stands open
    explained = _("What she must know or do, shown while the phone rings. The highest priority stands first.")
    show_change_link = True
    verbose_name_plural = _("instructions (a change makes a new version)")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Instruction]:
        """Those in place."""
        return in_place(super().get_queryset(request))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """What was written stays written."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """What was written stays written."""
        return False


class InstructionAdmin(HeldAdmin):
    """Instructions in place, whoever they are for; a supervisor writes those of the clients she answers for."""

    supervisors = frozenset({"view", "add", "change", "delete"})
    form = InstructionForm
    list_display = ("words", "client", "acknowledge", "priority", "begins", "ends", "version", "writer")
    list_filter = (("client", RelatedOnlyFieldListFilter), "acknowledge")
    fieldsets = (
        (None, {"fields": ("text", ("priority", "acknowledge"), "began_from")}),
        (
            _("When"),
            {
                "fields": (("starts_at", "ends_at"),),
                "description": _("On the client's clock. Empty: at once, and until it is changed."),
            },
        ),
        (
            _("Only for"),
            {
                "fields": SCOPE,
                "description": _(
                    "Line and caller choose the calls on which it is shown. For a recipient or a reason it is shown"
                    " with their name, and comes forward when the secretary has chosen them."
                ),
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Instruction]:
        """Those in place, of the clients who concern her."""
        rows = supervised.hers(who(request), super().get_queryset(request), "client")
        return in_place(rows).select_related("client", "author")

    def is_over(self, request: HttpRequest, object_id: str) -> bool:
        """An instruction that was ended, or of which there is a newer version."""
        rows = supervised.hers(who(request), super().get_queryset(request), "client")
        return rows.filter(pk=row_key(object_id)).exists()

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Django's list; of a client who is not hers there is none."""
        asked = request.GET.get("client__id__exact")
        if asked is not None:
            access.demand(who(request), client=asked, subject=f"clients.client:{asked}")
        return super().changelist_view(request, extra_context)

    @display(description=_("instruction"))
    def words(self, row: Instruction) -> str:
        """Its words on one line."""
        return markup.words(row.text)

    @display(description=_("from"))
    def begins(self, row: Instruction) -> str:
        """On the client's clock."""
        return _on_clock(row.starts_at, row.client)

    @display(description=_("until"))
    def ends(self, row: Instruction) -> str:
        """On the client's clock."""
        return _on_clock(row.ends_at, row.client)

    @display(description=_("written by"), ordering="author__name")
    def writer(self, row: Instruction) -> str:
        """Whoever wrote this version."""
        return row.author.name

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Instruction | None:  # noqa: ARG002
        """The last version of the instruction that the address names by any of its versions.

        A retired one is there for its history, and for who was writing on it: her words come with the request.
        """
        rows = Instruction.objects.for_house(who(request).house_key).select_related("client", "author")
        key = unquote(object_id)
        named = rows.filter(pk=row_key(key)).first()
        if named is None:
            return None
        access.demand(who(request), client=str(named.client_id), subject=f"clients.instruction:{named.pk}")
        root = named.root_id or named.pk
        last = rows.filter(Q(pk=root) | Q(root=root)).order_by("-version").first()
        writing = request.method == "POST" and "began_from" in request.POST
        history = request.resolver_match is not None and request.resolver_match.url_name == HISTORY
        return last if last is not None and (writing or history or not last.retired) else None

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """The form with the client whose recipients, lines and reasons it offers."""
        client, by = self._client(request, obj), who(request)
        made: Any = super().get_form(request, obj, change, **kwargs)
        return partial(made, client=client, by=by)

    def _client(self, request: HttpRequest, obj: Any) -> Client | None:
        if obj is not None:
            return Client.objects.get(pk=obj.client_id)
        asked = request.GET.get("client", "")
        if asked:
            access.demand(who(request), client=asked, subject=f"clients.client:{asked}")
        rows = Client.objects.for_house(who(request).house_key)
        return rows.filter(pk=row_key(asked)).first()

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A new one for the client that the address names; without one, the clients to choose from."""
        client = self._client(request, None)
        if client is None:
            return HttpResponseRedirect(reverse("accounts:list"))
        return super().add_view(request, form_url, {"client": client, **(extra_context or {})})

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Django's page on the client's clock: what is typed and what is shown are his hours.

        A version that came between the check and the write: the page again, which now says so.
        """
        client = self._client(request, None if object_id is None else self.get_object(request, object_id))
        with timezone.override(ZoneInfo(client.time_zone if client else "UTC")):
            try:
                answer = super().changeform_view(request, object_id, form_url, extra_context)
            except (instruction_fields.InstructionChanged, instructions.InstructionUnknown):
                answer = super().changeform_view(request, object_id, form_url, extra_context)
            return answer.render() if isinstance(answer, TemplateResponse) else answer

    def has_history(self, obj: Any) -> bool:  # noqa: ARG002 - as of every page
        """Its versions: always."""
        return True

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Its versions, the last first, on the client's clock; what Django noted of its forms is not asked."""
        obj = self.get_object(request, object_id)
        if obj is None:
            return super().history_view(request, object_id, extra_context)
        root = str(obj.root_id or obj.pk)
        found = instructions.series(house=who(request).house, client=str(obj.client_id), instruction=root)
        shown = {"versions": found, "title": _("Versions of the instruction"), **(extra_context or {})}
        with timezone.override(ZoneInfo(obj.client.time_zone)):
            answer = super().history_view(request, object_id, shown)
            return answer.render() if isinstance(answer, TemplateResponse) else answer

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Whether it is to end, with the version that would; the end of an urgent one may wait for a second person.

        Where another version came since the page was opened, it stays, and the page comes again with both.
        """
        client = self._client(request, self.get_object(request, object_id))
        with timezone.override(ZoneInfo(client.time_zone if client else "UTC")):
            try:
                shown = {**self._ending(request, object_id), **(extra_context or {})}
                answer = super().delete_view(request, object_id, shown)
            except Unsaved as unsaved:
                answer = self._kept(request, object_id, unsaved)
            except (instruction_fields.InstructionChanged, instructions.InstructionUnknown):
                seen = row_key(request.POST.get(BEGAN_FROM, ""))
                return HttpResponseRedirect(f"{request.path}?{BEGAN_FROM}={seen}")
            return answer.render() if isinstance(answer, TemplateResponse) else answer

    def _kept(self, request: HttpRequest, object_id: str, unsaved: Unsaved) -> HttpResponse:
        """The page that asks, with what its end would do or why it cannot end."""
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "object": self.get_object(request, object_id),
            "title": self.opts.verbose_name,
            "unsaved": unsaved,
            **self._ending(request, object_id),
        }
        return self.render_delete_form(request, context)

    def _ending(self, request: HttpRequest, object_id: str) -> dict[str, Any]:
        """What stands now, and beside it the version that was seen, where that is another one."""
        obj, house = self.get_object(request, object_id), who(request).house
        if obj is None or obj.retired:
            return {}
        root = str(obj.root_id or obj.pk)
        now = instructions.current(house=house, client=str(obj.client_id), instruction=root)
        seen = (root, row_key(request.GET.get(BEGAN_FROM, "")))
        before = instructions.versions(house=house, wanted={seen}).get(seen)
        context: dict[str, Any] = {"now": now}
        if BEGAN_FROM in request.GET and seen[1] != now.version:
            context["theirs"], context["mine"] = side_by_side(now.text, before.text if before else "")
            context["apart"] = views_apart(now, before) if before else ()
        return context

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:  # noqa: ARG002 - Django's signature
        """Nothing is deleted: a last version says that it holds no longer, and who has read it stays known."""
        return [], {}, set(), []

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        """Above the form: how it is shown, who has read it, and where two wrote at once, both versions."""
        obj, form = kwargs.get("obj"), context["adminform"].form
        context |= {"show_save_and_add_another": False, "subtitle": None}
        if obj is not None:
            house, root = who(request).house, str(obj.root_id or obj.pk)
            now = instructions.current(house=house, client=str(obj.client_id), instruction=root)
            found = [each for each in instructions.readings(house=house, at=CLOCK.now()) if each.view == now]
            context |= {"now": now, "reading": found[0] if found else None, "client": obj.client}
            if form.meanwhile:
                mine = form.data.get("text", "").replace("\r\n", "\n").strip()
                context["theirs"], context["mine"] = side_by_side(now.text.replace("\r\n", "\n"), mine)
                context["apart"] = form.apart
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Instruction, form: Any, change: bool) -> None:
        """A new version, or a first one; the row on the page stays as it was. Raises Unsaved."""
        given, new = form.cleaned_data, not change or obj.retired
        client = obj.client if change else self._client(request, None)
        if client is None:
            raise instructions.InstructionUnknown("no client")
        body = instruction_body(
            **{name: given[name] for name in ("text", "priority", "acknowledge", "starts_at", "ends_at")},
            scope=form.scope,
            instruction="" if new else str(obj.root_id or obj.pk),
            began_from=None if new else given["began_from"],
        )
        if instruction_look.save(request, client=str(client.pk), kind=ProposalKind.INSTRUCTION, body=body):
            setattr(request, _WAITS, str(client.pk))
        elif new:
            obj.pk = Instruction.objects.for_client(client).latest("pk").pk

    def delete_model(self, request: HttpRequest, obj: Instruction) -> None:
        """It holds no longer. Raises Unsaved."""
        client, seen = str(obj.client_id), row_key(request.POST.get(BEGAN_FROM, ""))
        body = {"instruction": str(obj.root_id or obj.pk), "began_from": seen}
        if instruction_look.save(request, client=client, kind=ProposalKind.RETIREMENT, body=body):
            setattr(request, _WAITS, client)

    def response_add(
        self, request: HttpRequest, obj: Instruction, post_url_continue: str | None = None
    ) -> HttpResponse:
        """To the list; to the client's page where it waits for a second person."""
        return _waiting(request) or super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: Instruction) -> HttpResponse:
        """As above."""
        return _waiting(request) or super().response_change(request, obj)

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: int) -> HttpResponse:
        """As above."""
        return _waiting(request) or super().response_delete(request, obj_display, obj_id)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The operation notes what was done; of one that waits Django would note what was not."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """As above."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """As above."""


def _waiting(request: HttpRequest) -> HttpResponse | None:
    client = getattr(request, _WAITS, None)
    return None if client is None else second_person.to_card(client)
