"""`manage.py dataset`: datasets from the shell, and the child process that makes and checks them for the worker."""

import json
from dataclasses import replace
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from trainer import collections
from trainer.datasets import archives, checking, deriving, layouts, previews
from trainer.models import Dataset
from trainer.recipes import configs


class Command(BaseCommand):
    help = (
        "`add PATH --kind KIND --title T --licence L --source S` takes a folder or a ZIP into the studio, "
        "`list` shows what is there. The training worker runs `--check ID`."
    )
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("action", nargs="?", choices=("add", "list"))
        parser.add_argument("path", nargs="?", type=Path, help="folder or ZIP file with the pictures")
        parser.add_argument("--kind", choices=layouts.KINDS, help="how the pictures belong together")
        parser.add_argument("--title", default="", help="the name of the file or folder, if not given")
        parser.add_argument("--licence", default="", help="who may do what with the pictures: CC0, own work, ...")
        parser.add_argument("--source", default="", help="where they come from: a name or an address")
        parser.add_argument("--check", metavar="ID", help="make the dataset of this row ready; for the worker")
        parser.add_argument("--preview-edges", metavar="FOLDER", type=Path, help="draw some of its pictures into --out")
        parser.add_argument("--options", default="{}", help="of the drawing, as JSON")
        parser.add_argument("--out", type=Path, help="PNG to write")

    def handle(self, *args, **asked):
        try:
            self._do(asked)
        except (collections.Refused, archives.Refused, checking.NoRoom, ValueError) as error:
            raise CommandError(str(error)) from error

    def _do(self, asked):
        if asked["check"]:
            check(_find(asked["check"]))
        elif asked["preview_edges"]:
            _preview_edges(asked["preview_edges"], asked["options"], asked["out"])
        elif asked["action"] == "add":
            self.stdout.write(str(_add(asked).pk))
        else:
            for row in Dataset.objects.newest():
                n_pictures = row.report.get("n_pictures", "?")
                self.stdout.write(f"{row.pk}  {row.state:8}  {row.kind:9}  {n_pictures:>7} pictures  {row.title}")


def check(dataset: Dataset) -> None:
    """Leave pictures, report and previews in its folder. What was done before is not done again."""
    folder = dataset.folder
    folder.mkdir(parents=True, exist_ok=True)
    origin = dataset.origin if dataset.recipe.get("edges") is not None else None
    if dataset.recipe and origin is None:
        raise ValueError("The dataset whose edges were to be drawn is gone.")
    connections.close_all()  # nobody waits for this process to read pictures for an hour
    try:
        if origin:
            deriving.draw_edges(origin.pictures, folder, options=dataset.recipe["edges"])
        else:
            checking.check(_find_source(dataset), dataset.kind, folder, limits=_limits())
    except archives.Refused:
        _drop_archive(dataset)  # nothing can come of it
        raise
    _render_previews(dataset)
    _drop_archive(dataset)


def _add(asked):
    if asked["path"] is None or not asked["kind"]:
        raise ValueError("Say what to add, and of which --kind it is.")
    title = asked["title"] or asked["path"].absolute().stem
    facts = {name: asked[name] for name in ("kind", "licence", "source")}
    return collections.take_folder(asked["path"], title=title, **facts)


def _find(key):
    try:
        return Dataset.objects.get(pk=key)
    except (Dataset.DoesNotExist, ValidationError) as error:
        raise ValueError(f"There is no dataset {key}.") from error


def _find_source(dataset):
    if dataset.server_folder:
        return Path(dataset.server_folder)
    if dataset.arriving.exists() and not dataset.archive.exists():
        dataset.arriving.replace(dataset.archive)
    return dataset.archive


def _limits():
    return archives.Limits(
        entries=settings.DATASET_MAX_PICTURES,
        bytes_in_all=settings.DATASET_MAX_BYTES,
        pixels=settings.DATASET_MAX_PIXELS,
    )


def _render_previews(dataset):
    folder = dataset.folder / "previews"
    folder.mkdir(exist_ok=True)
    suggested = dataset.take_over()["report"].get("direction", {}).get("suggested")
    for recipe in layouts.RECIPES.get(dataset.kind, (layouts.PLAIN,)):
        config = configs.BY_RECIPE[recipe]() if recipe in configs.BY_RECIPE else None
        if suggested and recipe == "pix2pix":
            config = replace(config, direction=suggested)
        _write(folder / f"{recipe}.png", previews.render(dataset.pictures, recipe, config))
    _write(folder / f"{collections.COVER}.png", previews.render_cover(dataset.pictures))


def _preview_edges(folder, options, out):
    if out is None:
        raise ValueError("--preview-edges needs --out.")
    _write(out, previews.render_edges(folder, json.loads(options)))


def _write(path, data):
    """Whole or not at all."""
    beside = path.with_name(f".{path.name}")
    beside.write_bytes(data)
    beside.replace(path)


def _drop_archive(dataset):
    for path in (dataset.archive, dataset.arriving):
        path.unlink(missing_ok=True)
