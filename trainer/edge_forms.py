"""The form of edge pairs: how lines are drawn of plain pictures. Its names are those of datasets/edge_options.py."""

from dataclasses import fields
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from trainer.datasets import edge_options
from trainer.datasets.edge_options import EdgeOptions, Frame

DEFAULTS = {each.name: each.default for kind in (EdgeOptions, Frame) for each in fields(kind)}
USUAL = ("strong", "weak", "calm", "merge", "thickness", "size")


def _number(label, help_text, *, least, most, step: float = 1) -> forms.Field:
    kind = forms.IntegerField if step == 1 else forms.FloatField
    widget = forms.NumberInput(attrs={"step": step if step == 1 else "any"})
    return kind(label=label, help_text=help_text, min_value=least, max_value=most, required=False, widget=widget)


class EdgesForm(forms.Form):
    """Empty fields are the defaults."""

    title = forms.CharField(label=gettext_lazy("Title"), max_length=80)
    strong = _number(
        gettext_lazy("Where a line begins"),
        gettext_lazy("Difference of colour that makes a line; 100 is black beside white. Less draws more lines."),
        least=0.1,
        most=200,
        step=0.5,
    )
    weak = _number(
        gettext_lazy("Where a line ends"),
        gettext_lazy("A line goes on as long as the difference of colour is larger than this."),
        least=0.1,
        most=200,
        step=0.5,
    )
    calm = _number(
        gettext_lazy("Calm"),
        gettext_lazy("How much textures such as grass and fur are held back; 0 draws them too."),
        least=0,
        most=10,
        step=0.1,
    )
    merge = _number(
        gettext_lazy("Merge"),
        gettext_lazy("Borders closer than so many pixels become one line."),
        least=0,
        most=50,
        step=0.5,
    )
    thickness = _number(gettext_lazy("Pen"), gettext_lazy("Pixels that the pen is wide."), least=0.5, most=20, step=0.5)
    size = _number(
        gettext_lazy("Size"),
        gettext_lazy("Cut the centre square and make it so many pixels wide; empty leaves pictures as they are."),
        least=16,
        most=4096,
    )
    sigma = _number(
        gettext_lazy("Blur"),
        gettext_lazy("Pixels of blur before differences of colour are taken."),
        least=0.3,
        most=20,
        step=0.1,
    )
    shortest = _number(
        gettext_lazy("Shortest line"), gettext_lazy("Lines of fewer pixels are left out."), least=0, most=500
    )
    spur = _number(
        gettext_lazy("Shortest branch"), gettext_lazy("Side branches of fewer pixels are left out."), least=0, most=500
    )
    fineness = _number(
        gettext_lazy("Fineness"),
        gettext_lazy("Work on a picture so many times as large: 2 keeps small eyes in pictures of 128 pixels."),
        least=1,
        most=4,
    )
    margin = _number(
        gettext_lazy("Margin"), gettext_lazy("Pixels of white put around each picture."), least=0, most=1024
    )
    split_by_prefix = forms.BooleanField(
        label=gettext_lazy("Keep variants together"),
        help_text=gettext_lazy("For validation go by the name up to its first hyphen or dot."),
        required=False,
    )

    def __init__(self, *args, is_preview: bool = False, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["title"].required = not is_preview
        for name, default in DEFAULTS.items():
            is_whole = isinstance(default, float) and default.is_integer()
            self.fields[name].initial = int(default) if is_whole else default
            if default is not None and default is not False:
                usual = _("Usually %(value)s.") % {"value": f"{default:g}"}
                self.fields[name].help_text = f"{self.fields[name].help_text} {usual}"

    def usual(self) -> list[forms.BoundField]:
        return [self[name] for name in USUAL]

    def others(self) -> list[forms.BoundField]:
        return [self[name] for name in DEFAULTS if name not in USUAL]

    def has_unusual(self) -> bool:
        """Is one of the folded options changed, or refused?"""
        return self.is_bound and any(
            field.errors or field.field.has_changed(field.field.initial, field.data) for field in self.others()
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        given = {name: cleaned.get(name) for name in DEFAULTS}
        self.options = {name: value for name, value in given.items() if value is not None and value != DEFAULTS[name]}
        weak, strong = ({**DEFAULTS, **self.options}[name] for name in ("weak", "strong"))
        if not self.errors and weak > strong:
            self.add_error("weak", _("A line cannot end above where it begins (%(strong)g).") % {"strong": strong})
        if not self.errors:
            try:
                edge_options.read(self.options)
            except ValueError as error:
                self.add_error(None, _(str(error)))
        return cleaned
