"""What a fault test of training does inside a site: `python -m tests.faults.run_driver STEPS` begins a tiny run."""

import argparse
import json

import django

django.setup()

from tests.trainer import factories  # noqa: E402
from trainer import runs  # noqa: E402

OPTIONS = {"deterministic": True, "checkpoint_every": 10, "validate_every": 40, "sample_every": 40}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("steps", type=int)
    dataset = factories.make_dataset()
    options = factories.TINY | OPTIONS
    run = runs.start(dataset, recipe="pix2pix", title="Tiny", options=options, steps=parser.parse_args().steps, seed=3)
    print(json.dumps({"key": str(run.pk), "data": str(dataset.pictures), "options": options}))
