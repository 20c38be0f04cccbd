# SPDX-License-Identifier: AGPL-3.0-or-later
"""The exchange's trade, without Django."""
