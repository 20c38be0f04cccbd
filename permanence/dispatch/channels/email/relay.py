# SPDX-License-Identifier: AGPL-3.0-or-later
"""Hands mails to our relay by SMTP (RFC 5321), with a receipt asked for where the relay offers it (RFC 3461).

A reply of 5xx to a recipient, to the sender or to the mail itself is final. A relay that cannot be reached, that
refuses our login or answers 4xx may be better later. One connection serves a run of mails; a relay that did not open
one, or fell silent, is not asked again in that run, so that many mails do not wait many times.
"""

import contextlib
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from types import TracebackType
from typing import Self

from permanence.dispatch.rules import Attempt, Outcome

TIMEOUT_S = 20.0
"""Seconds to wait for each reply of the relay."""
WHY_LIMIT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class RelaySettings:
    """Where our relay is. `security` is "none", "starttls" or "tls"; an empty `user` means: no login."""

    host: str
    port: int
    user: str = ""
    password: str = ""
    security: str = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Around a mail: the return address, the recipient, and the id that comes back in receipts (ENVID)."""

    sender: str
    recipient: str
    key: str


class Relay:
    """A context manager over one connection, opened at the first mail and again after a failure.

    Without settings there is no relay: nothing is opened, and every mail is for later.
    """

    def __init__(self, settings: RelaySettings | None) -> None:
        self._settings = settings
        self._connection: smtplib.SMTP | None = None
        self._away = None if settings is not None else Attempt(outcome=Outcome.RETRY)

    @property
    def is_known(self) -> bool:
        """Whether the house has a relay at all."""
        return self._settings is not None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def send(self, mail: EmailMessage, envelope: Envelope) -> Attempt:
        """Give the relay one mail for one recipient; `SENT` means that it answered 250 after the last byte."""
        if self._away is not None:
            return self._away
        try:
            connection = self._open()
        except (OSError, smtplib.SMTPException) as error:
            return self._is_away(error)
        mail_options, rcpt_options = _receipt_options(connection, envelope)
        try:
            connection.send_message(
                mail, envelope.sender, [envelope.recipient], mail_options=mail_options, rcpt_options=rcpt_options
            )
        except smtplib.SMTPRecipientsRefused as error:
            code, text = error.recipients[envelope.recipient]
            return self._refused(code, text)
        except smtplib.SMTPResponseException as error:  # the sender or the mail itself was refused
            return self._refused(error.smtp_code, error.smtp_error)
        except (smtplib.SMTPNotSupportedError, ValueError) as error:  # an address this relay cannot carry (RFC 6531)
            return Attempt(outcome=Outcome.REFUSED, why=_why(error))
        except (OSError, smtplib.SMTPException) as error:
            if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
                return self._is_away(error)
            self.close()
            return Attempt(outcome=Outcome.RETRY, why=_why(error))
        return Attempt(outcome=Outcome.SENT)

    def away(self) -> str:
        """Why the relay cannot be reached or refuses our login; "" where it would take a mail now."""
        try:
            self._open()
        except (OSError, smtplib.SMTPException) as error:
            return self._is_away(error).why
        return ""

    def close(self) -> None:
        """Say goodbye to the relay, if one is connected."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                connection.quit()
            connection.close()

    def _is_away(self, error: Exception) -> Attempt:
        self.close()
        self._away = Attempt(outcome=Outcome.RETRY, why=_why(error))
        return self._away

    def _open(self) -> smtplib.SMTP:
        if self._connection is not None:
            return self._connection
        settings = self._settings
        if settings is None:
            raise ConnectionError("no mail server is set")
        if settings.security == "tls":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                settings.host, settings.port, timeout=TIMEOUT_S, context=ssl.create_default_context()
            )
        else:
            connection = smtplib.SMTP(settings.host, settings.port, timeout=TIMEOUT_S)
        self._connection = connection
        connection.ehlo_or_helo_if_needed()
        if settings.security == "starttls":
            connection.starttls(context=ssl.create_default_context())
            connection.ehlo_or_helo_if_needed()
        if settings.user:
            connection.login(settings.user, settings.password)
        return connection

    def _refused(self, code: int, text: bytes | str) -> Attempt:
        if code < 500:
            self.close()
        outcome = Outcome.REFUSED if code >= 500 else Outcome.RETRY
        return Attempt(outcome=outcome, why=f"{code} {_readable(text)}"[:WHY_LIMIT])


def _receipt_options(connection: smtplib.SMTP, envelope: Envelope) -> tuple[list[str], list[str]]:
    """The parameters of MAIL and RCPT that ask for receipts (RFC 3461, sections 4.1 to 4.4)."""
    if not connection.has_extn("dsn"):
        return [], []
    mail = ["RET=HDRS", f"ENVID={xtext(envelope.key)}"]
    rcpt = ["NOTIFY=SUCCESS,FAILURE,DELAY"]
    if envelope.recipient.isascii():
        rcpt.append(f"ORCPT=rfc822;{xtext(envelope.recipient)}")
    return mail, rcpt


def xtext(text: str) -> str:
    """RFC 3461, section 4: printable ASCII but `+` and `=`; everything else as `+` and two hexadecimal digits."""
    return "".join(chr(byte) if 33 <= byte <= 126 and byte not in b"+=" else f"+{byte:02X}" for byte in text.encode())


def _why(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_readable(error.smtp_error)}"[:WHY_LIMIT]
    return (_readable(str(error)) or type(error).__name__)[:WHY_LIMIT]


def _readable(text: bytes | str) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return " ".join("".join(each if each.isprintable() else " " for each in words).split())
