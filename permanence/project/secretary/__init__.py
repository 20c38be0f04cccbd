# SPDX-License-Identifier: AGPL-3.0-or-later
"""A secretary without a browser, for the demonstration: she signs in, answers, speaks, notes messages."""
