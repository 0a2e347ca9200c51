"""Is it good enough to be published, brought in, or drawn? Forms of versions and probes."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from trainer import checkpoints, probing, versions
from trainer.checkpoints import Export
from trainer.models import Probe, Run, Version

UNPROCESSABLE = 422
DIRECTIONS = {
    "AtoB": gettext_lazy("There: the first collection becomes the second"),
    "BtoA": gettext_lazy("Back: the second collection becomes the first"),
}


def _check_readable(text: str) -> None:
    if not versions.is_readable(text):
        raise ValidationError(gettext_lazy(versions.UNREADABLE))


def _check_slug(text: str) -> None:
    if not versions.SLUG.fullmatch(text):
        raise ValidationError(gettext_lazy(versions.NO_SLUG))


class PublishForm(forms.ModelForm):
    """A checkpoint of a run, and what people read about it."""

    checkpoint = forms.ChoiceField(
        label=gettext_lazy("Checkpoint"),
        error_messages={"invalid_choice": gettext_lazy("This checkpoint is gone. Choose another.")},
    )
    kind = forms.ChoiceField(label=gettext_lazy("It is given"), choices=Version.Kind.choices)
    direction = forms.ChoiceField(label=gettext_lazy("Direction"), choices=list(DIRECTIONS.items()))
    card = forms.CharField(
        label=gettext_lazy("Card"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=gettext_lazy(
            "What is worth knowing: what it does well, and what not. Facts are added by themselves."
        ),
    )

    class Meta:
        model = Version
        fields = ["title", "title_ko", "blurb", "blurb_ko", "slug", "licence"]
        labels = {
            "title": gettext_lazy("Title"),
            "title_ko": gettext_lazy("Title in Korean"),
            "blurb": gettext_lazy("One sentence"),
            "blurb_ko": gettext_lazy("The sentence in Korean"),
            "slug": gettext_lazy("Short name"),
            "licence": gettext_lazy("Licence"),
        }
        help_texts = {
            "blurb": gettext_lazy("Shown on the first page, below the title."),
            "slug": gettext_lazy(
                "Small letters, digits and dashes. A name that exists gets its next number, and replaces the live one."
            ),
            "licence": gettext_lazy("Of the weights, as the pictures they were trained on allow it."),
        }

    def __init__(self, data=None, *, run: Run, **kwargs):
        self.run = run
        self.exports = checkpoints.list_exports(run.folder)
        super().__init__(data, initial=_suggest(run, self.exports) | kwargs.pop("initial", {}), **kwargs)
        for name in self.Meta.fields:
            self.fields[name].validators.append(_check_readable)
        self.fields["slug"].validators.append(_check_slug)
        self.fields["checkpoint"].choices = [(export.name, _describe(export)) for export in self.exports]
        self._drop_what_is_decided()
        self.order_fields(["checkpoint", "kind", "direction"])

    def submit(self, owner: User) -> Version:
        """Publish it. Raises versions.Refused."""
        cleaned = self.cleaned_data
        export = next(export for export in self.exports if export.name == cleaned["checkpoint"])
        words = versions.Words(**{name: cleaned[name] for name in self.Meta.fields}, card=cleaned["card"])
        kind = cleaned.get("kind") or self.kinds[0]
        direction = cleaned.get("direction", "")
        return versions.publish(self.run, export.step, words, kind=kind, direction=direction, owner=owner)

    def _drop_what_is_decided(self) -> None:
        """Who has no choice is not asked."""
        self.kinds = checkpoints.kinds_of(self.exports[0].config) if self.exports else ()
        if len(self.kinds) > 1:
            self.fields["kind"].choices = [(kind, Version.Kind(kind).label) for kind in self.kinds]
        else:
            del self.fields["kind"]
        if self.run.recipe != "cyclegan":
            del self.fields["direction"]

    def clean(self) -> dict[str, Any]:
        if self.exports and not self.kinds:
            self.add_error(None, _("No engine can use the networks of this run."))
        return super().clean()


class ImportForm(forms.Form):
    """An exported version, no larger than one can be."""

    archive = forms.FileField(
        label=gettext_lazy("ZIP archive of a version"),
        error_messages={
            "required": gettext_lazy("Choose a ZIP archive."),
            "empty": gettext_lazy("This file is empty."),
        },
    )
    slug = forms.SlugField(
        label=gettext_lazy("Short name"),
        max_length=30,
        required=False,
        validators=[_check_slug],
        help_text=gettext_lazy("Leave it empty to keep the name that it had."),
    )

    def clean_archive(self) -> UploadedFile:
        archive = self.cleaned_data["archive"]
        if archive.size > settings.VERSION_MAX_BYTES:
            raise ValidationError(_("This file is too large."))
        return archive


class ProbeForm(forms.Form):
    """A drawing of the canvas, or a picture."""

    sketch = forms.FileField(
        label=gettext_lazy("Picture"),
        error_messages={
            "required": gettext_lazy("Draw something, or choose a picture."),
            "empty": gettext_lazy("This file is empty."),
        },
    )
    kind = forms.ChoiceField(label=gettext_lazy("This is"), choices=Probe.Kind.choices, required=False)
    label = forms.CharField(label=gettext_lazy("Name"), max_length=80, required=False, validators=[_check_readable])
    is_for_all = forms.BooleanField(label=gettext_lazy("Use it for all runs"), required=False)

    def __init__(self, data=None, files=None, *, run: Run):
        super().__init__(data, files)
        self.run = run
        self.kinds = probing.suitable_kinds(run)
        if len(self.kinds) > 1:
            self.fields["kind"].choices = [(kind, Probe.Kind(kind).label) for kind in self.kinds]
        else:
            del self.fields["kind"]

    def submit(self) -> Probe:
        """Keep it. Raises probing.Refused."""
        cleaned = self.cleaned_data
        kind = cleaned.get("kind") or self.kinds[0]
        chunks = cleaned["sketch"].chunks()
        return probing.add(
            self.run, chunks, kind=kind, label=cleaned["label"].strip(), is_for_all=cleaned["is_for_all"]
        )


def _describe(export: Export) -> str:
    words = _("step %(n)s") % {"n": f"{export.step:,}"}
    return f"{words} ({_('best')})" if export.is_best else words


def _suggest(run: Run, exports: list[Export]) -> dict[str, Any]:
    """The best checkpoint, and words that fit the run."""
    best = next((export.name for export in exports if export.is_best), exports[0].name if exports else "")
    last = run.versions.order_by("-created_at").first()
    if last:
        names = ("title", "title_ko", "blurb", "blurb_ko", "slug", "licence", "direction")
        return {"checkpoint": best, **{name: getattr(last, name) for name in names}}
    licence = run.dataset.licence if run.dataset_id else ""
    slug = slugify(run.title).replace("_", "-")[:30].strip("-") or run.recipe
    return {"checkpoint": best, "title": run.title[:60], "slug": slug, "licence": licence}
