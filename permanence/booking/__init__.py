# SPDX-License-Identifier: AGPL-3.0-or-later
"""Public booking pages: patients book, move and cancel by themselves, without an account and without JavaScript."""
