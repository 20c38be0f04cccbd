# SPDX-License-Identifier: AGPL-3.0-or-later
"""One appointment as a file for the patient's calendar (RFC 5545): who, where, when, and nothing of why."""

from dataclasses import dataclass
from datetime import UTC, datetime

LINE_OCTETS = 75


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What stands in the file. `uid` stays the same when the visit moves, `sequence` grows."""

    uid: str
    sequence: int
    stamp: datetime
    starts: datetime
    ends: datetime
    summary: str
    place: str
    link: str
    is_cancelled: bool


def ics(entry: Entry) -> bytes:
    """The file."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Permanence//booking//EN",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        f"UID:{_text(entry.uid)}",
        f"SEQUENCE:{entry.sequence}",
        f"DTSTAMP:{_moment(entry.stamp)}",
        f"DTSTART:{_moment(entry.starts)}",
        f"DTEND:{_moment(entry.ends)}",
        f"SUMMARY:{_text(entry.summary)}",
        *([f"LOCATION:{_text(entry.place)}"] if entry.place else []),
        f"URL:{entry.link}",
        f"STATUS:{'CANCELLED' if entry.is_cancelled else 'CONFIRMED'}",
        "CLASS:PRIVATE",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(f"{_folded(line)}\r\n" for line in lines).encode()


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _text(words: str) -> str:
    """RFC 5545, 3.3.11."""
    kept = "".join(each if each.isprintable() or each == "\n" else " " for each in words)
    return kept.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _folded(line: str) -> str:
    """RFC 5545, 3.1: no line longer than 75 octets, and none broken within a character."""
    parts, room = [""], LINE_OCTETS
    for each in line:
        size = len(each.encode())
        if size > room:
            parts.append("")
            room = LINE_OCTETS - 1
        parts[-1] += each
        room -= size
    return "\r\n ".join(parts)
