"""Form fields made from what `describe` says of a recipe's options: labels, limits, and which are the usual ones."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from trainer.networks.architectures import MAY_BE_NOTHING, MOST, MOST_DEPTHS
from trainer.recipes import configs

SET_ELSEWHERE = {"steps", "photos", "paintings"}  # by the form itself, and by the layout of the dataset
USUAL = {
    "pix2pix": ("direction", "size", "batch", "generator", "filters", "blocks", "depth", "hand_drawn", "flip"),
    "cyclegan": (
        "direction",
        "size",
        "batch",
        "generator",
        "filters",
        "blocks",
        "depth",
        "smallest",
        "lambda_identity",
    ),
    "adain": ("size", "batch", "learning_rate", "content_weight", "moments_weight", "gram_weight", "teachers"),
}
LABELS = {
    "activity_weight": gettext_lazy("Weight of the activity"),
    "architecture": gettext_lazy("Architecture"),
    "average_decay": gettext_lazy("Decay of the average"),
    "batch": gettext_lazy("Batch"),
    "beta1": gettext_lazy("Momentum (beta 1)"),
    "blocks": gettext_lazy("Residual blocks"),
    "blotches_weight": gettext_lazy("Weight of the blotches"),
    "checkpoint_every": gettext_lazy("Checkpoint every"),
    "clip": gettext_lazy("Clip gradients at"),
    "code_hidden": gettext_lazy("Hidden units of the style code"),
    "compiled": gettext_lazy("Compiled"),
    "condition_channels": gettext_lazy("Channels of the condition"),
    "constant_share": gettext_lazy("Constant share"),
    "content_weight": gettext_lazy("Weight of the content"),
    "contrast_weight": gettext_lazy("Weight of the contrast"),
    "covariance_weight": gettext_lazy("Weight of the covariance"),
    "decoder_blocks": gettext_lazy("Blocks of the decoder"),
    "deep": gettext_lazy("Channels at an eighth of the size"),
    "deep_blocks": gettext_lazy("Blocks at an eighth of the size"),
    "depth": gettext_lazy("Depth"),
    "deterministic": gettext_lazy("Deterministic"),
    "devices": gettext_lazy("Devices"),
    "direction": gettext_lazy("Direction"),
    "discriminator_filters": gettext_lazy("Filters of the discriminator"),
    "discriminator_layers": gettext_lazy("Layers of the discriminator"),
    "dropout": gettext_lazy("Dropout"),
    "encoder_blocks": gettext_lazy("Blocks of the encoder"),
    "enlarge": gettext_lazy("Enlarge"),
    "filters": gettext_lazy("Filters"),
    "fine": gettext_lazy("Channels at full size"),
    "flip": gettext_lazy("Mirrored"),
    "fold": gettext_lazy("Pixels folded at the start"),
    "gan_loss": gettext_lazy("Adversarial loss"),
    "generator": gettext_lazy("Generator"),
    "gram_weight": gettext_lazy("Weight of the Gram matrices"),
    "guide": gettext_lazy("Guide"),
    "hand_drawn": gettext_lazy("Drawn by hand"),
    "hint": gettext_lazy("Colour hints"),
    "identity_share": gettext_lazy("Share of identities"),
    "identity_weight": gettext_lazy("Weight of identities"),
    "keep": gettext_lazy("Checkpoints kept"),
    "lambda_cycle": gettext_lazy("Weight of the cycle"),
    "lambda_gan": gettext_lazy("Weight of the adversarial loss"),
    "lambda_identity": gettext_lazy("Weight of identity"),
    "lambda_l1": gettext_lazy("Weight of L1"),
    "layout_weight": gettext_lazy("Weight of the layout"),
    "learning_rate": gettext_lazy("Learning rate"),
    "lift": gettext_lazy("Light in dark styles"),
    "moments_weight": gettext_lazy("Weight of the moments"),
    "overflow_weight": gettext_lazy("Weight of overflow"),
    "palette_weight": gettext_lazy("Weight of the palette"),
    "pool": gettext_lazy("Picture pool"),
    "precision": gettext_lazy("Precision"),
    "sample_every": gettext_lazy("Sample every"),
    "size": gettext_lazy("Size"),
    "smallest": gettext_lazy("Smallest crop"),
    "stem": gettext_lazy("Channels at half size"),
    "style_widths": gettext_lazy("Channels of the style encoder"),
    "teachers": gettext_lazy("Teachers"),
    "validate_every": gettext_lazy("Validate every"),
    "validation_pictures": gettext_lazy("Pictures for validation"),
    "variation_weight": gettext_lazy("Weight of variation"),
    "warm_up": gettext_lazy("Warm-up"),
    "width": gettext_lazy("Channels at quarter size"),
    "workers": gettext_lazy("Workers"),
}


CHOICES = {"fold": (2, 4)}  # of numbers inside an architecture
WORDS = {  # of choices that are no words
    "AtoB": gettext_lazy("A to B"),
    "BtoA": gettext_lazy("B to A"),
}


class NumbersField(forms.CharField):
    """Whole numbers with commas between them: the channels of an architecture."""

    def prepare_value(self, value: Any) -> str:
        return ", ".join(map(str, value)) if isinstance(value, list | tuple) else value

    def clean(self, value: Any) -> list[int] | None:
        text = super().clean(value)
        try:
            numbers = [int(word) for word in text.split(",")] if text else None
        except ValueError as error:
            raise ValidationError(_("Whole numbers with commas between them, please."), code="invalid") from error
        if numbers and (len(numbers) > MOST_DEPTHS or not all(1 <= n <= MOST for n in numbers)):
            values = {"n": MOST_DEPTHS, "most": MOST}
            raise ValidationError(_("These are up to %(n)d numbers, each from 1 to %(most)d.") % values, code="invalid")
        return numbers

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self.prepare_value(initial) != data


def fields(recipe: str) -> dict[str, forms.Field]:
    """A field for each option of a recipe, in its order; where nothing is said, the default counts."""
    made = {}
    for option in configs.describe(configs.BY_RECIPE[recipe]):
        name, default = option["name"], option["default"]
        if name in SET_ELSEWHERE:
            continue
        if isinstance(default, dict):  # a dataclass inside: widths and depths
            made |= {f"{name}.{key}": _field(_inner(key, value)) for key, value in default.items()}
        else:
            made[name] = _field(option)
    return made


def teachers(folder: str) -> forms.Field:
    """Of adain from a dataset: those of a folder of this server, which may have none, or to be downloaded."""
    here = [(folder, _("those of this server"))] if folder else []
    return forms.ChoiceField(
        label=label("teachers"),
        choices=[*here, (configs.IMAGENET, _("VGG-19, downloaded when the run begins (80 MB)"))],
        initial=folder or configs.IMAGENET,
        required=False,
        help_text=explain_teachers(folder),
    )


def guide(folder: str, own: str = "") -> forms.Field:
    """Of adain: none, the pair of TFLite files of this server, if it has one, or that of a run that is cloned."""
    has_pair = folder and all(Path(folder, name).is_file() for name in configs.GUIDE_FILES)
    here = [(folder, _("that of this server"))] if has_pair else []
    if own and own != folder:
        here.append((own, own))
    help_text = _("A painter whose layout of light and colours is learned; STYLESITE_TFLITE_FOLDER names its folder.")
    return forms.ChoiceField(
        label=label("guide"), choices=[("", _("none")), *here], initial="", required=False, help_text=help_text
    )


def explain_teachers(folder: str) -> str:
    """What adain needs beside its pictures, and what is to be had here."""
    if folder:
        return _("Frozen networks that judge what is painted; this server keeps some in %(folder)s.") % {
            "folder": folder
        }
    return _(
        "Frozen networks that judge what is painted. This server has none: STYLESITE_TEACHERS names no folder. "
        "They are downloaded, and without the internet the run ends before its first step."
    )


def show(config: Any) -> dict[str, str]:
    """The options of a config and their values, both as people call them; but for those that are set elsewhere."""
    values = spread(configs.to_dict(config))
    return {label(name): _show_value(value) for name, value in values.items() if name not in SET_ELSEWHERE}


def _show_value(value: Any) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(WORDS.get(value, value))


def defaults(recipe: str) -> dict[str, Any]:
    """What an option is where nobody says anything, by the name of its field."""
    return {name: field.initial for name, field in fields(recipe).items()}


def differing(recipe: str, cleaned: dict[str, Any]) -> dict[str, Any]:
    """The options that were changed, as a config reads them, of a form's cleaned values."""
    found: dict[str, Any] = {}
    for name, default in defaults(recipe).items():
        value = cleaned.get(name)
        if value is None or value == "" or value == default:
            continue
        outer, _dot, inner = name.partition(".")
        if inner:
            found.setdefault(outer, {})[inner] = value
        else:
            found[name] = value
    return found


def spread(options: dict[str, Any]) -> dict[str, Any]:
    """The inverse of `differing`: values by the names of their fields."""
    spread_out = {}
    for name, value in options.items():
        if isinstance(value, dict):
            spread_out |= {f"{name}.{key}": inner for key, inner in value.items()}
        else:
            spread_out[name] = value
    return spread_out


def label(name: str) -> str:
    """What people call an option."""
    return str(LABELS.get(name.rpartition(".")[2], name))


def explain(error: Exception, call: Callable[[str], str] = label) -> str:
    """Why a config refused its options, in the reader's language; `call` names an option."""
    if isinstance(error, configs.Nonsense):
        return _(error.sentence) % {**error.values, "name": call(error.name)}
    return _("These options cannot be: %(why)s") % {"why": error}


def _inner(name: str, default: Any) -> dict:
    kind = "list" if isinstance(default, list | tuple) else type(default).__name__
    value = list(default) if kind == "list" else default
    limits = {"choices": CHOICES.get(name, ()), "least": 0 if name in MAY_BE_NOTHING else 1, "most": MOST}
    return {"name": name, "type": kind, "default": value, "help": ""} | limits


def _field(option: dict) -> forms.Field:
    words = {"label": label(option["name"]), "initial": _short(option["default"]), "required": False}
    words["help_text"] = " ".join(filter(None, [_(option["help"]) if option["help"] else "", _limits(option)]))
    limits = {"min_value": option["least"], "max_value": option["most"]}
    if option["choices"]:
        choices = [(choice, WORDS.get(choice, str(choice))) for choice in option["choices"]]
        return forms.TypedChoiceField(choices=choices, coerce=type(option["choices"][0]), **words)
    if option["type"] == "bool":
        return forms.BooleanField(**words)
    if option["type"] == "int":
        return forms.IntegerField(**limits, **words)
    if option["type"].startswith("float"):
        return forms.FloatField(**limits, **words, widget=forms.NumberInput(attrs={"step": "any"}))
    return NumbersField(**words) if option["type"] == "list" else forms.CharField(max_length=200, **words)


def _short(default: Any) -> Any:
    """14 rather than 14.0 in a field."""
    return int(default) if isinstance(default, float) and default.is_integer() else default


def _limits(option: dict) -> str:
    """From where to where, and what is usual; nothing where a glance at the field says it."""
    least, most, default = option["least"], option["most"], option["default"]
    if option["choices"] or option["type"] in ("bool", "list", "str"):
        return ""
    usual = "" if default is None else _("Usually %(value)s.") % {"value": f"{default:g}"}
    if least is not None and most is not None:
        span = _("%(least)s to %(most)s.") % {"least": f"{least:g}", "most": f"{most:g}"}
    else:
        span = "" if not least else _("At least %(least)s.") % {"least": f"{least:g}"}
    return " ".join(filter(None, [span, usual]))
