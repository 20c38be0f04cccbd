# SPDX-License-Identifier: AGPL-3.0-or-later
"""The door at which the provider of SMS tells of receipts and answers. Whoever has not the secret finds nothing there.

What is malformed is answered as what is well-formed, so that no provider repeats it for days.
"""

import hmac
import logging

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from permanence.dispatch import answer_operations, sms_operations
from permanence.dispatch.channels.sms.http import HOOK_LIMIT, Incoming, Report, read_hook
from permanence.dispatch.sms_provider import usable_provider
from permanence.kernel.system import SystemClock, SystemEntropy

log = logging.getLogger(__name__)


@csrf_exempt  # no session decides here: the secret does
@login_not_required
@never_cache
@require_POST
def hook(request: HttpRequest, secret: str) -> HttpResponse:
    """Take receipts and answers. 404 without the secret, 413 for what is too large, 503 where a receipt may have
    overtaken the answer to its try, else 204. All is taken, also beside a receipt
    that is to be brought again.
    """
    found = usable_provider()
    if found is None or not hmac.compare_digest(found.secret.encode(), secret.encode()):
        raise Http404
    body = request.read(HOOK_LIMIT + 1)
    if len(body) > HOOK_LIMIT:
        return HttpResponse(status=413)
    said = read_hook(found, body=body, content_type=request.headers.get("Content-Type", ""))
    at = SystemClock().now()
    early = False
    for each in said:
        match each:
            case Report():
                # perhaps of the try in hand; what came with it is taken all the same
                early |= not sms_operations.take_report(each, at=at) and sms_operations.is_trying(at=at)
            case Incoming():
                answer_operations.take_reply(each, at=at, entropy=SystemEntropy())
    if not said:
        log.info("something at the door of the SMS that is no final receipt and no answer")
    return HttpResponse(status=503, headers={"Retry-After": "30"}) if early else HttpResponse(status=204)
