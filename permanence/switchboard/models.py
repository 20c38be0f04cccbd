# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tables of the switchboard: the trunks, the version of each slice it has published, the proofs of the forwardings."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from permanence.foundation.tenancy import ClientQuerySet, HouseModel, HouseQuerySet


class Trunk(HouseModel):
    """A carrier's trunk (fields of `reception.table.TrunkEntry`)."""

    NUMBER_FROM = (
        ("request_uri", _("the request line (usual)")),
        ("to", _("the To header")),
        ("p_called_party_id", _("the P-Called-Party-ID header")),
    )
    TRANSPORTS = (("udp", "UDP"), ("tcp", "TCP"), ("tls", "TLS"), ("auto", _("what the DNS says")))

    name = models.SlugField(_("name"), max_length=40)
    addresses = models.JSONField(
        _("addresses"), default=list, help_text=_('Where the carrier calls from: ["192.0.2.10", "192.0.2.64/28"].')
    )
    country = models.CharField(_("country"), max_length=2, help_text=_("Spells national numbers: FR, LU, IE."))
    number_from = models.CharField(
        _("the called number stands in"), max_length=20, choices=NUMBER_FROM, default="request_uri"
    )
    strip_prefix = models.CharField(_("prefix to cut"), max_length=12, blank=True, default="")
    transport = models.CharField(_("transport"), max_length=4, choices=TRANSPORTS, default="udp")
    registrar = models.CharField(_("registrar"), max_length=200, blank=True, default="")
    user = models.CharField(_("user"), max_length=80, blank=True, default="")
    secret = models.CharField(
        _("name of the secret"), max_length=80, blank=True, default="", help_text=_("A file of the keys folder.")
    )
    target = models.CharField(
        _("where our calls go"),
        max_length=200,
        blank=True,
        default="",
        help_text=_("A host, or host:port; empty: the registrar, else the first address."),
    )
    ca_file = models.CharField(
        _("the carrier's authority (TLS)"),
        max_length=80,
        blank=True,
        default="",
        help_text=_("A certificate in the keys folder; empty: the authorities of this machine."),
    )
    client_certificate = models.BooleanField(_("show our certificate (TLS)"), default=False)
    keep_alive_s = models.PositiveSmallIntegerField(
        _("ask for a sign of life every (seconds)"), default=0, help_text=_("0: never.")
    )

    objects = HouseQuerySet["Trunk"].as_manager()

    class Meta:
        verbose_name = _("trunk")
        verbose_name_plural = _("trunks")
        ordering = ("name",)
        constraints = (models.UniqueConstraint(fields=["house", "name"], name="switchboard_trunk_name"),)

    def __str__(self) -> str:
        return self.name


class SliceVersion(HouseModel):
    """The version of a slice and the digest of its content: the version grows when, and only when, the content does.

    `client` is empty for the house's own slice.
    """

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, null=True, related_name="+")
    version = models.BigIntegerField()
    digest = models.CharField(max_length=64)

    objects = HouseQuerySet["SliceVersion"].as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["client"], name="switchboard_version_client"),
            models.UniqueConstraint(
                fields=["house"], condition=models.Q(client__isnull=True), name="switchboard_version_house"
            ),
        )

    def __str__(self) -> str:
        return f"{self.house_id}/{self.client_id} {self.version}"


class CoverageCount(HouseModel):
    """How many gaps and conflicts the proof of a client found: for the slice of that `version`, looked at on that `day`
    (of the world's clock), which is the first of the twelve months.

    Both numbers are None where he could not be proved at all.
    """

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+")
    version = models.BigIntegerField()
    day = models.DateField()
    conflicts = models.PositiveIntegerField(null=True)
    gaps = models.PositiveIntegerField(null=True)

    objects = ClientQuerySet["CoverageCount"].as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["client"], name="switchboard_coverage_client"),)

    def __str__(self) -> str:
        return f"{self.client_id} {self.conflicts} {self.gaps}"


class SeatRevocation(HouseModel):
    """The seat of a secretary who may not answer any more is to end; done when the exchange has said so."""

    secretary = models.ForeignKey("staff.Secretary", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    objects = HouseQuerySet["SeatRevocation"].as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["secretary"], condition=models.Q(done_at__isnull=True), name="switchboard_revocation_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.secretary_id}"


class ForwardingCheck(HouseModel):
    """The test call the house makes each day for one line, at a time of the client's clock. `next_at`: the next one.

    The line is named by its number: while that rests after a contract, the test waits for the client to be back.
    """

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+")
    number = models.CharField(max_length=16)
    clock = models.CharField(max_length=5)
    next_at = models.DateTimeField()

    objects = ClientQuerySet["ForwardingCheck"].as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["client", "number"], name="switchboard_check_once"),)

    def __str__(self) -> str:
        return f"{self.number} {self.clock}"


class ForwardingProof(HouseModel):
    """One proof of a forwarding: a call of the house, or one that a person makes while the house watches.

    `number` and `called` are the house's line and the client's public number as they were then. `dial`: the id of the
    call of ours; `caller`: for a watched one, the number it comes from ("": any). `ends_at`: it is over then at the
    latest. `why`, `note`, `detail`: see `rules.Verdict`.
    """

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+")
    number = models.CharField(max_length=16)
    called = models.CharField(max_length=16, blank=True, default="")
    way = models.CharField(max_length=8)
    state = models.CharField(max_length=8)
    daily = models.BooleanField(default=False)
    asked_by = models.ForeignKey("foundation.Person", on_delete=models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    dial = models.CharField(max_length=40, blank=True, default="")
    trunk = models.CharField(max_length=40, blank=True, default="")
    caller = models.CharField(max_length=16, blank=True, default="")
    answered = models.BooleanField(default=False)
    why = models.CharField(max_length=20, blank=True, default="")
    note = models.CharField(max_length=20, blank=True, default="")
    detail = models.CharField(max_length=80, blank=True, default="")

    objects = ClientQuerySet["ForwardingProof"].as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["house", "number"],
                condition=models.Q(state__in=["due", "running"]),
                name="switchboard_proof_one_at_a_time",
            ),
            models.UniqueConstraint(fields=["dial"], condition=~models.Q(dial=""), name="switchboard_proof_dial_once"),
        )
        indexes = (models.Index(fields=["house", "number", "-asked_at"], name="switchboard_proof_of_line"),)

    def __str__(self) -> str:
        return f"{self.number} {self.way} {self.state}"
