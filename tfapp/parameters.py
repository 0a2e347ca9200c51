"""An engine's parameters as form fields, as words for people, and as a schema for programs."""

import secrets
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tfapp.engines.base import EngineSpec, Parameter

OWN = "own"  # the size of the photo itself
SIZES = (512, 768, 1024, 1536, 2048, 3072, 4096, 6144, 8192, 12288)
TRUE_WORDS = {"1", "true", "yes", "on"}
FALSE_WORDS = {"0", "false", "no", "off", ""}


class RangeField(forms.FloatField):
    """A number between two ends; the default where nothing was sent."""

    def __init__(self, parameter: Parameter, **kwargs):
        self.default = parameter.default
        self.is_share = is_share(parameter)
        usual = {"data-usual": f"{parameter.default:g}"} if parameter.is_effort else {}  # for estimate.js
        widget = forms.NumberInput(attrs={"type": "range", "step": f"{parameter.step:g}", **usual})
        super().__init__(min_value=parameter.minimum, max_value=parameter.maximum, widget=widget, **kwargs)

    def clean(self, value: Any) -> float:
        cleaned = super().clean(value)
        return self.default if cleaned is None else cleaned


class SwitchInput(forms.CheckboxInput):
    """A checkbox that passes on the word that was sent: what is neither yes nor no is for the field to refuse."""

    def value_from_datadict(self, data, files, name) -> str:
        return data.get(name, "")


class SwitchField(forms.Field):
    """Yes or no; off where nothing was sent, as browsers do."""

    default_error_messages = {"invalid": gettext_lazy("Say true or false.")}

    def __init__(self, parameter: Parameter, **kwargs):
        extra = {"data-extra": f"{parameter.extra:g}"} if parameter.extra else {}  # for estimate.js
        super().__init__(widget=SwitchInput(attrs=extra), **kwargs)

    def to_python(self, value: Any) -> bool:
        word = str(value or "").strip().lower()
        if word not in TRUE_WORDS | FALSE_WORDS:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return word in TRUE_WORDS


class SizeField(forms.IntegerField):
    """A side in pixels; the word `own` too, unless the parameter names its choices."""

    def __init__(self, parameter: Parameter, **kwargs):
        self.default = parameter.default
        self.takes_own = not parameter.choices
        usual = {parameter.default, *(parameter.choices or SIZES)}
        self.sizes = sorted(size for size in usual if parameter.minimum <= size <= parameter.maximum)
        widget = forms.Select(choices=self._choices(self.sizes))
        super().__init__(min_value=parameter.minimum, max_value=parameter.maximum, widget=widget, **kwargs)

    def offer(self, size: int | str | None) -> int | str:
        """Let a size that is not among the usual ones be chosen too; what the engine does not take is the default."""
        if size == OWN and self.takes_own:
            return OWN
        if not isinstance(size, int) or not self.min_value <= size <= self.max_value:
            return self.default
        self.widget.choices = self._choices(sorted({*self.sizes, size}))
        return size

    def clean(self, value: Any) -> int | str:
        if self.takes_own and str(value).strip() == OWN:
            return OWN
        cleaned = super().clean(value)
        return self.default if cleaned is None else cleaned

    def _choices(self, sizes: list[int]) -> list[tuple[int | str, str]]:
        choices = [(size, _("%(size)s pixels") % {"size": size}) for size in sizes]
        return [*choices, (OWN, _("the photo's own size"))] if self.takes_own else choices


class WordField(forms.ChoiceField):
    """One of the parameter's words; the default where nothing was sent."""

    default_error_messages = {"invalid_choice": gettext_lazy("Choose one of what is offered here.")}

    def __init__(self, parameter: Parameter, **kwargs):
        self.default = parameter.default
        super().__init__(choices=parameter.choices, **kwargs)

    def clean(self, value: Any) -> str:
        return super().clean(value) or self.default


class SeedField(forms.IntegerField):
    """Where chance starts; drawn where nothing was sent, so that the picture can be painted again."""

    def __init__(self, parameter: Parameter, **kwargs):
        widget = forms.NumberInput(attrs={"inputmode": "numeric", "placeholder": gettext_lazy("by chance")})
        super().__init__(min_value=parameter.minimum, max_value=parameter.maximum, widget=widget, **kwargs)

    def clean(self, value: Any) -> int:
        cleaned = super().clean(value)
        return self.min_value + secrets.randbelow(self.max_value - self.min_value + 1) if cleaned is None else cleaned


FIELDS = {"range": RangeField, "switch": SwitchField, "size": SizeField, "choice": WordField, "seed": SeedField}


def fields(spec: EngineSpec) -> dict[str, forms.Field]:
    """A form field for each parameter, in the engine's order."""
    found = {}
    for parameter in spec.parameters:
        words = {"label": parameter.label, "help_text": parameter.help, "initial": parameter.default}
        field = found[parameter.name] = FIELDS[parameter.kind](parameter, required=False, **words)
        field.is_fine = parameter.is_fine
    return found


def fit(spec: EngineSpec, values: dict[str, Any], *, longest_side: int) -> dict[str, Any]:
    """The same values, but no result is larger than its photo."""
    sizes = {
        parameter.name: min(longest_side, parameter.maximum)
        for parameter in spec.parameters
        if parameter.kind == "size"
    }
    return values | {name: most if values[name] == OWN else min(values[name], most) for name, most in sizes.items()}


def adapt(spec: EngineSpec, values: dict[str, Any]) -> dict[str, Any]:
    """Of settings for another engine what this one takes, brought between its ends; the rest is left to its usual."""
    known = [parameter for parameter in spec.parameters if parameter.name in values]
    return {parameter.name: _adapt(parameter, values[parameter.name]) for parameter in known}


def for_preview(spec: EngineSpec, values: dict[str, Any]) -> dict[str, Any]:
    """`adapt`, without what takes too long for a preview."""
    slow = {parameter.name for parameter in spec.parameters if parameter.extra}
    return {name: value for name, value in adapt(spec, values).items() if name not in slow}


def longest_side(spec: EngineSpec, values: dict[str, Any]) -> int:
    """How large a photo is worth keeping: large enough for what was asked for, and for what is usual."""
    sizes = [parameter for parameter in spec.parameters if parameter.kind == "size"]
    wanted = [one.maximum if values.get(one.name) == OWN else values.get(one.name) or 0 for one in sizes]
    return max([settings.PIECE_MAX_SIDE, *wanted])


def describe(spec: EngineSpec | None, values: dict[str, Any]) -> list[tuple[str, str]]:
    """What a picture was made with, as (label, value) for people."""
    rows = [
        (parameter, values[parameter.name])
        for parameter in (spec.parameters if spec else ())
        if parameter.name in values and values.get(parameter.needs, True)
    ]
    return [(str(parameter.label), _words(parameter, value)) for parameter, value in rows]


def is_share(parameter: Parameter) -> bool:
    """Whether people are told it in percent: from none of it to all, or to half as much again."""
    return parameter.minimum == 0 and parameter.maximum in (1, 1.5)


def choices(parameter: Parameter) -> list[dict[str, str]]:
    """What a choice offers, for programs; nothing for parameters of other kinds."""
    pairs = parameter.choices if parameter.kind == "choice" else ()
    return [{"value": value, "label": str(label)} for value, label in pairs]


def schema(specs: list[EngineSpec]) -> dict[str, dict]:
    """OpenAPI properties of all parameters that these engines take; where they differ, the widest."""
    widest: dict[str, Parameter] = {}
    for parameter in (parameter for spec in specs for parameter in spec.parameters):
        known = widest.get(parameter.name, parameter)
        is_wider = parameter.maximum - parameter.minimum > known.maximum - known.minimum
        widest[parameter.name] = parameter if is_wider else known
    return {name: _schema(parameter) for name, parameter in widest.items()}


def _adapt(parameter: Parameter, value: Any) -> Any:
    if parameter.kind == "switch":
        return bool(value)
    if parameter.kind == "choice":
        return value if value in dict(parameter.choices) else parameter.default
    if value == OWN:
        return parameter.maximum if parameter.choices else OWN  # a picture never gets larger than its photo
    return max(parameter.minimum, min(value, parameter.maximum))


def _words(parameter: Parameter, value: Any) -> str:
    if parameter.kind == "switch":
        return _("yes") if value else _("no")
    if parameter.kind == "size":
        return _("%(size)s pixels") % {"size": value}
    if parameter.kind == "choice":
        return str(dict(parameter.choices).get(value, value))
    if parameter.kind == "seed":
        return str(value)
    if is_share(parameter):
        return f"{100 * value:.0f} %"
    return f"{value:g}"


def _schema(parameter: Parameter) -> dict:
    common = {"title": str(parameter.label), "description": str(parameter.help), "default": parameter.default}
    ends = {"minimum": parameter.minimum, "maximum": parameter.maximum}
    if parameter.kind == "switch":
        return {**common, "type": "boolean"}
    if parameter.kind == "choice":
        return {**common, "type": "string", "enum": [value for value, _label in parameter.choices]}
    if parameter.kind == "seed":
        del common["default"]
        return {**common, "type": "integer", **ends}
    if parameter.kind == "size" and parameter.choices:
        return {**common, "type": "integer", **ends}
    if parameter.kind == "size":
        return {**common, "anyOf": [{"type": "integer", **ends}, {"type": "string", "enum": [OWN]}]}
    return {**common, "type": "number", **ends}
