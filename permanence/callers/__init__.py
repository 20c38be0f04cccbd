# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every person known to a client: patients, customers, who calls for them. The wall of confidentiality."""
