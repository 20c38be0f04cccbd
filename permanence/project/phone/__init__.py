# SPDX-License-Identifier: AGPL-3.0-or-later
"""A real SIP telephone on the command line: it calls the running house over loopback, as a carrier would."""
