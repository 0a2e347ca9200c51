"""Every recipe by name; none is imported before it is asked for."""

from importlib import import_module

RECIPES = {
    "adain": "trainer.recipes.adain",
    "pix2pix": "trainer.recipes.pix2pix",
    "cyclegan": "trainer.recipes.cyclegan",
    "distillation": "trainer.recipes.distillation",
}


def load(name: str):
    """The module of a recipe: `Config`, `build(config, …)` and `describe(config)`. ValueError for a wrong name."""
    if name not in RECIPES:
        raise ValueError(f"No recipe is called {name!r}; there are {', '.join(RECIPES)}.")
    return import_module(RECIPES[name])
