# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an alarm says on screen: what is wrong, what it means for the callers, what to do. The codes are those of
`project.findings` and `project.watch`; one that the screens do not know is shown as it is."""

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Words(NamedTuple):
    """`danger`: callers are lost, or something may be lost for good; the others can wait until somebody has time."""

    wrong: str | Promise
    means: str | Promise
    act: str | Promise
    danger: bool = True


_LOG = _("Keep the log, which shows it, and report it. It goes from here an hour after the last one.")
_KEEPER = _("It is started again by itself. If this stays, tell whoever keeps the machine: ./run doctor says more.")
_ROOM = _("Whoever keeps the machine makes room on the disk of the data folder, or looks at its state.")

WORDS: dict[str, Words] = {
    "exchange": Words(
        _("The telephone does not answer."),
        _("No call comes in, unless the carrier sends it to the fall-back number. Conversations may go on."),
        _KEEPER,
    ),
    "worker": Words(
        _("What happens is not recorded at the moment, and no mail leaves."),
        _("Calls are answered all the same; the list of calls, the mails and these alarms are not up to date."),
        _KEEPER,
    ),
    "events": Words(
        _("The record of the calls is behind."),
        _("Calls are answered. The lists lack the last calls and who is to be called back; nothing is lost."),
        _("If this stays, tell whoever keeps the machine to look at the worker in the log."),
    ),
    "journal": Words(
        _("New calls are refused: the telephone cannot write its journal."),
        _("Callers reach the carrier's fall-back number or nobody. Conversations go on."),
        _ROOM,
    ),
    "journal_aside": Words(
        _("The telephone crashed three times and began afresh."),
        _("Conversations went on; callers who waited were cut off and may call again."),
        _("Keep the log and the folder journal-aside, which show the fault. This goes from here after a day."),
    ),
    "media": Words(
        _("The sound is out of reach."),
        _("No caller can be connected; those on the line may not be heard."),
        _KEEPER,
    ),
    "ports": Words(
        _("New calls are refused: every port for their sound is in use."),
        _("Callers reach the carrier's fall-back number or nobody."),
        _("Whoever keeps the machine widens media.rtp in the settings."),
    ),
    "leg": Words(
        _("The sound of a call could not be opened."),
        _("That caller was cut off, and others who come the same way may be."),
        _("media.hosts in the settings has to hold an address of this machine for every carrier."),
    ),
    "recording": Words(
        _("A voice message could not be kept."),
        _("What a caller said is lost; his call is in the list."),
        _ROOM,
    ),
    "turn_failed": Words(
        _("The telephone had a fault and mended itself."),
        _("One call may have ended or rung twice. The others went on."),
        _LOG,
        danger=False,
    ),
    "fault": Words(
        _("The telephone has faults: %(count)s, the last one %(kind)s."),
        _("Each cost one step of one call at most. Calls go on."),
        _LOG,
        danger=False,
    ),
    "worker_fault": Words(
        _("The work behind the telephone has faults: %(count)s, the last one %(kind)s."),
        _("Calls are answered. A record, a mail or a change may be late: each is tried again."),
        _LOG,
        danger=False,
    ),
    "event_aside": Words(
        _("Events of calls that could not be recorded: %(count)s."),
        _("A call in the list may lack its end or its secretary."),
        _("They are kept: report it with the log. This goes from here a week after the last one."),
        danger=False,
    ),
    "outbox": Words(
        _("Something that was done has no effect yet."),
        _("A message may not be sent yet, or a change of a client not be known to the telephone. It is tried again."),
        _("If this stays, tell whoever keeps the machine to look at the worker in the log."),
    ),
    "sip_tls": Words(
        _("Calls over TLS are not taken: the certificate cannot be used."),
        _("Callers of a carrier that calls over TLS reach nobody."),
        _("Whoever keeps the machine puts a good sip.crt and sip.key into the keys folder."),
    ),
    "disk": Words(
        _("The disk is nearly full: %(gb)s GB are left."),
        _("When nothing is left, new calls are refused."),
        _("Whoever keeps the machine makes room in time."),
        danger=False,
    ),
    "disk_full": Words(
        _("The disk is full but for %(gb)s GB."),
        _("New calls will be refused within short, and no voice message can be kept."),
        _ROOM,
    ),
    "clock": Words(
        _("Nothing keeps the machine's clock right."),
        _("Lines may open and close at the wrong minute, and the hours in the lists may be wrong."),
        _("Whoever keeps the machine installs systemd-timesyncd or chrony."),
        danger=False,
    ),
    "certificate": Words(
        _("Days for which the site's certificate is still good: %(days)s."),
        _("After that no browser opens the site, and no secretary elsewhere can answer."),
        _("Caddy renews it by itself: TCP 80 and 443 must reach this machine. The log says why it could not."),
        danger=False,
    ),
    "certificate_bad": Words(
        _("The site does not answer with a good certificate."),
        _("Browsers elsewhere do not open the site: no secretary there can answer."),
        _("Caddy renews it by itself: TCP 80 and 443 must reach this machine. The log says why it could not."),
    ),
    "backup_never": Words(
        _("This house was never copied."),
        _("If the disk dies, messages, calls and keys are lost for good."),
        _("Whoever keeps the machine lets ./run backup DIR run every day, to another machine's disk."),
        danger=False,
    ),
    "backup_old": Words(
        _("The last copy of the house is too old."),
        _("If the disk dies, what was taken since then is lost for good."),
        _("Whoever keeps the machine lets ./run backup DIR run every day, to another machine's disk."),
        danger=False,
    ),
    "restore": Words(
        _("When the telephone started again, the callers who waited could not be found."),
        _("They were cut off and may call again. New calls are taken as soon as something of the house is saved."),
        _("Save the house or a client in the back office, and keep the log."),
    ),
    "slice": Words(
        _("The telephone cannot read what it knows of the house."),
        _("Its calls may be refused."),
        _("Save the house again in the back office."),
    ),
    "slice_client": Words(
        _("The telephone cannot read what it knows of a client: %(client)s."),
        _("Calls on its lines ring as those of an unknown line."),
        _("Save that client again in the back office."),
    ),
    "trunk": Words(
        _("The carrier %(about)s does not accept our registration (%(status)s)."),
        _("No call of this carrier comes in."),
        _("Look at its registrar, user and secret in the back office, then ask the carrier."),
    ),
    "silent": Words(
        _("The carrier %(about)s does not answer (%(status)s)."),
        _("Its calls may not come in."),
        _("Ask the carrier, then look at its address in the back office and at the firewall."),
    ),
    "line": Words(
        _("Calls come on %(number)s, and no client has this line."),
        _("The carrier serves other houses too: the call was answered there."),
        _("If the number is yours, give it to its client in the back office; else tell the carrier."),
    ),
    "forwarding": Words(
        _("The calls of %(client)s do not come to us (line %(number)s). %(why)s"),
        _("His callers reach nobody, or only him: what he pays us for does not happen."),
        _("Telephone him and go through the codes with him, on the page “Setting up” of the client."),
    ),
    "forwarding_untested": Words(
        _("Whether the calls of %(client)s come to us could not be tested (line %(number)s). %(why)s"),
        _("They may come all the same."),
        _("Make the test once more, on the page “Setting up” of the client."),
        danger=False,
    ),
    "forwarding_silent": Words(
        _("No call has come for %(client)s for much longer than is usual."),
        _("His line may not be forwarded any more: his callers may reach nobody."),
        _("Make the test call on the page “Setting up” of the client, or telephone him. If he is away, write it down."),
    ),
    "forwarding_outside": Words(
        _("Calls of %(client)s come outside his hours (line %(number)s), in the last day: %(count)s."),
        _("His callers hear the closing words although he may be there: he may have forgotten to end the forwarding."),
        _("Telephone him. If his hours have changed, correct them."),
        danger=False,
    ),
    "forwarding_suspended": Words(
        _("Calls of %(client)s still come, and his account is suspended; in the last day: %(count)s."),
        _("His callers hear the closing words and reach nobody."),
        _("Telephone him: he ends the forwarding, or his account is opened again."),
    ),
    "forwarding_prospect": Words(
        _("Calls of %(client)s come, and his account is still that of a prospect; in the last day: %(count)s."),
        _("His callers hear the closing words and reach nobody."),
        _("If the contract is made, open his account on the page “Setting up”. Else he ends the forwarding."),
    ),
    "forwarding_ended": Words(
        _("Calls of %(client)s still come, and his contract has ended; in the last day: %(count)s."),
        _("His line is still forwarded to us: his callers hear the closing words and reach nobody."),
        _("Telephone him: he ends the forwarding with the codes of his operator."),
    ),
    "forwarding_early": Words(
        _("Calls of %(client)s come before his contract begins; in the last day: %(count)s."),
        _("They are answered, and no contract pays for them."),
        _("Telephone him. If the contract has begun, correct its first day."),
        danger=False,
    ),
    "forwarding_late": Words(
        _("Calls of %(client)s come after the last day of his contract; in the last day: %(count)s."),
        _("They are answered, and no contract pays for them."),
        _("Renew the contract with him and correct its days, or end it on the page of his account."),
        danger=False,
    ),
    "alert_unsent": Words(
        _("The message of a red flag has not been sent: %(client)s, heard by %(secretary)s."),
        _("The call is over, and whom the red flag alerts knows nothing of it."),
        _("Ask her to send it. Five minutes after the call it goes out without her, fifteen while she is writing."),
    ),
    "mail": Words(
        _("The mail server does not take our mails; waiting: %(count)s."),
        _("Clients are not told that a message waits. They find it in the portal all the same."),
        _("It is tried again by itself. Telephone what is urgent, and have [mail] in the settings looked at."),
    ),
    "receipts": Words(
        _("The receipts of our mails cannot be fetched."),
        _("Mails leave all the same. Whether they arrived stays unknown, and one that came back is not seen."),
        _("Whoever keeps the machine looks at the mailbox of the receipts: ./run doctor says why."),
        danger=False,
    ),
    "refused": Words(
        _("Calls from the address %(source)s are refused: it is no carrier's."),
        _("If it is your carrier's, his callers reach nobody."),
        _("Ask the carrier, and if it is, add the address in the back office. Else nothing has to be done."),
        danger=False,
    ),
}

UNKNOWN = Words(_("Something is wrong: %(code)s."), "", _("./run doctor says more to whoever keeps the machine."))
