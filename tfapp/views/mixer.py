"""The mixer: bring a photo, change styles, regions and settings, and ask for the whole picture."""

import secrets
import uuid

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tfapp import comparing, forms, images, limits, menu, mix_forms, mixes, people, shelf
from tfapp.engines.base import EngineSpec
from tfapp.models import Job, Mix
from tfapp.views import errors, sending

N_RECENT = 4


def mine(request: HttpRequest, id: uuid.UUID) -> Mix:
    """The mix, if it is this person's; else the request ends with 404."""
    return get_object_or_404(Mix.objects.visible_to(request.person).prefetch_related("pictures"), pk=id)


def spec_of(mix: Mix) -> EngineSpec:
    """Its engine; one that was taken back since then is replaced by another that mixes."""
    spec = menu.find(mix.engine) or mixes.first_spec()
    if spec is None:
        raise Http404
    return spec


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def mixer(request: HttpRequest) -> HttpResponse:
    """Ask for a photo; or take one, with styles if they come along, as the create page sends them."""
    spec = mixes.first_spec()
    form = mix_forms.BringForm(spec=spec) if spec else None
    if request.method == "POST" and spec:
        try:
            person = people.ensure(request)
            limits.take_from(person, "upload")
            data = request.POST.copy()
            wanted = menu.find(data.get("engine", ""))
            spec = wanted if wanted and wanted.mixes else spec
            data["engine"] = spec.name
            form = mix_forms.BringForm(data, request.FILES, spec=spec, person=person)
            if form.is_valid():
                return redirect("mix", id=form.begin(_chance()).pk)
        except limits.Exceeded as exceeded:
            return errors.too_many(request, exceeded)
        except images.Refused as refusal:
            return errors.answer(request, refusal.status, str(refusal.sentence))
    context = {
        "form": form,
        "limits": forms.limits_told(),
        "recent": Mix.objects.visible_to(request.person).prefetch_related("pictures").newest()[:N_RECENT],
    }
    return render(request, "mixer.html", context, status=form.status if form else 503)


@login_not_required
@require_safe
@never_cache
def mix(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    found = mine(request, id)
    return _page(request, found, mix_forms.ControlsForm(mix=found, spec=spec_of(found)))


@login_not_required
@require_POST
def mix_paint(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    """The whole picture: from here on it is a job like any other."""
    found = mine(request, id)
    is_from_grid = "engine" in request.POST
    spec = menu.find(request.POST["engine"]) if is_from_grid else spec_of(found)
    if spec is None or spec.kind not in comparing.KINDS:
        return errors.answer(request, forms.UNPROCESSABLE, _("There is no such engine."))
    data = mix_forms.as_sent(found.controls, spec) if is_from_grid else request.POST
    form = mix_forms.ControlsForm(data, mix=found, spec=spec)
    if not form.is_valid():
        return _page(request, found, form, status=forms.UNPROCESSABLE)
    try:
        people.ensure(request)  # where a visitor comes from today
        if spec.name == found.engine:
            form.keep()
        return redirect("job", id=mixes.paint(found, form.controls, spec=spec).pk)
    except images.Refused as refusal:
        return errors.answer(request, refusal.status, str(refusal.sentence))
    except limits.Exceeded as exceeded:
        return errors.too_many(request, exceeded)


@login_not_required
@require_POST
def mix_style(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    """Another style in one of the places, one more, or one less."""
    found = mine(request, id)
    form = mix_forms.StyleChangeForm(request.POST, request.FILES, mix=found)
    if not form.is_valid():
        return errors.answer(request, forms.UNPROCESSABLE, form.sentence())
    try:
        if request.FILES:
            limits.take_from(people.ensure(request), "upload")
        else:
            limits.take_from(people.ensure(request), "mask")
        _keep_controls(request, found)
        form.apply(_chance())
    except images.Refused as refusal:
        return errors.answer(request, refusal.status, str(refusal.sentence))
    except limits.Exceeded as exceeded:
        return errors.too_many(request, exceeded)
    return redirect("mix", id=id)


@login_not_required
@require_POST
def mix_dice(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    """Four styles and their shares by chance, or the same styles in other corners."""
    found = mine(request, id)
    form = mix_forms.DiceForm(request.POST)
    if not form.is_valid():
        return errors.answer(request, forms.UNPROCESSABLE, form.sentence())
    try:
        limits.take_from(people.ensure(request), "mask")
        _keep_controls(request, found)
        form.apply(found, _chance())
    except images.Refused as refusal:
        return errors.answer(request, refusal.status, str(refusal.sentence))
    except limits.Exceeded as exceeded:
        return errors.too_many(request, exceeded)
    return redirect("mix", id=id)


@login_not_required
@require_POST
def mix_engine(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    """Another painter that mixes."""
    found = mine(request, id)
    spec = menu.find(request.POST.get("engine", ""))
    if spec and spec.mixes:
        found.keep(found.controls, engine=spec.name)
    return redirect("mix", id=id)


@login_not_required
@require_POST
def mix_delete(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    mixes.remove(mine(request, id))
    return redirect("mixer")


@login_not_required
@require_safe
def mix_picture(request: HttpRequest, id: uuid.UUID, role: str, position: int) -> HttpResponse:
    found = mine(request, id).pictures.filter(role=role, position=position).first()
    if found is None:
        raise Http404
    return sending.picture(request, found.file)


@login_not_required
@require_POST
def job_mix(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    """Open what a job was made of, with its settings."""
    job = get_object_or_404(Job.objects.visible_to(request.person), pk=id)
    try:
        person = people.ensure(request)
        limits.take_from(person, "upload")
        return redirect("mix", id=mixes.begin_like(job, person, seed=_chance()).pk)
    except images.Refused as refusal:
        return errors.answer(request, refusal.status, str(refusal.sentence))
    except limits.Exceeded as exceeded:
        return errors.too_many(request, exceeded)


def _keep_controls(request: HttpRequest, found: Mix) -> None:
    """What else changes, the controls stay as they stand on the page."""
    form = mix_forms.ControlsForm(request.POST, mix=found, spec=spec_of(found))
    if "weights" in request.POST and form.is_valid():
        form.keep()


def _page(request: HttpRequest, found: Mix, form: mix_forms.ControlsForm, *, status: int = 200) -> HttpResponse:
    context = {
        "mix": found,
        "form": form,
        "shelf": shelf.STYLES,
        "limits": forms.limits_told(),
        "has_masks": form.spec.mixes,
        "largest_seed": mix_forms.LARGEST_SEED,
        "max_styles": mixes.MAX_STYLES,
    }
    return render(request, "mix.html", context, status=status)


def _chance() -> int:
    return secrets.randbelow(mix_forms.LARGEST_SEED + 1)
