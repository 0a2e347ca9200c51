"""How much of the style and of the photo our pictures hold, beside Magenta's, on pairs that training never saw.

The judge is the program ../shared/tools/judge.py, which is no part of ours: SqueezeNet 1.0, at 384².
"""

import io
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np

from tests.benchmarks import rival
from tests.benchmarks.rival import MAGENTA, QUALITIES
from tests.benchmarks.tables import Figure
from tests.sources import ROOT
from tfapp import engines
from tfapp.engines.pictures import Remembered
from trainer.datasets import pictures

SHARED = ROOT.parent / "shared"
SEED = 2026
SECOND_LOOK = "fine, second look"
OURS = {quality: {"quality": quality} for quality in QUALITIES} | {SECOND_LOOK: {"second_look": True}}
MEANS = {"fine": "at most 0.42 / 1.05, under 0.1"}  # swift is held to the shares alone
SHARES = {"style": "98%", "content": "90%"}  # of the pairs in which we should be lower


def measure(argument: str) -> list[Figure]:
    """Means over so many pairs: 0 is a perfect match, and 0 no ghost of the style picture."""
    judge = load_judge(SHARED / "tools" / "judge.py")
    pairs = draw_pairs(int(argument))
    distances = judge_pairs(judge, pairs)
    how = f"means of {len(pairs)} kept-out pairs at 384², judged by SqueezeNet 1.0"
    figures = []
    for name, rows in distances.items():
        style, content, ghost = rows.mean(axis=0)
        ours = f"adain {name}" if name in OURS else name
        means = f"{style:.3f} / {content:.3f} / {ghost:z.3f}"
        figures.append(Figure(f"{ours}: distance of style, of content; ghost", means, MEANS.get(name, ""), how))
    for name in OURS:
        for column, (what, aim) in enumerate(SHARES.items()):
            is_lower = distances[name][:, column] < distances[MAGENTA][:, column]
            told = "share of these pairs"
            figures.append(Figure(f"adain {name}: {what} nearer than Magenta's", f"{is_lower.mean():.0%}", aim, told))
    return figures


def draw_pairs(n: int) -> list[tuple[Path, Path]]:
    """Photos and paintings that are kept out of training, drawn by chance from all pairs of them: always the same."""
    photos, paintings = (
        [path for path in pictures.find(SHARED / "data" / name) if pictures.is_kept_out(path.name)]
        for name in ("photos", "paintings")
    )
    pairs = [(photo, painting) for photo in photos for painting in paintings]
    return [pairs[i] for i in np.random.default_rng(SEED).permutation(len(pairs))[:n]]


def load_judge(path: Path):
    if not path.is_file():
        raise FileNotFoundError("needs ../shared/tools/judge.py")
    spec = spec_from_file_location("shared_judge", path)
    judge = module_from_spec(spec)
    spec.loader.exec_module(judge)
    return judge


def judge_pairs(judge, pairs: list[tuple[Path, Path]]) -> dict[str, np.ndarray]:
    """By painter, a row a pair: distance of style, distance of content, ghost."""
    engine, network = engines.load("adain"), judge.Judge()
    network.features = Remembered(network.features, n_kept=8)  # one photo and one painting for all painters of a pair
    predict, transfer = rival.open_magenta()
    rows = {name: [] for name in (*OURS, MAGENTA)}
    for photo, painting in pairs:
        content, style = judge.square(photo), judge.square(painting)
        for name, found in rows.items():
            if name == MAGENTA:
                picture = rival.run_both(predict, transfer, content, judge.square(painting, rival.STYLE_SIDE))
            else:
                picture = rival.render(engine, content, style, **OURS[name])
            found.append(network.distances(photo, painting, as_file(judge, picture)))
    return {name: np.array(found) for name, found in rows.items()}


def as_file(judge, picture: np.ndarray) -> io.BytesIO:
    """A PNG in memory, for the judge reads files: what is compared is what a visitor would get."""
    file = io.BytesIO()
    file.name = "picture.png"  # by which Pillow knows the format
    judge.save(picture, file)
    return file
