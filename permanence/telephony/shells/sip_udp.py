# SPDX-License-Identifier: AGPL-3.0-or-later
"""SIP over UDP: sockets in, sockets out; the endpoint decides everything."""
