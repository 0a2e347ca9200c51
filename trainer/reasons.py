"""Why work failed, told in the reader's language. A row keeps what its child process said: English, values and all.

What children say where there may be no Django is repeated here; a test sees to it that they still say it.
"""

import functools
import re

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

SENTENCES = (  # the more special first
    gettext_noop("Step %(step)s: a loss is no number: %(losses)s"),
    gettext_noop("Step %(step)s: the gradients of %(networks)s held what is no number."),
    gettext_noop("Step %(step)s: the gradients overflow float16 at any loss scale."),
    gettext_noop("Step %(step)s: %(name)s holds what is no number; nothing was saved."),
    gettext_noop("The weights of step %(step)s could not be written: %(why)s."),
    gettext_noop("The checkpoint of step %(step)s could not be written: %(why)s."),
    gettext_noop("%(name)s could not be written: %(why)s."),
    gettext_noop("The checkpoint is of another recipe or architecture: %(name)s is %(there)s there, %(here)s here."),
    gettext_noop("The weights that --init names are not there: %(path)s"),
    gettext_noop("%(folder)s has no train/ folder with pairs."),
    gettext_noop("%(folder)s: every pair is kept out of training by its name; add more, or a folder val/."),
    gettext_noop("%(folder)s: every picture is kept out of training; add more."),
    gettext_noop("%(folder)s: without a partner of the same name: %(names)s."),
    gettext_noop("%(folder)s has no folders %(names)s with pictures."),
    gettext_noop("%(folder)s holds no pictures (%(suffixes)s)."),
    gettext_noop("%(path)s cannot be read as a picture: %(why)s."),
    gettext_noop("%(path)s is %(n)s pixels wide: two pictures side by side have an even width."),
    gettext_noop("devices is %(n)s, but there is %(here)s here: %(names)s."),
    gettext_noop("A pool of pictures is for one device: on several, set pool to 0."),
)
SYSTEM = (gettext_noop("No space left on device"), gettext_noop("Permission denied"))  # `why` in some of these


def tell(error: str) -> str:
    """The sentence and what stands in it, as far as there are words for it."""
    for sentence in SENTENCES:
        if found := _pattern(sentence).fullmatch(error):
            return _(sentence) % {name: tell(value) for name, value in found.groupdict().items()}
    return _(error) if error else ""


@functools.cache
def _pattern(sentence: str) -> re.Pattern:
    return re.compile(re.sub(r"%\\\((\w+)\\\)s", r"(?P<\1>.+?)", re.escape(sentence)), re.DOTALL)
