"""Ask a worker for a proof, from the web process: an answer within two seconds, or a sentence."""

import logging
import threading

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from tfapp.proofs import Proof, Silent, Wish, lists, sockets

N_CALLERS = 5  # of the web server's eight threads three are left for everything else
SOON, LATER = 0.2, 2.0  # seconds, after which it is worth trying again
SENTENCES = {
    "nobody": gettext_noop("No painter is here right now. Your mix is safe; we keep trying."),
    "late": gettext_noop("The painter is busy and did not answer in time. We try again."),
    "lost": gettext_noop("The painter was interrupted. We try again."),
    "superseded": gettext_noop("You have asked for another preview meanwhile."),
    "crowd": gettext_noop("Many people are mixing right now. We try again."),
    "gone": gettext_noop("A picture of this mix is not there any more. Please reload the page."),
    "slow": gettext_noop("This painter takes its time: ask for the picture in full size."),
    "broken": gettext_noop("Something broke while this preview was painted. Other settings may help."),
}
STATUSES = {"superseded": 409, "gone": 409, "slow": 422, "engine": 422, "broken": 422}  # the others pass: 503

log = logging.getLogger(__name__)
_callers = threading.BoundedSemaphore(N_CALLERS)


class Refused(Exception):
    """No proof: a sentence for the person, an HTTP status, and when to try again, if that may help."""

    def __init__(self, code: str, sentence: str = ""):
        self.code = code
        self.sentence = _(sentence or SENTENCES[code])
        self.status = STATUSES.get(code, 503)
        self.retry_after = {503: LATER, 409: SOON}.get(self.status)
        super().__init__(self.sentence)


def ask(wish: Wish) -> Proof:
    """The proof. Raises Refused, at once when so many wait already that nobody else should hold a thread."""
    if not _callers.acquire(blocking=False):
        raise Refused("crowd")
    try:
        proof = Proof.from_bytes((lists if settings.REDIS_URL else sockets).ask(wish))
    except Silent as silent:
        raise Refused(silent.code) from silent
    except (ValueError, TypeError) as error:  # its writer died in the middle
        log.warning("A proof came broken: %s", error)
        raise Refused("lost") from error
    finally:
        _callers.release()
    if proof.refused:
        raise Refused(proof.refused, proof.sentence)
    return proof
