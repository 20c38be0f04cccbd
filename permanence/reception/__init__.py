# SPDX-License-Identifier: AGPL-3.0-or-later
"""The reception: who answers a call, in which order, in whose name, and why."""
