"""Is what staff want to start good? One form a subject; stories are told elsewhere."""

import json
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

from django import forms
from django.conf import settings
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from trainer import checkpoints, controls, runs
from trainer.models import Dataset, Run, Version
from trainer.models.labour import State
from trainer.networks.architectures import PatchGANArchitecture, ResNetArchitecture, UNetArchitecture
from trainer.recipes import configs

UNPROCESSABLE = 422
MOST_STEPS = 10_000_000
MOST_SEED = 2**31 - 1
TWICE_SECONDS = 10  # within which a second click on Start asks for nothing new
RECIPES = {  # what each is for
    "pix2pix": gettext_lazy("From pairs: a drawing becomes a picture."),
    "cyclegan": gettext_lazy("From two collections: each learns to look like the other."),
    "adain": gettext_lazy("From photos and paintings: any style onto any photo."),
}


class DatasetForm(forms.ModelForm):
    """A dataset before its archive comes: what it is, who may use it, where it is from.

    With scripts the archive follows in pieces, and its name and length are announced; without, it comes at once.
    """

    kind = forms.ChoiceField(
        label=gettext_lazy("How the pictures belong together"),
        choices=Dataset.Kind.choices,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose one.")},
    )
    archive = forms.FileField(label=gettext_lazy("ZIP archive"), required=False, allow_empty_file=True)
    label = forms.CharField(max_length=300, required=False, widget=forms.HiddenInput)
    n_bytes = forms.IntegerField(min_value=1, required=False, widget=forms.HiddenInput)

    class Meta:
        model = Dataset
        fields = ["kind", "title", "licence", "source"]
        labels = {
            "title": gettext_lazy("Title"),
            "licence": gettext_lazy("Licence"),
            "source": gettext_lazy("Source"),
        }
        help_texts = {
            "licence": gettext_lazy("For instance CC BY 4.0, public domain, or our own pictures."),
            "source": gettext_lazy("Where the pictures come from: a name or an address."),
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        archive = cleaned.get("archive")
        if archive is not None:
            cleaned |= {"label": archive.name, "n_bytes": archive.size}
        elif not cleaned.get("n_bytes") and "n_bytes" not in self.errors:
            self.add_error("archive", _("Choose a ZIP archive."))
        if archive is not None and not archive.size:
            self.add_error("archive", _("This file is empty."))
        return cleaned


class RunForm(forms.Form):
    """A new run: its recipe, its dataset, and every option of the recipe."""

    title = forms.CharField(label=gettext_lazy("Title"), max_length=80)
    dataset = forms.ModelChoiceField(
        Dataset.objects.none(),
        label=gettext_lazy("Dataset"),
        empty_label=None,
        error_messages={"invalid_choice": gettext_lazy("This recipe cannot learn from that dataset.")},
    )
    steps = forms.IntegerField(label=gettext_lazy("Steps"), min_value=1, max_value=MOST_STEPS, required=False)
    seed = forms.IntegerField(
        label=gettext_lazy("Seed"),
        min_value=0,
        max_value=MOST_SEED,
        required=False,
        initial=0,
        help_text=gettext_lazy("All chance comes from it: the same seed is the same run."),
    )
    init = forms.ChoiceField(
        label=gettext_lazy("Begin with"),
        required=False,
        help_text=gettext_lazy("Weights of networks of the same shape, to go on from what was learned before."),
    )

    key = forms.UUIDField(required=False, initial=uuid.uuid4, widget=forms.HiddenInput)  # two clicks on Start: one run

    OWN = ("title", "dataset", "steps", "seed", "init")

    def __init__(self, data=None, *, recipe: str, source: Run | None = None, **kwargs):
        super().__init__(data, **kwargs)
        self.recipe = recipe
        self.source = source  # the run that is cloned
        steps = configs.BY_RECIPE[recipe]().steps
        self.fields["dataset"].queryset = fitting(recipe)
        if source is not None and not source.dataset_id:  # it was made on the command line
            self.fields["dataset"].required = False
            self.fields["dataset"].empty_label = source.data
        self.fields["steps"].initial = steps
        self.fields["steps"].help_text = _("Updates of the networks in all. Usually %(n)s.") % {"n": steps}
        self.beginnings = _beginnings(recipe, source)
        self.fields["init"].choices = [("", _("random weights")), *_as_choices(self.beginnings)]
        self.fields.update(controls.fields(recipe))
        if recipe == "adain" and (source is None or source.dataset_id):  # a folder of the command line has its own
            self.fields["teachers"] = controls.teachers(settings.TEACHERS)
        if recipe == "adain":  # no other folder of this server, whoever asks
            own = "" if source is None else source.options.get("guide", "")
            self.fields["guide"] = controls.guide(settings.TFLITE_FOLDER, own)

    def own(self) -> list[forms.BoundField]:
        return [self[name] for name in self.OWN]

    def usual(self) -> list[forms.BoundField]:
        """The options that people change."""
        return [self[name] for name in controls.USUAL[self.recipe]]

    def others(self) -> list[forms.BoundField]:
        hidden = {*self.OWN, "key", *controls.USUAL[self.recipe]}
        return [self[name] for name in self.fields if name not in hidden]

    def has_unusual(self) -> bool:
        """Is there something to see among the other options: a change, or a refusal?"""
        values = self.initial if not self.is_bound else None
        return any(
            field.errors or (values is not None and field.name in values) or (self.is_bound and _is_changed(field))
            for field in self.others()
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        self.options = controls.differing(self.recipe, cleaned)
        if not self.errors and bool(cleaned.get("architecture.deep")) != bool(cleaned.get("architecture.deep_blocks")):
            sentence = _("Channels and blocks at an eighth of the size come together: both, or neither.")
            self.add_error("architecture.deep_blocks", sentence)
        if self.errors:
            return cleaned
        cleaned["steps"] = cleaned["steps"] or self.fields["steps"].initial
        try:
            config = configs.from_dict(configs.BY_RECIPE[self.recipe], self.options | {"steps": cleaned["steps"]})
        except (ValueError, TypeError) as error:
            name = getattr(error, "name", None)
            self.add_error(name if name in self.fields else None, controls.explain(error))
            return cleaned
        for name, sentence in misfits(config):
            self.add_error(name, sentence)
        if not self.errors and cleaned["init"]:
            self._check_beginning(config)
        return cleaned

    def submit(self, owner) -> Run:
        """Let it wait for the training worker. Raises runs.Refused."""
        chosen = self.cleaned_data
        init = self.beginnings[chosen["init"]][1] if chosen["init"] else ""
        return runs.start(
            chosen["dataset"],
            recipe=self.recipe,
            title=chosen["title"],
            options=self.options,
            steps=chosen["steps"],
            seed=chosen["seed"] or 0,
            owner=owner,
            init=str(init),
            data="" if chosen["dataset"] else self.source.data,
            cloned_from=self.source,
            key=self._new_key(),
        )

    def _new_key(self):
        """The page's own, unless it was used a while ago: somebody went back to it for another run."""
        long_ago = Now() - timedelta(seconds=TWICE_SECONDS)
        key = self.cleaned_data["key"]
        return None if Run.objects.filter(pk=key, created_at__lt=long_ago).exists() else key

    def _check_beginning(self, config) -> None:
        """Weights fit where the shapes of the networks are the same."""
        _title, folder = self.beginnings[self.cleaned_data["init"]]
        try:
            theirs = checkpoints.read_config(folder).get("architecture")
        except ValueError:
            self.add_error("init", _("These weights are no longer there."))
            return
        ours = config.architecture if isinstance(config.architecture, dict) else configs.to_dict(config)["architecture"]
        if not isinstance(theirs, dict):
            return
        others = [name for name in ours if _plain(ours[name]) != _plain(theirs.get(name, ours[name]))]
        if others:
            known = ", ".join(f"{controls.label(name)}: {theirs[name]}" for name in others)
            sentence = _(
                "These weights are of networks of another shape (%(what)s). Choose the same, or other weights."
            )
            self.add_error("init", sentence % {"what": known})


class StartForm(forms.Form):
    """One run for each of some datasets, from the admin's list; options by name, those that are not usual."""

    recipe = forms.ChoiceField(label=gettext_lazy("Recipe"))
    title = forms.CharField(label=gettext_lazy("Title"), max_length=80, required=False)
    steps = forms.IntegerField(label=gettext_lazy("Steps"), min_value=1, max_value=MOST_STEPS, required=False)
    seed = forms.IntegerField(label=gettext_lazy("Seed"), min_value=0, max_value=MOST_SEED, required=False, initial=0)
    options = forms.JSONField(
        label=gettext_lazy("Options"),
        required=False,
        initial=dict,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
    )

    def __init__(self, data=None, *, datasets: list[Dataset]):
        super().__init__(data)
        names = [name for name in runs.KINDS if all(name in runs.recipes_for(one) for one in datasets)]
        self.fields["recipe"].choices = [(name, name) for name in names]
        if "adain" in names:
            self.fields["recipe"].help_text = f"adain: {controls.explain_teachers(settings.TEACHERS)}"
        directions = {one.report.get("direction", {}).get("suggested") for one in datasets}
        if len(directions) == 1 and all(directions):  # what their reports suggest, as the studio's page does
            self.fields["options"].initial = {"direction": directions.pop()}

    def clean_seed(self) -> int:
        return self.cleaned_data["seed"] or 0

    def clean_options(self) -> dict[str, Any]:
        return self.cleaned_data["options"] or {}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if self.errors:
            return cleaned
        try:
            config = self._read_config()
        except (ValueError, TypeError) as error:
            self.add_error("options", controls.explain(error, call=str))  # as they are called in JSON
            return cleaned
        for name, sentence in misfits(config):
            self.add_error("options", f"{controls.label(name)}: {sentence}")
        return cleaned

    def _read_config(self):
        options = self.cleaned_data["options"]
        config = configs.from_dict(configs.BY_RECIPE[self.cleaned_data["recipe"]], options)
        if elsewhere := controls.SET_ELSEWHERE & options.keys():
            raise ValueError(", ".join(sorted(elsewhere)))
        json.dumps(options, allow_nan=False)  # Python reads more from JSON than there is: no database keeps Infinity
        return config


def fitting(recipe: str):
    """The datasets that a recipe can learn from, newest first."""
    return Dataset.objects.filter(state=State.DONE, kind__in=runs.KINDS[recipe]).newest()


def initial_on(dataset: Dataset) -> dict[str, Any]:
    """What the form of a first run on a dataset begins with; its report may know which side looks like drawings."""
    direction = dataset.report.get("direction", {}).get("suggested")
    suggested = {"direction": direction} if direction else {}
    return {"dataset": dataset.pk, "title": dataset.title} | suggested


def initial_of(run: Run) -> dict[str, Any]:
    """What the form of a clone begins with."""
    own = {"title": _("%(title)s, again") % {"title": run.title[:70]}, "dataset": run.dataset_id}
    own |= {"steps": run.steps, "seed": run.seed, "init": "same" if run.init else ""}
    return own | controls.spread(run.options)


def misfits(config) -> list[tuple[str, str]]:
    """Where numbers that are fine alone do not go together, as (option, sentence)."""
    found = []
    if config.batch % config.devices:
        found.append(("batch", _("The batch must be a multiple of the number of devices.")))
    if not hasattr(config, "generator"):
        return found
    if config.generator == "unet" and config.size % UNetArchitecture(depth=config.depth).multiple:
        sentence = _("A depth of %(depth)d needs a size that is a multiple of %(n)d.")
        found.append(("size", sentence % {"depth": config.depth, "n": 2**config.depth}))
    if config.generator == "resnet" and config.size % ResNetArchitecture().multiple:
        found.append(("size", _("The size must be a multiple of %(n)d.") % {"n": ResNetArchitecture().multiple}))
    judge = PatchGANArchitecture(layers=config.discriminator_layers)
    is_judged = getattr(config, "lambda_gan", 1)
    if not found and is_judged and (config.size % judge.multiple or config.size < judge.least_size):
        sentence = _("%(layers)d layers need a size that is a multiple of %(n)d and at least %(least)d pixels.")
        values = {"layers": judge.layers, "n": judge.multiple, "least": judge.least_size}
        found.append(("discriminator_layers", sentence % values))
    if getattr(config, "hand_drawn", 0) and config.condition_channels != 1:
        found.append(("hand_drawn", _("Only sketches, of 1 channel, can be made to look drawn by hand.")))
    return found


def _beginnings(recipe: str, source: Run | None) -> dict[str, tuple[str, Path]]:
    """Weights that are there to begin with: value of the choice → (title, folder)."""
    found: dict[str, tuple[str, Path]] = {}
    if source is not None and source.init:
        found["same"] = (_("the same as the run before"), Path(source.init))
    for version in Version.objects.filter(recipe=recipe).order_by("slug", "-number"):
        found[f"version:{version.pk}"] = (_("published: %(name)s") % {"name": version}, version.folder)
    for run in Run.objects.filter(recipe=recipe).newest()[:100]:
        found[f"run:{run.pk}"] = (_("best of: %(name)s") % {"name": run}, run.folder / "best")
    return {key: one for key, one in found.items() if (one[1] / checkpoints.WEIGHTS).is_file()}


def _as_choices(beginnings: dict[str, tuple[str, Path]]) -> list[tuple[str, str]]:
    return [(key, title) for key, (title, _folder) in beginnings.items()]


def _is_changed(field: forms.BoundField) -> bool:
    return field.field.has_changed(field.field.initial, field.data)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
