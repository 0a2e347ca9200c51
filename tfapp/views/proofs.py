"""What is painted at once: previews of a mix, the regions of its photo, and the grid that compares."""

import uuid
from collections.abc import Callable
from functools import wraps

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from tfapp import comparing, forms, images, limits, menu, mix_forms, mixes, people
from tfapp.proofs import Proof, asking
from tfapp.views import sending
from tfapp.views.mixer import mine, spec_of

View = Callable[..., HttpResponse]


def in_words(view: View) -> View:
    """Scripts ask here: a refusal is a sentence with its status, and says when it is worth trying again."""

    @wraps(view)
    def answer(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except asking.Refused as refused:
            return _words(refused.sentence, refused.status, retry_after=refused.retry_after)
        except images.Refused as refusal:
            return _words(str(refusal.sentence), refusal.status)
        except limits.Exceeded as exceeded:
            return _words(str(exceeded.sentence), 429, retry_after=exceeded.retry_after)

    return answer


@login_not_required
@require_POST
@in_words
def mix_preview(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    """The mix as the controls stand now; a smaller picture, and sooner, where a draft is asked for."""
    found = mine(request, id)
    spec = spec_of(found)
    form = mix_forms.ControlsForm(request.POST, mix=found, spec=spec)
    if not form.is_valid():
        return _words(form.sentence(), forms.UNPROCESSABLE)
    limits.take_from(request.person, "preview")
    wish = mixes.wish(found, form.controls, spec=spec, is_draft="draft" in request.POST)
    answer = _picture(asking.ask(wish), "image/jpeg")
    form.keep()  # unless somebody has changed the mix meanwhile
    return answer


@login_not_required
@require_POST
@in_words
def mix_masks(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    """The regions as they are painted now."""
    found = mine(request, id)
    form = mix_forms.MasksForm(request.POST, request.FILES)
    if not form.is_valid():
        return _words(form.sentence(), forms.UNPROCESSABLE)
    limits.take_from(people.ensure(request), "mask")
    mixes.put_masks(found, form.open(found))
    return HttpResponse(status=204)


@login_not_required
@require_POST
@in_words
def mix_subject(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    """What the photo is about, as a mask: the page lays it down like a stroke of the brush."""
    found = mine(request, id)
    limits.take_from(request.person, "mask")
    return _picture(asking.ask(mixes.wish_for_subject(found)), "image/png")


@login_not_required
@require_safe
@never_cache
def mix_compare(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    """The photo in twelve styles, or by every painter."""
    found = mine(request, id)
    by = comparing.BY_ENGINE if request.GET.get("by") == comparing.BY_ENGINE else comparing.BY_STYLE
    spec = spec_of(found)
    page = comparing.styles(found, spec, request.GET.get("page", "")) if by == comparing.BY_STYLE else None
    cells = page.cells if page else comparing.engines(found)
    context = {"mix": found, "by": by, "cells": cells, "page": page, "spec": spec}
    return render(request, "mix_compare.html", context)


@login_not_required
@require_POST
@in_words
def mix_cell(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    """One cell of that grid."""
    found = mine(request, id)
    form = mix_forms.CellForm(request.POST, mix=found)
    if not form.is_valid():
        return _words(form.sentence(), forms.UNPROCESSABLE)
    limits.take_from(request.person, "preview")
    spec = menu.find(form.cleaned_data["engine"]) or spec_of(found)
    wish = mixes.wish(found, found.controls, spec=spec, slug=form.cleaned_data["slug"])
    return _picture(asking.ask(wish), "image/jpeg")


def _picture(proof: Proof, content_type: str) -> HttpResponse:
    """The seconds inside the engine go along: the page shows them."""
    response = HttpResponse(proof.picture, content_type=content_type)
    response["X-Seconds"] = f"{proof.seconds:.4f}"
    return sending.guard(response)


def _words(sentence: str, status: int, *, retry_after: float | None = None) -> HttpResponse:
    response = HttpResponse(sentence, status=status, content_type="text/plain; charset=utf-8")
    response._has_been_logged = status == 503  # pages ask again and again, and it is no error of the web server
    if retry_after is not None:
        response["Retry-After"] = f"{retry_after:g}"
    return response
