# SPDX-License-Identifier: AGPL-3.0-or-later
"""The SIP user agent, without I/O."""
