"""What the numbers of a run say, in plain words. Pure: columns and dictionaries in, sentences out.

The sentences are English and marked for translation; `values` fill them in whatever language.
"""

from dataclasses import dataclass, field

import numpy as np
from django.utils.translation import gettext_noop

from trainer.curves import Columns, measure_pace

ALMOST_ALWAYS = 1000  # steps: a discriminator may lead for some hundred and be caught up again, as runs of ours showed
# Half the squared error, or half the log loss, that is left to a discriminator whose every score is nearly right:
# within 0.1 for least squares, 95 % sure for cross entropy. A good run of ours stayed above 0.03.
WON = {"lsgan": 0.01, "cross_entropy": 0.05}
HELPLESS = {"lsgan": 0.8, "cross_entropy": 3.0}  # the generator's loss against such scores: (1 - 0.1)², -ln 0.05

ALIKE = 0.3  # of the diversity of real pictures: 0.1 for the average picture, 0.55 for a good run after 1,000 steps
N_ALIKE = 3  # validations in a row: one may fall on a bad moment, and young networks paint all things grey

N_SETTLED = 300  # lines before which nothing is called a rise
N_RISEN = 50  # lines of which the median counts as "now": single spikes are usual
N_ASKED = 5000  # lines of all that the median is taken of: a page asks every two seconds
RISEN = 3.0  # times the median of all; adversarial losses swing by half, not threefold

PATIENCE = 5  # validations without a better one, and this share of them all: small sets waver
PATIENT_SHARE = 0.2

WAITING = 0.2  # share of a step: below it more workers bring little
N_TIMED = 50  # lines before which the first batch of all still counts too much


@dataclass(frozen=True)
class Advice:
    """One thing worth knowing: a warning, or a hint."""

    kind: str
    sentence: str
    values: dict = field(default_factory=dict)
    is_warning: bool = True


def advise(
    columns: Columns, validations: list[dict], *, best: dict | None = None, gan_loss: str = "lsgan", error: str = ""
) -> list[Advice]:
    """All there is to say, what matters most first. `best`: step, name and value; `error`: why the run ended."""
    found = [
        find_divergence(columns, error),
        find_collapse(validations),
        find_winner(columns, gan_loss),
        find_waiting(columns),
        find_plateau(validations, best),
    ]
    return [advice for advice in found if advice]


def find_divergence(columns: Columns, error: str = "") -> Advice | None:
    """A loss that is no number, or one that is far above what it was."""
    is_last_bad = len(columns) and any(np.isinf(columns[name][-1]) for name in columns.losses)
    if "no number" in error or is_last_bad:
        sentence = gettext_noop(
            "It came apart: a loss is no number any more. Go on from an earlier checkpoint with a lower learning rate."
        )
        return Advice("divergence", sentence)
    if len(columns) < N_SETTLED:
        return None
    for name in columns.losses:
        usual = _median(columns[name][:: max(1, len(columns) // N_ASKED)])
        now = _median(columns.last(N_RISEN)[name])
        if usual > 0 and now > RISEN * usual and not name.startswith(("discriminator", "adversarial")):
            sentence = gettext_noop(
                "It may be coming apart: “%(name)s” is now %(times).1f times what it usually was. "
                "A lower learning rate helps, from a checkpoint before the rise."
            )
            return Advice("divergence", sentence, {"name": name, "times": now / usual})
    return None


def find_collapse(validations: list[dict]) -> Advice | None:
    """Made pictures that look alike, whatever they are made of."""
    shares = [each["diversity"] for each in validations if _is_number(each.get("diversity"))][-N_ALIKE:]
    if len(shares) < N_ALIKE or max(shares) >= ALIKE:
        return None
    sentence = gettext_noop(
        "The pictures look alike whatever they are made of (%(percent)d%% as different from one another as real ones). "
        "This seldom heals by itself: try a smaller learning rate, or more varied pictures."
    )
    return Advice("collapse", sentence, {"percent": round(100 * shares[-1])})


def find_winner(columns: Columns, gan_loss: str = "lsgan") -> Advice | None:
    """A discriminator that is right about nearly every picture and has been for long: nothing is learned from it."""
    if len(columns) < ALMOST_ALWAYS:
        return None
    recent = columns.last(ALMOST_ALWAYS)
    for name in columns.losses:
        if not name.startswith("discriminator"):
            continue
        side = name.removeprefix("discriminator").lstrip("_")  # discriminator_b judges what generator ab makes
        against = [each for each in columns.losses if each.startswith("adversarial") and each.endswith(side)]
        is_won = _median(recent[name]) < WON.get(gan_loss, WON["lsgan"])
        is_helpless = any(_median(recent[each]) > HELPLESS.get(gan_loss, HELPLESS["lsgan"]) for each in against)
        if is_won and is_helpless:
            sentence = gettext_noop(
                "The discriminator is winning: for %(n)d steps it has told made pictures from real ones nearly every "
                "time, so the generator learns little from it. A smaller discriminator or more pictures help."
            )
            return Advice("winning", sentence, {"n": ALMOST_ALWAYS})
    return None


def find_waiting(columns: Columns) -> Advice | None:
    """Steps that stand still until their pictures are ready."""
    share = measure_pace(columns).waited if len(columns) >= N_TIMED else None
    if share is None or share <= WAITING:
        return None
    sentence = gettext_noop(
        "Each step waits %(percent)d%% of its time for pictures. More “workers”, or smaller picture files, speed it up."
    )
    return Advice("waiting", sentence, {"percent": round(100 * share)})


def find_plateau(validations: list[dict], best: dict | None) -> Advice | None:
    """Nothing better for many validations: a good place to stop."""
    if not best:
        return None
    later = [each for each in validations if each["step"] > best["step"] and _is_number(each.get(best["name"]))]
    if len(later) < max(PATIENCE, PATIENT_SHARE * len(validations)):
        return None
    sentence = gettext_noop(
        "The best was step %(step)d; none of the %(n)d validations since was better. You can stop here: it is kept."
    )
    return Advice("plateau", sentence, {"step": best["step"], "n": len(later)}, is_warning=False)


def _median(values):
    numbers = values[np.isfinite(values)]
    return float(np.median(numbers)) if len(numbers) else np.nan


def _is_number(value):
    return isinstance(value, int | float) and np.isfinite(value)
