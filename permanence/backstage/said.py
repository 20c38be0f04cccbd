# SPDX-License-Identifier: AGPL-3.0-or-later
"""What will be said for a client: the coming week in a picture, the year's gaps and conflicts, and any moment asked."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.formats import localize_input
from django.utils.translation import gettext as now
from django.utils.translation import gettext_lazy as _

from permanence.backstage.began import MarkedAdmin
from permanence.backstage.unsaved import in_words
from permanence.clients import announcements, queries, said
from permanence.clients.rules.coverage import Coverage, Segment, said_at
from permanence.clients.said_shown import said_shown
from permanence.clients.said_words import reason_words
from permanence.foundation import access, dates
from permanence.foundation.who import who
from permanence.kernel.system import SystemClock
from permanence.reception.absence import ANSWER

CLOCK = SystemClock()
DAYS_SHOWN = 7
FURTHEST = timedelta(days=800)
"""Ahead, of a moment that is asked about: as far as days are written down that differ."""
_MINUTE = timedelta(minutes=1)


class MomentForm(forms.Form):
    """A moment on the client's clock, and a line."""

    # Fields of the browser's own would speak its language, not the page's.
    day = forms.DateField(label=_("day"), widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"}))
    time = forms.TimeField(label=_("time"), widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"}))
    line = forms.ChoiceField(label=_("line"), required=False, widget=forms.Select(attrs={"class": "input"}))

    def __init__(self, *args: Any, lines: tuple[str, ...], zone: str, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        line: Any = self.fields["line"]
        line.choices = [(number, number) for number in lines]
        self._zone, self._now = ZoneInfo(zone), at

    def clean(self) -> dict[str, Any]:
        """The moment, which is not over."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("day") and cleaned.get("time") is not None:
            cleaned["at"] = datetime.combine(cleaned["day"], cleaned["time"], tzinfo=self._zone)
            if cleaned["at"] < self._now - _MINUTE:
                raise forms.ValidationError(_("Ask about a moment that is still to come."), code="past")
            if cleaned["at"] > self._now + FURTHEST:
                raise forms.ValidationError(_("Choose a day from today on, within two years."), code="far")
        return cleaned


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A stretch of one day in the picture: minutes since midnight on the wall, and what it shows."""

    starts: int
    width: int
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRow:
    """One day of the picture: its bars, those of absences, and the same in words."""

    name: str
    bars: tuple[Bar, ...]
    away: tuple[Bar, ...]
    words: str
    why: str


def week_rows(coverage: Coverage, *, at: datetime) -> tuple[DayRow, ...]:
    """The seven local days from the one of `at` on."""
    zone = ZoneInfo(coverage.client.time_zone)
    first = at.astimezone(zone).date()
    week = datetime.combine(first + timedelta(days=DAYS_SHOWN), datetime.min.time(), tzinfo=zone)
    near = list(takewhile(lambda each: each.starts < week, coverage.segments))
    found = []
    for number in range(DAYS_SHOWN):
        day = first + timedelta(days=number)
        starts = datetime.combine(day, datetime.min.time(), tzinfo=zone)
        until = datetime.combine(day + timedelta(days=1), datetime.min.time(), tzinfo=zone)
        parts = [each for each in near if each.starts < until and starts < each.ends]
        found.append(_row(coverage, parts, starts, until))
    return tuple(found)


def _row(coverage: Coverage, parts: list[Segment], starts: datetime, until: datetime) -> DayRow:
    bars = tuple(_bars(parts, starts, until, lambda each: _kind(coverage, each)))
    away = tuple(_bars(parts, starts, until, lambda each: "away" if each.absences else ""))
    answered = [bar for bar in bars if bar.kind in {ANSWER, "gap"}]
    words = ", ".join(f"{_clock(bar.starts)}–{_clock(bar.starts + bar.width)}" for bar in _together(answered))
    reasons = dict.fromkeys(
        reason_words(each.treatment.why[0])
        for each in parts
        if each.treatment.why[0].code in {"closed_by_holiday", "closed_by_exception", "closed_by_absence"}
    )
    return DayRow(
        name=dates.say(starts, dates.Form.SHORT_NAMED),
        bars=bars,
        away=away,
        words=words or str(now("closed")),
        why=", ".join(reasons),
    )


def _kind(coverage: Coverage, segment: Segment) -> str:
    if segment.treatment.kind != ANSWER:
        return "holiday" if segment.treatment.why[0].code == "closed_by_holiday" else segment.treatment.kind
    wanted = coverage.client.languages or coverage.languages
    places = [coverage.languages.index(language) for language in wanted]
    silent = not wanted or any(line[place] is None for line in segment.phrases for place in places)
    return "gap" if silent else ANSWER


def _bars(parts: list[Segment], starts: datetime, until: datetime, kind_of: Any) -> Iterator[Bar]:
    """The stretches of a day of one kind each; nothing where the kind is empty."""
    held: Bar | None = None
    for each in parts:
        kind = kind_of(each)
        begins, ends = _on_wall(each.starts, starts, until), _on_wall(each.ends, starts, until)
        if held is not None and held.kind == kind and held.starts + held.width == begins:
            held = Bar(starts=held.starts, width=held.width + max(ends - begins, 0), kind=kind)
            continue
        if held is not None and held.kind:
            yield held
        held = Bar(starts=begins, width=max(ends - begins, 0), kind=kind)
    if held is not None and held.kind:
        yield held


def _on_wall(moment: datetime, starts: datetime, until: datetime) -> int:
    """Minutes since midnight on the wall of that day; before and after it, its edges."""
    if moment.astimezone(starts.tzinfo) <= starts:
        return 0
    local = moment.astimezone(starts.tzinfo)
    return 24 * 60 if moment >= until else local.hour * 60 + local.minute


def _together(bars: list[Bar]) -> list[Bar]:
    joined: list[Bar] = []
    for bar in bars:
        if joined and joined[-1].starts + joined[-1].width == bar.starts:
            last = joined.pop()
            bar = Bar(starts=last.starts, width=last.width + bar.width, kind=bar.kind)  # noqa: PLW2901
        joined.append(bar)
    return joined


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


class SaidAdmin(MarkedAdmin):
    """A client's page with the page of what will be said beside it."""

    def get_urls(self) -> list[URLPattern]:
        """Django's, and ours before them."""
        view = self.admin_site.admin_view(self.said_view)
        return [path("<path:object_id>/said/", view, name="clients_client_said"), *super().get_urls()]

    def said_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The picture of the week, what was found, and the moment asked about."""
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        at, by = CLOCK.now(), who(request)
        access.demand(by, client=object_id, subject=f"clients.client:{object_id}")
        try:
            proof = said.proof_of(house=by.house, client=object_id, at=at)
        except queries.ClientUnknown as unknown:
            raise Http404 from unknown
        client = proof.coverage.client
        local = at.astimezone(ZoneInfo(client.time_zone))
        asked = {
            "day": str(localize_input(local.date())),
            "time": f"{local:%H:%M}",
            "line": next(iter(client.lines), ""),
        }
        asked |= {name: str(request.GET[name]) for name in asked if name in request.GET}
        form = MomentForm(asked, lines=client.lines, zone=client.time_zone, at=at)
        shown = None
        if form.is_valid():
            moment = form.cleaned_data["at"]
            found = said_at(client, line=asked["line"], at=moment)  # what is over by then holds no more
            recorded = announcements.texts(house=by.house, client=object_id)
            shown = said_shown(found, client, name=by.name, recorded=recorded)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": client.name,
            "client": client,
            "found": in_words(proof),
            "week": week_rows(proof.coverage, at=at),
            "form": form,
            "shown": shown,
        }
        return TemplateResponse(request, "backstage/said.html", context)
