# SPDX-License-Identifier: AGPL-3.0-or-later
"""Fetches the receipts of our mails from their mailbox into `mail/receipts`, in a thread of its own.

Theory of operation. A mail that is a receipt of one of our deliveries is written into the folder, whole and synced, and
then marked in the mailbox; `tasks.take_receipts` reads the folder, in the thread that sends, so that no receipt
overtakes the record of its mail. Killed in between, the next turn writes the same file again, under the same name, and
a receipt that was read already says nothing new. What is not ours is left as it lies: its number is remembered
(`FetchStanding.uid`), so that it is looked at once. Without Django: `./run doctor` reads the state.
"""

import contextlib
import json
import logging
import os
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from permanence.dispatch.channels.email.imap import Mailbox, MailboxAway
from permanence.dispatch.channels.email.mailbox_url import MailboxAddress
from permanence.dispatch.channels.email.receipts import read_receipts
from permanence.dispatch.rules import fetch_again_in
from permanence.kernel.clock import Clock
from permanence.kernel.refusals import Refusal

log = logging.getLogger(__name__)

STANDING_FILE = "fetched.json"
"""Beside `receipts` in the house's mail folder."""
LATE = timedelta(minutes=10)
"""After how long without a turn, and without a reason, something is wrong."""
WINDOW = 500
"""Mails looked at in one question to the server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchStanding:
    """How the fetching stands. The moments are RFC 3339 or empty; `why` says why it fails, since `failing_since`.

    `uid` is the last mail that was looked at in `mailbox` while its UIDVALIDITY is `validity`.
    """

    mailbox: str = ""
    validity: int = 0
    uid: int = 0
    taken: int = 0
    fetched_at: str = ""
    failing_since: str = ""
    why: str = ""


def read_standing(path: Path) -> FetchStanding:
    """What the last turn wrote; an empty one where there is none or it is spoilt."""
    empty = FetchStanding()
    try:
        found = FetchStanding(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return empty
    same = all(type(value) is type(asdict(empty)[name]) for name, value in asdict(found).items())
    return found if same else empty


def judge(standing: FetchStanding, *, every: timedelta, at: datetime) -> tuple[bool, str]:
    """Whether the receipts are fetched, and the sentence that says so, for `./run doctor`."""
    last = _in_words(standing.fetched_at)
    if standing.why:
        until = f", the last time on {last}" if last else ""
        return False, f"Not fetched since {_in_words(standing.failing_since)}{until}: {standing.why}."
    if not last:
        return False, "Not fetched yet: the worker does it when the house runs."
    if at - datetime.fromisoformat(standing.fetched_at) > max(3 * every, LATE):
        return False, f"Last fetched on {last}: the worker has not come to it since."
    return True, f"Fetched on {last}, {standing.taken} so far."


class CannotTell(Refusal):
    """Whether a key is one of ours cannot be told now."""

    code = "cannot_tell"


class Fetcher:
    """The fetching of one mailbox, every `every`; later and later while it fails, and said once in the log.

    `password` is asked at each turn (its file may change; it may raise OSError), `is_ours` tells whether a key is that
    of one of our deliveries (or raises CannotTell). `mail` is the house's mail folder.
    """

    def __init__(
        self,
        address: MailboxAddress,
        *,
        password: Callable[[], str],
        every: timedelta,
        mail: Path,
        is_ours: Callable[[str], bool],
        clock: Clock,
        stop: threading.Event,
    ) -> None:
        self._address = address
        self._password = password
        self._every = every
        self._folder = mail / "receipts"
        self._path = mail / STANDING_FILE
        self._is_ours = is_ours
        self._clock = clock
        self._stop = stop
        self._failures = 0
        self._thread = threading.Thread(target=self._run, name="receipts", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def join(self, seconds: float) -> None:
        """Let the turn in hand end, which may be broken off at any moment without harm."""
        self._thread.join(timeout=seconds)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._stop.wait(self.turn(self._clock.now()).total_seconds())

    def turn(self, at: datetime) -> timedelta:
        """Fetch what is new; gives how long to wait until the next turn. It never raises."""
        try:
            standing = self._fetch(read_standing(self._path))
            self._write(replace(standing, fetched_at=_written(at), failing_since="", why=""))
        except Refusal as refusal:
            self._failed(refusal.why, at=at)
        except OSError as error:
            self._failed(f"what was fetched cannot be kept: {error.strerror}", at=at)
        except Exception as error:  # a fault of ours; another turn follows
            # Its trace without its words, which may repeat what was read.
            wordless = RuntimeError(f"{type(error).__name__}, whose words are left out")
            log.error("receipts were not fetched", exc_info=(type(error), wordless, error.__traceback__))
            self._failed(f"{type(error).__name__} while receipts were fetched", at=at)
        else:
            if self._failures:
                log.info("receipts are fetched again from %s", self._address.host)
            self._failures = 0
        return fetch_again_in(self._every, self._failures)

    def _failed(self, why: str, *, at: datetime) -> None:
        if not self._failures:
            log.warning("receipts cannot be fetched from %s: %s", self._address.host, why)
        self._failures += 1
        standing = read_standing(self._path)  # what was looked at before it failed stands there
        with contextlib.suppress(OSError):
            self._write(replace(standing, failing_since=standing.failing_since or _written(at), why=why))

    def _fetch(self, standing: FetchStanding) -> FetchStanding:
        with Mailbox(self._address, self._secret()) as mailbox:
            afresh = (standing.mailbox, standing.validity) != (str(self._address), mailbox.validity)
            if afresh:
                standing = replace(standing, mailbox=str(self._address), validity=mailbox.validity, uid=0)
            while standing.uid < mailbox.last and not self._stop.is_set():
                upto = min(standing.uid + WINDOW, mailbox.last)
                for number in mailbox.reports(mailbox.untaken(standing.uid + 1, upto, afresh=afresh)):
                    if self._stop.is_set():
                        return standing
                    standing = replace(standing, taken=standing.taken + self._take(mailbox, number))
                standing = replace(standing, uid=upto)
                self._write(standing)
        return standing

    def _secret(self) -> str:
        try:
            return self._password()
        except (OSError, UnicodeDecodeError) as error:
            raise MailboxAway(f"the file of the password cannot be read ({type(error).__name__})") from None

    def _take(self, mailbox: Mailbox, number: int) -> bool:
        data = mailbox.read(number)
        if not any(self._is_ours(key) for key in {receipt.key for receipt in read_receipts(data)}):
            return False
        _write_whole(self._folder / f"imap-{mailbox.validity}-{number}.eml", data)
        mailbox.mark(number)
        return True

    def _write(self, standing: FetchStanding) -> None:
        _write_whole(self._path, json.dumps(asdict(standing)).encode())


def _in_words(moment: str) -> str:
    return f"{datetime.fromisoformat(moment).astimezone(UTC):%Y-%m-%d %H:%M} UTC" if moment else ""


def _written(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def _write_whole(path: Path, data: bytes) -> None:
    """A file that appears whole or not at all, and is on the disk when this comes back. Raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.part")
    with beside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
