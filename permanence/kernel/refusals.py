# SPDX-License-Identifier: AGPL-3.0-or-later
"""Refusals: what a rule or an operation answers when it will not do what was asked."""


class Refusal(Exception):
    """A named, expected no. Subclasses stand beside the operation that raises them.

    `code` is stable and goes over the wire; `why` is a plain English sentence for logs.
    The screens translate by `code`, never by `why`.
    """

    code = "refused"

    def __init__(self, why: str = "") -> None:
        super().__init__(why or self.code)
        self.why = why or self.code
