"""Is what comes from the mixer good? Its controls, as the engine has them, and the pictures that are brought to it."""

import json
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tfapp import comparing, images, mixes, parameters, shelf, weights
from tfapp.engines.base import EngineSpec
from tfapp.forms import StyleForm, UploadsField
from tfapp.models import Mix
from tfapp.proofs import asking

LARGEST_SEED = 999_999


class InWords(forms.Form):
    """A form that scripts send: what is wrong with it is a sentence."""

    def sentence(self) -> str:
        """All that is wrong, in one line."""
        return " ".join(error for errors in self.errors.values() for error in errors)


class ControlsForm(InWords):
    """The controls of a mix: what its engine has, and the shares of the styles."""

    weights = forms.CharField(widget=forms.HiddenInput, max_length=2000, required=False)

    def __init__(self, data=None, *, mix: Mix, spec: EngineSpec):
        super().__init__(data, initial=mix.controls)
        self.mix = mix
        self.spec = spec
        self.fields.update(parameters.fields(spec))
        for field in self.fields.values():
            if isinstance(field, parameters.SizeField):
                self.initial["size"] = field.offer(mix.controls.get("size", parameters.OWN))

    def clean_weights(self) -> list[list[float]]:
        """A region that was not painted yet has a row already, and no mask: it is left out."""
        if not self.spec.mixes:
            return []
        n_styles, n_regions = len(self.mix.styles), len(self.mix.masks)
        text = self.cleaned_data["weights"]
        rows = weights.read_any(text, n_styles=n_styles) if text else []
        return weights.fit(rows, n_styles=n_styles, n_regions=n_regions)

    @property
    def weights_text(self) -> str:
        """The shares as the page begins with them."""
        rows = self.mix.controls.get("weights", [])
        return json.dumps(weights.fit(rows, n_styles=len(self.mix.styles), n_regions=len(self.mix.masks)))

    @property
    def controls(self) -> dict[str, Any]:
        """What was chosen, as the engine and the job take it."""
        chosen = {parameter.name: self.cleaned_data[parameter.name] for parameter in self.spec.parameters}
        rows = self.cleaned_data["weights"]
        return {**chosen, "weights": rows} if rows else chosen

    def keep(self) -> None:
        """Let the mix remember them, unless it was changed meanwhile; and its dice, for its styles are still theirs."""
        dice = {name: number for name, number in self.mix.controls.items() if name == "dice"}
        self.mix.keep_unless_changed(self.controls | dice)


def as_sent(controls: dict[str, Any], spec: EngineSpec) -> dict[str, str]:
    """Controls as a page of that painter would send them: for one that is asked from the grid."""
    sent = {name: str(value) for name, value in parameters.adapt(spec, controls).items()}
    return sent | {"weights": json.dumps(controls["weights"])} if controls.get("weights") else sent


class BringForm(StyleForm):
    """What is brought to the mixer: a photo, and styles; chance adds some of the shelf where there is one or none."""

    def _open_styles(self) -> None:
        if any(self.cleaned_data[name] for name in ("style", "shelf", "like")):
            super()._open_styles()

    @property
    def errors_elsewhere(self) -> list[str]:
        """What is wrong beside the photo: the mixer's page has no fields for that, though forms of others have."""
        return [
            error if name == NON_FIELD_ERRORS else f"{self[name].label}: {error}"
            for name, errors in self.errors.items()
            for error in errors
            if name != "content"
        ]

    def begin(self, seed: int) -> Mix:
        """Lay it out. Raises images.Refused."""
        return mixes.begin(
            self.person,
            spec=self.spec,
            controls=self.parameters,
            pictures=self.pictures,
            shelf_slugs=self.shelf_slugs,
            seed=seed,
        )


class StyleChangeForm(InWords):
    """A style of the shelf, or an own one, for one of the places; or one place less."""

    position = forms.IntegerField(min_value=0, max_value=mixes.MAX_STYLES - 1)
    slug = forms.ChoiceField(
        choices=[(style.slug, style.slug) for style in shelf.STYLES],
        required=False,
        error_messages={"invalid_choice": gettext_lazy("There is no such picture on the shelf.")},
    )
    style = UploadsField(required=False)
    how = forms.ChoiceField(choices=[(word, word) for word in ("put", "take", "random", "only")], required=False)

    def __init__(self, data=None, files=None, *, mix: Mix):
        super().__init__(data, files)
        self.mix = mix

    def clean(self) -> dict[str, Any]:
        """A place that is there, and something to put there."""
        if self.errors:
            return self.cleaned_data
        position, how = self.cleaned_data["position"], self.cleaned_data["how"]
        if position > len(self.mix.styles) - (how == "take"):
            raise ValidationError(_("There is no such place for a style."))
        if how not in ("take", "random") and not (self.cleaned_data["slug"] or self.cleaned_data["style"]):
            raise ValidationError(_("Choose a style picture, or one from the shelf."))
        if how == "only" and not self.cleaned_data["slug"]:
            raise ValidationError(_("There is no such picture on the shelf."))
        return self.cleaned_data

    def apply(self, seed: int) -> None:
        """Change the mix. Raises images.Refused."""
        position, how, slug = (self.cleaned_data[name] for name in ("position", "how", "slug"))
        if how == "take":
            mixes.take_style(self.mix, position)
        elif how == "random":
            mixes.put_style(self.mix, position, slug=mixes.another_slug(self.mix, seed))
        elif how == "only":
            mixes.put_only(self.mix, slug, seed)
        elif slug:
            mixes.put_style(self.mix, position, slug=slug)
        else:
            [upload] = self.cleaned_data["style"]
            picture = images.open_upload(upload, longest_side=mixes.STYLE_SIDE)
            mixes.put_style(self.mix, position, picture=picture)


class MasksForm(InWords):
    """The regions as they are painted, one picture each; none clears them."""

    mask = UploadsField(n_most=weights.MAX_REGIONS, required=False)

    def open(self, mix: Mix) -> list[images.Picture]:
        """Raises images.Refused, and leaves nothing then."""
        opened: list[images.Picture] = []
        try:
            for upload in self.cleaned_data["mask"]:
                opened.append(images.open_upload(upload, longest_side=mixes.MASK_SIDE))
                if not mixes.has_shape_of(opened[-1], mix.small):
                    raise images.Refused(_("A mask needs the shape of its photo."), 422)
        except images.Refused:
            images.discard(opened)
            raise
        return opened


class DiceForm(InWords):
    """The number that chance starts from; and whether only the corners change."""

    seed = forms.IntegerField(min_value=0, max_value=LARGEST_SEED, required=False)
    how = forms.ChoiceField(choices=[(word, word) for word in ("throw", "shuffle")], required=False)

    def apply(self, mix: Mix, chance: int) -> None:
        """Change the mix; by this number where none was sent. Raises images.Refused."""
        seed = self.cleaned_data["seed"]
        if self.cleaned_data["how"] == "shuffle":
            mixes.shuffle(mix, chance)
        else:
            mixes.throw_dice(mix, chance if seed is None else seed)


class CellForm(InWords):
    """Which cell of the grid: a style of the shelf, or a painter."""

    slug = forms.ChoiceField(choices=[(style.slug, style.slug) for style in shelf.STYLES], required=False)
    engine = forms.CharField(max_length=40, required=False)

    def __init__(self, data=None, *, mix: Mix):
        super().__init__(data)
        self.mix = mix

    def clean_engine(self) -> str:
        """One of the painters that the grid shows as quick: others would keep everybody waiting."""
        name = self.cleaned_data["engine"]
        cell = next((cell for cell in comparing.engines(self.mix) if cell.engine == name), None)
        if name and cell is None:
            raise ValidationError(_("There is no such engine."))
        if cell and not cell.is_quick:
            raise ValidationError(_(asking.SENTENCES["slow"]))
        return name

    def clean(self) -> dict[str, Any]:
        """One of both."""
        if not self.errors and not (self.cleaned_data["slug"] or self.cleaned_data["engine"]):
            raise ValidationError(_("Say which style or which painter."))
        return self.cleaned_data
