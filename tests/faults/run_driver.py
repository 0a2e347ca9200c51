"""What a fault test of training does inside a site: a tiny run; `… run_driver STEPS CHECKPOINT_EVERY`."""

import argparse
import json

import django

django.setup()

from tests.trainer import factories  # noqa: E402
from trainer import runs  # noqa: E402

OPTIONS = {"deterministic": True, "validate_every": 40, "sample_every": 40}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("steps", type=int)
    parser.add_argument("checkpoint_every", type=int)
    given = parser.parse_args()
    dataset = factories.make_dataset()
    options = factories.TINY | OPTIONS | {"checkpoint_every": given.checkpoint_every}
    run = runs.start(dataset, recipe="pix2pix", title="Tiny", options=options, steps=given.steps, seed=3)
    print(json.dumps({"key": str(run.pk), "data": str(dataset.pictures), "options": options}))
