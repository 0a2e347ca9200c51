"""What a run was started with, kept in its folder, so that resuming it needs nothing repeated by hand."""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from trainer import checkpoints

FILE = "options.json"


@dataclass(frozen=True)
class RunOptions:
    """One run: which recipe, on what, how. `config` holds every option of the recipe by name."""

    recipe: str
    data: str
    config: dict
    steps: int | None  # None until the config has said it
    seed: int = 0
    init: str | None = None  # checkpoint folder whose weights it began with


def write(folder: Path, options: RunOptions) -> None:
    """Keep the options with the run, whole or not at all."""
    checkpoints.write_text(folder / FILE, json.dumps(asdict(options), indent=2) + "\n")


def read(folder: Path) -> RunOptions | None:
    """The options of the run in a folder; None where it has none. Raises ValueError where they make no sense."""
    path = Path(folder) / FILE
    if not path.exists():
        return None
    try:
        values = json.loads(path.read_text())
        if not isinstance(values["config"], dict):
            raise ValueError("config is no JSON object")
        return RunOptions(**{each.name: values[each.name] for each in fields(RunOptions)})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} does not hold the options of a run: {error!r}") from error


def settle(
    saved: RunOptions | None,
    *,
    recipe: str | None,
    data: Path | None,
    config: dict,
    steps: int | None,
    seed: int | None,
    init: Path | None,
) -> RunOptions:
    """The options of a run from those it was begun with and those given now; `steps` None is for the config to say.

    Raises ValueError for what cannot change, and for what is missing.
    """
    if saved is None:
        if not recipe or not data:
            raise ValueError("A new run needs a recipe, --data and --out.")
        path = str(Path(init).resolve()) if init else None
        return RunOptions(recipe, str(Path(data).resolve()), config, steps, seed or 0, path)
    if recipe and recipe != saved.recipe:
        raise ValueError(f"This run trains {saved.recipe}, not {recipe}; start another in a folder of its own.")
    if seed is not None and seed != saved.seed:
        raise ValueError(f"This run has the seed {saved.seed}; with another its past would be another.")
    if init:
        raise ValueError("A resumed run goes on with its own weights; --init is for a new one.")
    return RunOptions(
        saved.recipe,
        str(Path(data).resolve()) if data else saved.data,
        saved.config | config,
        config.get("steps", saved.steps) if steps is None else steps,
        saved.seed,
        saved.init,
    )
