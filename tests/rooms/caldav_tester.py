# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an independent tester finds out about a CalDAV server, by `caldav-server-tester`: run in its environment
(`requirements/caldav.txt`), never imported. Arguments: address, e-mail address, password, calendar. Prints as JSON what
is supported how, by feature, and which checks could not be finished.

The tester makes a calendar for tasks where the one it was given takes none; it goes on without tasks where none can be
made, as it does where one can be made that takes none either.
"""

import inspect
import json
import logging
import sys

import caldav
from caldav.lib.error import DAVError
from caldav_server_tester import checks
from caldav_server_tester.checker import ServerQuirkChecker
from caldav_server_tester.checks_base import Check

prepare_tasks = checks.PrepareCalendar._prepare_task_calendar


def prepare_tasks_or_none(self, *args):
    try:
        return prepare_tasks(self, *args)
    except DAVError:
        self.set_feature("save-load.todo", "unsupported")
        return False


def main(url: str, user: str, password: str, calendar: str) -> dict[str, object]:
    checks.PrepareCalendar._prepare_task_calendar = prepare_tasks_or_none
    unfinished = {}
    with caldav.DAVClient(url=url, username=user, password=password) as client:
        checker = ServerQuirkChecker(client)
        checker.expected_features.set_feature("test-calendar.compatibility-tests", {"name": calendar})
        every = [each for _name, each in inspect.getmembers(checks, inspect.isclass) if issubclass(each, Check)]
        for each in every:
            if each is not Check:
                try:
                    each(checker).run_check(only_once=True)
                except (AssertionError, RuntimeError) as error:
                    unfinished[each.__name__] = str(error)
        checker.cleanup(force=True)
        found = json.loads(checker.report(verbose=True, return_what="json"))["features"]
    return {"features": found, "unfinished": unfinished}


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    print(json.dumps(main(*sys.argv[1:])))
