# SPDX-License-Identifier: AGPL-3.0-or-later
"""The media process: one thread that moves audio."""
