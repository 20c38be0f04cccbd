# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is wrong with an external agenda, in words."""

from django.utils.translation import gettext_lazy as _

LINK_FAULTS = {
    "link_not_https": _("Only a link that begins with https:// is opened."),
    "link_secret": _("A name or a password stands in the link: it would be shown to everybody. Leave it out."),
    "link_host": _("The link does not lead to a site by its name, such as www.doctolib.fr."),
    "link_malformed": _("This is no link: copy it from the address bar of the agenda."),
}
"""Why a link is not opened, by the codes of `LinkUnfit`."""
