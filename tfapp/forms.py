"""Is the input good? One form a kind of input; the page and the API ask the same one."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tfapp import files, images, jobs, menu, mixes, offers, parameters, pictures, shelf, weights
from tfapp.engines.base import EngineSpec
from tfapp.models import Artwork, Job, JobInput, Person

MAX_STYLES = mixes.MAX_STYLES
STYLE_SIDE = mixes.STYLE_SIDE
MASK_SIDE = 1024  # nor of soft edges
SKETCH_SIDE = 1024  # nor of lines
UNPROCESSABLE = 422


class UploadsInput(forms.FileInput):
    """Every file sent under one name."""

    allow_multiple_selected = True

    def value_from_datadict(self, data, files, name) -> list[UploadedFile]:
        return files.getlist(name) if hasattr(files, "getlist") else []


class UploadsField(forms.Field):
    """One or several files, not yet opened: `PictureForm.clean` does that when everything else is well."""

    widget = UploadsInput

    def __init__(self, *, n_most: int = 1, **kwargs):
        self.n_most = n_most
        super().__init__(**kwargs)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {"accept": "image/*,.heic,.heif", "multiple": self.n_most > 1}

    def clean(self, value: list[UploadedFile]) -> list[UploadedFile]:
        uploads = super().clean(value)
        if len(uploads) > self.n_most:
            raise ValidationError(_("At most %(n)d here.") % {"n": self.n_most}, code="too_many")
        return uploads


class PictureForm(forms.Form):
    """What every kind of input has: an engine, its parameters, and pictures that are opened when all else is well."""

    engine = forms.ChoiceField(
        label=gettext_lazy("Engine"),
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("Choose an engine."),
            "invalid_choice": gettext_lazy("There is no such engine."),
        },
    )

    def __init__(self, data=None, files=None, *, spec: EngineSpec, person: Person | None = None, **kwargs):
        super().__init__(data, files, **kwargs)
        self.spec = spec
        self.person = person
        self.status = 200  # of the answer: 4xx once something is wrong
        self.parameters: dict[str, Any] = {}
        self.pictures: list[tuple[str, images.Picture]] = []  # (role, picture), cleaned and stored as parts
        self.shelf_slugs: dict[int, str] = {}  # which styles, by position, are from the shelf
        self.fields["engine"].choices = [(choice.name, choice.title) for choice in menu.enabled()]
        self.fields.update(parameters.fields(spec))

    @property
    def usual_fields(self) -> list[forms.BoundField]:
        """The parameters that most people want, for the page; `fine_fields` are the others."""
        return [self[parameter.name] for parameter in self.spec.parameters if not parameter.is_fine]

    @property
    def fine_fields(self) -> list[forms.BoundField]:
        return [self[parameter.name] for parameter in self.spec.parameters if parameter.is_fine]

    def clean_engine(self) -> str:
        name = self.cleaned_data["engine"]
        for offer in offers.everything():
            if offer.spec.name == name and not offer.is_available:
                raise ValidationError(_("This engine is not available here. %(why)s") % {"why": offer.reason})
        return name

    def clean(self) -> dict[str, Any]:
        """Open the pictures when all else is well; keep none of them when one is refused."""
        if menu.find(self.data.get("engine", "")) is None:  # then nobody knows what else is wanted
            for name in {*self.errors} - {"engine"}:
                del self.errors[name]
        if not self.errors:
            self._open_pictures()
        if not self.errors:
            self._choose_parameters()
        return self.cleaned_data

    def add_error(self, field: str | None, error: Any) -> None:
        """Remember the status of the first error, and leave no picture of a refused form on the disk."""
        super().add_error(field, error)
        if self.status == 200:
            self.status = getattr(error, "status", UNPROCESSABLE)
        images.discard([picture for _role, picture in self.pictures])
        self.pictures = []

    def submit(self) -> Job:
        """Ask for the picture. Raises limits.Exceeded."""
        return jobs.submit(
            self.person,
            spec=self.spec,
            parameters=self.parameters,
            pictures=self.pictures,
            shelf=self.shelf_slugs,
        )

    def sentence(self) -> str:
        """All that is wrong, in one line, for programs."""
        return " ".join(
            error if name == NON_FIELD_ERRORS else f"{name}: {error}"
            for name, errors in self.errors.items()
            for error in errors
        )

    def _open_pictures(self) -> None:
        raise NotImplementedError  # what goes in is what the kinds differ in

    def _choose_parameters(self) -> None:
        """The engine's parameters."""
        self.parameters = {parameter.name: self.cleaned_data[parameter.name] for parameter in self.spec.parameters}

    def _keep(self, role: str, opener, *args, **kwargs) -> None:
        """Open one picture; a refusal becomes the field's error, with its status."""
        if self.errors:
            return
        try:
            self.pictures.append((role, opener(*args, **kwargs)))
        except images.Refused as refusal:
            error = ValidationError(refusal.sentence, code="refused")
            error.status = refusal.status
            self.add_error(role, error)


class PhotoForm(PictureForm):
    """A photo and the engine's parameters."""

    content = UploadsField(
        label=gettext_lazy("Photo"), error_messages={"required": gettext_lazy("Choose a photo first.")}
    )

    def _open_pictures(self) -> None:
        longest_side = parameters.longest_side(self.spec, self.cleaned_data)
        for upload in self.cleaned_data["content"]:
            self._keep("content", images.open_upload, upload, longest_side=longest_side)

    def _choose_parameters(self) -> None:
        """A result is never larger than its photo."""
        super()._choose_parameters()
        photo = self.pictures[0][1]
        self.parameters = parameters.fit(self.spec, self.parameters, longest_side=max(photo.width, photo.height))


class TextureForm(PictureForm):
    """One or more styles and the engine's parameters."""

    style = UploadsField(label=gettext_lazy("Style"), n_most=MAX_STYLES, required=False)
    shelf = forms.ChoiceField(
        label=gettext_lazy("Style from the shelf"),
        widget=forms.RadioSelect,
        required=False,
        error_messages={"invalid_choice": gettext_lazy("There is no such picture on the shelf.")},
    )
    like = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["shelf"].choices = [(style.slug, style.title) for style in shelf.STYLES]
        self.liked: Artwork | None = None  # whose styles are taken

    def _open_pictures(self) -> None:
        self._open_styles()

    def _open_styles(self) -> None:
        """The uploads; else the picture of the shelf; else what the liked picture was made with."""
        uploads, slug = self.cleaned_data["style"], self.cleaned_data["shelf"]
        liked = [] if uploads or slug else self._liked_styles()
        if not (uploads or slug or liked):
            self.add_error("style", _("Choose a style picture, or one from the shelf."))

        for upload in uploads:
            self._keep("style", images.open_upload, upload, longest_side=STYLE_SIDE)
        if slug and not uploads:
            self._take_from_shelf(0, slug)
        for position, style in enumerate(liked):
            if style.shelf:
                self._take_from_shelf(position, style.shelf)
            else:
                self._keep("style", images.open_file, files.path(style.file), style.label)

    def _liked_styles(self) -> list[JobInput]:
        """The styles of a picture that is liked; what other people uploaded stays theirs."""
        like = self.cleaned_data.get("like")
        artwork = Artwork.objects.visible_to(self.person).filter(pk=like).first() if like else None
        self.liked = artwork
        return pictures.styles_for(self.person, artwork) if artwork else []

    def _take_from_shelf(self, position: int, slug: str) -> None:
        self.shelf_slugs[position] = slug
        self._keep("style", images.open_file, shelf.path(slug), slug)


class StyleForm(TextureForm, PhotoForm):
    """A photo, one or more styles and the engine's parameters; where it mixes, masks and the shares of the styles."""

    mask = UploadsField(label=gettext_lazy("Masks"), n_most=weights.MAX_REGIONS, required=False)
    weights = forms.CharField(label=gettext_lazy("Weights"), max_length=2000, required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if not self.spec.mixes:
            del self.fields["mask"], self.fields["weights"]

    def _open_pictures(self) -> None:
        PhotoForm._open_pictures(self)
        if not self.errors:
            self._open_styles()
        if self.spec.mixes:
            self._open_masks()

    def _choose_parameters(self) -> None:
        """What mixes also takes the shares of the styles; those of a liked picture, unless others are sent."""
        super()._choose_parameters()
        if not self.spec.mixes:
            return
        text = self.cleaned_data["weights"]
        n_styles, n_regions = (sum(role == wanted for role, _picture in self.pictures) for wanted in ("style", "mask"))
        try:
            rows = weights.read(text, n_styles=n_styles, n_regions=n_regions)
        except ValidationError as error:
            self.add_error("weights", error)
            return
        if self.liked and not text and not n_regions:
            rows = [row for row in self.liked.parameters.get("weights", [])[:1] if len(row) == n_styles]
        if rows:
            self.parameters["weights"] = rows

    def _open_masks(self) -> None:
        photo = next((picture for role, picture in self.pictures if role == "content"), None)
        for upload in self.cleaned_data["mask"]:
            self._keep("mask", images.open_upload, upload, longest_side=MASK_SIDE)
            if not self.errors and not mixes.has_shape_of(self.pictures[-1][1], photo):
                self.add_error("mask", _("A mask needs the shape of its photo."))


class SketchForm(PictureForm):
    """A drawing, made on the page or elsewhere, and the engine's parameters."""

    sketch = UploadsField(
        label=gettext_lazy("Sketch"),
        error_messages={"required": gettext_lazy("Draw something, or choose a picture of a sketch.")},
    )

    def _open_pictures(self) -> None:
        for upload in self.cleaned_data["sketch"]:
            self._keep("sketch", images.open_upload, upload, longest_side=SKETCH_SIDE)


class AgainForm(forms.Form):
    """The parameters of a job that came to nothing, for another try with other ones."""

    def __init__(self, data=None, *, job: Job):
        super().__init__(data, initial={**job.parameters})
        self.job = job
        self.spec = menu.find(job.engine)
        self.fields.update(parameters.fields(self.spec) if self.spec else {})
        _offer_size(self, job.parameters.get("size"))

    def submit(self) -> Job:
        """Ask again. Raises limits.Exceeded or images.Refused."""
        photo = self.job.inputs.filter(role="content").first()
        shares = self.job.parameters.get("weights")  # of its styles, for which there is no field
        chosen = self.cleaned_data | ({"weights": shares} if shares else {})
        if photo and self.spec:
            chosen = parameters.fit(self.spec, chosen, longest_side=max(photo.width, photo.height))
        return jobs.retry(self.job, parameters=chosen)


class TokenForm(forms.Form):
    """The name of a new key to the API."""

    name = forms.CharField(label=gettext_lazy("What is it for?"), max_length=60)


class PasswordForm(forms.Form):
    """Says again who one is, before something that cannot be undone."""

    password = forms.CharField(
        label=gettext_lazy("Your password"),
        strip=False,
        max_length=4096,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, user: AbstractBaseUser, data=None):
        super().__init__(data)
        self.user = user

    def clean_password(self) -> str:
        password = self.cleaned_data["password"]
        if not self.user.check_password(password):
            raise ValidationError(_("This is not your password."))
        return password


FORMS = {"style": StyleForm, "sketch": SketchForm, "photo": PhotoForm, "texture": TextureForm}


def bind(data, files, *, person: Person) -> PictureForm:
    """The form for what was sent: its engine decides which; without one, the kind of the page that it was sent from."""
    spec = menu.find(data.get("engine", "")) or menu.first(data.get("kind", ""))
    return FORMS[spec.kind](data, files, spec=spec, person=person)


def blank(spec: EngineSpec, *, initial: dict[str, Any]) -> PictureForm:
    """An empty form for the engine."""
    form = FORMS[spec.kind](spec=spec, initial={"engine": spec.name, **initial})
    _offer_size(form, initial.get("size"))
    return form


def limits_told() -> dict[str, Any]:
    """What is taken, in numbers for the page's sentences."""
    return {
        "max_bytes": settings.UPLOAD_MAX_BYTES,
        "max_megabytes": settings.UPLOAD_MAX_BYTES // 2**20,
        "max_megapixels": settings.UPLOAD_MAX_PIXELS // 10**6,
        "max_side": settings.UPLOAD_MAX_SIDE,
        "max_styles": MAX_STYLES,
        "max_result_side": settings.RESULT_MAX_SIDE,
        "active_jobs": settings.LIMIT_ACTIVE_JOBS if settings.LIMITS_FACTOR else None,
    }


def _offer_size(form: forms.Form, size: int | str | None) -> None:
    for name, field in form.fields.items():
        if isinstance(field, parameters.SizeField):
            form.initial[name] = field.offer(size)
