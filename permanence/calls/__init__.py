# SPDX-License-Identifier: AGPL-3.0-or-later
"""The record of every call, from the engine's events: who called, who answered, why it ended, whom to call back."""
