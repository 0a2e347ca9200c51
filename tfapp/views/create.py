"""The first page: choose what to make, bring a photo or draw, and ask for a picture."""

import uuid
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from tfapp import forms, limits, menu, offers, people, pictures, shelf
from tfapp.engines.base import EngineSpec
from tfapp.models import Artwork, JobInput
from tfapp.views import errors


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """Show the form, filled in like the picture that `?like=` names; or take what was sent."""
    if request.method == "POST":
        return _take(request)

    like = _liked(request)
    offered = offers.everything()
    styles = pictures.styles_for(request.person, like) if like else []
    form = forms.blank(_first_choice(request, offered, like), initial=_initial(like, styles))
    return _page(request, form, offered=offered, like=like, keeps_style=bool(styles))


def _take(request: HttpRequest) -> HttpResponse:
    form = None
    try:
        person = people.ensure(request)
        limits.take_from(person, "upload")
        form = forms.bind(request.POST, request.FILES, person=person)
        if form.is_valid():
            return redirect("job", id=form.submit().pk)
    except limits.Exceeded as exceeded:
        return errors.too_many(request, exceeded)
    return _page(request, form, offered=offers.everything(), status=form.status)


def _page(
    request: HttpRequest,
    form: forms.PictureForm,
    *,
    offered: list[offers.Offer],
    like: Artwork | None = None,
    keeps_style: bool = False,
    status: int = 200,
) -> HttpResponse:
    kind = form.spec.kind
    painters = [offer for offer in offered if offer.spec.kind == kind and offer.spec.is_listed]
    context = {
        "form": form,
        "kind": kind,
        "kinds": offers.kinds(offered),
        "widened": offers.widened(offered),
        "engines": painters,
        "has_engine": any(offer.is_available for offer in painters),
        "can_paint": any(offer.is_available and (offer in painters or offer.spec == form.spec) for offer in offered),
        "can_mix": any(offer.is_available and offer.spec.mixes for offer in offered),
        "shelf": shelf.STYLES,
        "like": like,
        "keeps_style": keeps_style,  # of the liked picture: without choosing another, it is painted in that style
        "limits": forms.limits_told(),
    }
    return render(request, "create.html", context, status=status)


def _first_choice(request: HttpRequest, offered: list[offers.Offer], like: Artwork | None) -> EngineSpec:
    """The engine asked for; else that of the liked picture; else the first of the kind: of those that are available."""
    available = [offer.spec for offer in offered if offer.is_available]
    for name in (request.GET.get("engine", ""), like.engine if like else ""):
        if (spec := menu.find(name)) in available:
            return spec

    enabled = menu.enabled()
    kind = like.kind if like else request.GET.get("kind", "")
    of_kind = [spec for spec in enabled if spec.kind == kind] or [
        spec for spec in enabled if spec.kind == enabled[0].kind
    ]
    return next((spec for spec in of_kind if spec in available and spec.is_listed), of_kind[0])


def _liked(request: HttpRequest) -> Artwork | None:
    try:
        key = uuid.UUID(request.GET.get("like", ""))
    except ValueError:
        return None
    return Artwork.objects.visible_to(request.person).filter(pk=key).first()


def _initial(like: Artwork | None, styles: list[JobInput]) -> dict[str, Any]:
    """The settings of a picture, as the form's first values."""
    if like is None:
        return {}
    return {**like.parameters, "like": like.pk, "shelf": styles[0].shelf if len(styles) == 1 else ""}
