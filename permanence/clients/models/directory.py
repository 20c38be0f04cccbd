# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tables of what callers ask for, sites and directory; and the numbers that rest after a contract."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from permanence.clients import directory_rules
from permanence.foundation.tenancy import ClientQuerySet, HouseModel


class Site(HouseModel):
    """One place where the client receives: what callers ask about it. What is not known stays empty."""

    LIFTS = (("", _("not known")), ("yes", _("yes")), ("no", _("no")))

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+", verbose_name=_("client"))
    name = models.CharField(_("name"), max_length=80)
    address = models.CharField(_("address"), max_length=300, blank=True, default="")
    access = models.CharField(
        _("access"), max_length=300, blank=True, default="", help_text=_("Entrance, door code, bus, tram.")
    )
    parking = models.CharField(_("parking"), max_length=200, blank=True, default="")
    lift = models.CharField(_("lift"), max_length=3, blank=True, default="", choices=LIFTS)
    floor = models.CharField(_("floor"), max_length=40, blank=True, default="")
    hours = models.CharField(
        _("remark on the hours"),
        max_length=200,
        blank=True,
        default="",
        help_text=_("In words; the opening hours of the line stand above."),
    )
    position = models.PositiveSmallIntegerField(_("place in the list"), default=0)

    objects = ClientQuerySet["Site"].as_manager()

    class Meta:
        verbose_name = _("site")
        verbose_name_plural = _("sites")
        ordering = ("position", "id")
        constraints = (models.UniqueConstraint(fields=["client", "name"], name="clients_site_name"),)

    def __str__(self) -> str:
        return self.name


class Contact(HouseModel):
    """One person or desk of the client's directory: `numbers` in E.164, and what may be told to whom."""

    NUMBER_FOR = (
        (directory_rules.NumberFor.NOBODY.value, _("nobody: we dial it")),
        (directory_rules.NumberFor.PROFESSIONALS.value, _("professionals")),
        (directory_rules.NumberFor.CALLERS.value, _("every caller")),
    )

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+", verbose_name=_("client"))
    name = models.CharField(_("name"), max_length=120)
    function = models.CharField(_("function"), max_length=80, blank=True, default="")
    numbers = models.JSONField(_("numbers"), default=list, blank=True)
    number_for = models.CharField(
        _("the number may be given to"),
        max_length=16,
        choices=NUMBER_FOR,
        default=directory_rules.NumberFor.NOBODY.value,
    )
    may_say = models.CharField(_("what may be told, and to whom"), max_length=300, blank=True, default="")
    position = models.PositiveSmallIntegerField(_("place in the list"), default=0)

    objects = ClientQuerySet["Contact"].as_manager()

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("directory")
        ordering = ("position", "id")
        constraints = (models.UniqueConstraint(fields=["client", "name"], name="clients_contact_name"),)

    def __str__(self) -> str:
        return self.name


class Quarantine(HouseModel):
    """A number of a client who left: until the day `until` it is given to nobody else, for the reason that stands here.

    Callers still have it, and would tell another client's secretary what is not for her. `kept`: what the line knew of
    his telephone, and the phrases that were said on it alone, for the day he takes it up again. `removed`: the line was
    taken off while the contract ran, so that it does not come back with the contract.
    """

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+", verbose_name=_("client"))
    number = models.CharField(_("number"), max_length=16, unique=True)
    label = models.CharField(_("label"), max_length=80, blank=True, default="")
    since = models.DateTimeField(_("since"))
    until = models.DateField(_("until"))
    reason = models.CharField(_("reason"), max_length=200)
    kept = models.JSONField(default=dict)
    removed = models.BooleanField(default=False)

    objects = ClientQuerySet["Quarantine"].as_manager()

    class Meta:
        verbose_name = _("number in quarantine")
        verbose_name_plural = _("numbers in quarantine")
        ordering = ("until", "number")

    def __str__(self) -> str:
        return self.number


class ImportDraft(HouseModel):
    """A file that was read and checked, kept until the person who brought it has it imported or brings another.

    `kind`: clients, sites, contacts. `client`: the one it is for, where it is for one.
    """

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, null=True, related_name="+")
    person = models.ForeignKey("foundation.Person", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=16)
    body = models.TextField()
    made_at = models.DateTimeField()

    objects = ClientQuerySet["ImportDraft"].as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["person"], name="clients_draft_person"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
