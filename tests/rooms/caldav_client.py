# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a calendar program does, by the `caldav` library: run in its environment (`requirements/caldav.txt`), never
imported. Arguments: the server's address, e-mail address, password. Prints as JSON what it saw.
"""

import json
import sys
from datetime import UTC, datetime

import caldav
from caldav.lib import error

DAY = datetime(2026, 11, 30, tzinfo=UTC)
EVENT = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//independent//client//EN
BEGIN:VEVENT
UID:{uid}
DTSTAMP:20261124T110000Z
DTSTART:20261130T{start}Z
DTEND:20261130T{end}Z
SUMMARY:Formation
END:VEVENT
END:VCALENDAR
"""


def main(url: str, user: str, password: str) -> dict[str, object]:
    with caldav.DAVClient(url=url, username=user, password=password) as client:
        (calendar,) = client.principal().calendars()
        seen: dict[str, object] = {"name": str(calendar.get_display_name())}

        def day() -> list[str]:
            found = calendar.search(start=DAY, end=DAY.replace(hour=23), event=True)
            return sorted(str(each.icalendar_component["SUMMARY"]) for each in found)

        seen["before"] = day()
        state = calendar.objects_by_sync_token(load_objects=False)
        made = calendar.save_event(EVENT.format(uid="made-by-client", start="130000", end="140000"))
        seen["after"] = day()
        seen["changed"] = len(list(calendar.objects_by_sync_token(sync_token=state.sync_token, load_objects=False)))
        try:
            calendar.save_event(EVENT.format(uid="over-a-visit", start="070000", end="080000"))
        except error.DAVError as refused:
            seen["refused"] = type(refused).__name__
        made.icalendar_component["SUMMARY"] = "Formation continue"
        made.save()
        seen["renamed"] = day()
        made.delete()
        seen["deleted"] = day()
        return seen


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
