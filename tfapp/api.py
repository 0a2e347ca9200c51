"""The JSON API: the same forms and stories as the pages, for programs."""

import uuid
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, Literal

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from ninja import NinjaAPI, Query, Schema, Status
from ninja.errors import ValidationError
from ninja.openapi.docs import DocsBase
from ninja.utils import check_csrf

from tfapp import forms, limits, menu, offers, parameters, people, previews, shelf, tokens, weights
from tfapp.engines.base import Parameter
from tfapp.models import Artwork, Job
from tfapp.views import errors, paging

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
REFUSALS = frozenset({400, 401, 403, 404, 405, 409, 413, 415, 422, 429})
BUSY_SECONDS = 5
DESCRIPTION = """\
Ask for pictures, follow and cancel them, fetch them and look through the gallery. Publishing and deleting are for the
pages. With an account, send `Authorization: Bearer …` with a key from the account page, and nothing else. Without one,
the session cookie owns what it made: keep your cookies. The first GET sets the `csrftoken` cookie: send its value as
`X-CSRFToken` with each call that changes something. The first picture asked for sets the session cookie."""


class ChoiceOut(Schema):
    """What a parameter of the kind `choice` may be, and what it is called."""

    value: str
    label: str


class ParameterOut(Schema):
    """A control of an engine. A `seed` without a value is drawn, and told with the picture."""

    name: str
    label: str
    kind: str
    default: float | bool | int | str | None
    minimum: float
    maximum: float
    step: float
    help: str
    choices: list[ChoiceOut]


class EngineOut(Schema):
    """An engine, and why not if it cannot be had."""

    name: str
    title: str
    kind: str
    available: bool
    reason: str
    parameters: list[ParameterOut]


class AskedOut(Schema):
    """What was asked for; `url` says how far it is."""

    id: uuid.UUID
    state: str
    url: str


class ArtworkOut(Schema):
    """A finished picture."""

    id: uuid.UUID
    url: str
    image_url: str
    width: int
    height: int
    engine: str
    parameters: dict[str, Any]
    public: bool
    created_at: datetime
    published_at: datetime | None


class JobOut(Schema):
    """A picture that was asked for. `place` is how many are before it; `seconds` is the time inside the engine.

    `preview_url` shows it while it is painted, by engines that work step by step; it is another for each preview.
    """

    id: uuid.UUID
    engine: str
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    progress: float
    place: int | None
    eta_s: float | None
    error: str | None
    seconds: float | None
    preview_url: str | None
    artwork: ArtworkOut | None


class ArtworksOut(Schema):
    """A page of the gallery, newest first."""

    items: list[ArtworkOut]
    page: int
    next_page: int | None


class RefusalOut(Schema):
    """Why not, in a sentence."""

    detail: str


def _job_body() -> dict[str, Any]:
    """The multipart fields of a job, from the engines' kinds and parameters."""
    specs = menu.enabled()
    file = {"type": "string", "format": "binary"}
    properties = {
        "engine": {"type": "string", "enum": [spec.name for spec in specs]},
        "content": {**file, "description": "The photo, for engines of the kinds `style` and `photo`."},
        "sketch": {**file, "description": "A drawing, dark lines on light paper, for engines of the kind `sketch`."},
        "style": {
            "type": "array",
            "items": file,
            "maxItems": forms.MAX_STYLES,
            "description": "Style pictures, for engines of the kinds `style` and `texture`. Repeat the field for more.",
        },
        "shelf": {
            "type": "string",
            "enum": [style.slug for style in shelf.STYLES],
            "description": "A picture of the style shelf, instead of `style`.",
        },
        "like": {
            "type": "string",
            "format": "uuid",
            "description": "Paint in the style of this picture, instead of `style` and `shelf`.",
        },
        **weights.schema(file),
        **parameters.schema(specs),
    }
    schema = {"type": "object", "required": ["engine"], "properties": properties}
    return {"required": True, "content": {"multipart/form-data": {"schema": schema}}}


class Docs(DocsBase):
    """A page of our own, made from the schema: no scripts, and fit for everybody."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        schema = api.get_openapi_schema()
        shapes = {name: list(shape["properties"].items()) for name, shape in schema["components"]["schemas"].items()}
        return render(request, "api_docs.html", {"schema": schema, "shapes": shapes})


class Api(NinjaAPI):
    """Says in its schema that a key may be sent, and need not be; and what the engines of the day take."""

    def get_openapi_schema(self, **kwargs: Any) -> dict[str, Any]:
        schema = super().get_openapi_schema(**kwargs)
        schema["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        schema["security"] = [{}, {"key": []}]
        schema["paths"][reverse("api:jobs")]["post"]["requestBody"] = _job_body()
        return schema


api = Api(
    title="Stylesite",
    version="1",
    description=DESCRIPTION,
    urls_namespace="api",
    docs=Docs(),
    docs_decorator=require_safe,
)


@api.get("/engines", summary="List the engines", response=list[EngineOut], url_name="engines", tags=["engines"])
def list_engines(request: HttpRequest) -> list[dict]:
    """The engines of this site, and whether each can be used."""
    return [
        {
            "name": offer.spec.name,
            "title": str(offer.spec.title),
            "kind": offer.spec.kind,
            "available": offer.is_available,
            "reason": offer.reason,
            "parameters": [_parameter(parameter) for parameter in offer.spec.parameters],
        }
        for offer in offers.everything()
    ]


@api.post(
    "/jobs",
    summary="Ask for a picture",
    response={202: AskedOut, REFUSALS: RefusalOut},
    url_name="jobs",
    tags=["jobs"],
)
def ask(request: HttpRequest, response: HttpResponse) -> Any:
    """Ask for a picture: the engine's inputs and parameters, as multipart/form-data."""
    if request.content_type != "multipart/form-data":
        return _refuse(415, _("Send multipart/form-data."))

    person = people.ensure(request)
    limits.take_from(person, "upload")
    form = forms.bind(request.POST, request.FILES, person=person)
    if not form.is_valid():
        if form.status == 429:
            response["Retry-After"] = str(BUSY_SECONDS)
        return _refuse(form.status, form.sentence())

    job = form.submit()
    response["Location"] = url = _absolute(request, "api:job", job)
    return Status(202, {"id": job.pk, "state": job.state, "url": url})


@api.get(
    "/jobs/{uuid:id}",
    summary="Look at a job",
    response={200: JobOut, REFUSALS: RefusalOut},
    url_name="job",
    tags=["jobs"],
)
def show_job(request: HttpRequest, id: uuid.UUID) -> dict:
    """How far a picture is, and the picture itself when it is done."""
    return _job(request, _my_job(request, id))


@api.delete(
    "/jobs/{uuid:id}",
    summary="Cancel a job",
    response={200: JobOut, REFUSALS: RefusalOut},
    url_name="job",
    tags=["jobs"],
)
def cancel_job(request: HttpRequest, id: uuid.UUID) -> Any:
    """Cancel a picture that is not finished. One that is being painted stops within two seconds."""
    if not _my_job(request, id).request_cancel():
        return _refuse(409, _("This picture is finished already."))
    return _job(request, _my_job(request, id))


@api.get(
    "/artworks",
    summary="List the gallery",
    response={200: ArtworksOut, REFUSALS: RefusalOut},
    url_name="artworks",
    tags=["artworks"],
)
def list_artworks(request: HttpRequest, page: int = Query(1, ge=1, le=paging.LAST_PAGE)) -> dict:
    """The public pictures, newest first."""
    found = paging.cut(Artwork.objects.public().newest(), number=page)
    return {
        "items": [_artwork(request, artwork) for artwork in found],
        "page": page,
        "next_page": page + 1 if found.has_next else None,
    }


@api.get(
    "/artworks/{uuid:id}",
    summary="Look at a picture",
    response={200: ArtworkOut, REFUSALS: RefusalOut},
    url_name="artwork",
    tags=["artworks"],
)
def show_artwork(request: HttpRequest, id: uuid.UUID) -> dict:
    """A picture that is public or one's own."""
    visible = Artwork.objects.visible_to(request.person)
    return _artwork(request, get_object_or_404(visible, pk=id))


@api.exception_handler(Http404)
def answer_not_found(request: HttpRequest, exception: Http404) -> HttpResponse:
    return errors.not_found(request, exception)


@api.exception_handler(limits.Exceeded)
def answer_too_many(request: HttpRequest, exception: limits.Exceeded) -> HttpResponse:
    return errors.too_many(request, exception)


@api.exception_handler(ValidationError)
def answer_invalid(request: HttpRequest, exception: ValidationError) -> HttpResponse:
    sentence = " ".join(f"{error['loc'][-1]}: {error['msg']}." for error in exception.errors)
    return errors.answer(request, 422, sentence)


def urls() -> tuple[list[URLPattern], str, str]:
    """The API's addresses, each behind the same door."""
    patterns, app_name, namespace = api.urls
    for pattern in patterns:
        pattern.callback = _door(pattern.callback)
    return patterns, app_name, namespace


def _door(view: Callable) -> Callable:
    """Who asks, and may they change something? A key wins over a cookie; a wrong key is never overlooked."""

    @wraps(view)
    def open_door(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        key = tokens.carried_by(request)
        if key is not None and tokens.find(key) is None:
            response = errors.answer(request, 401, _("This key is not known here."))
            response["WWW-Authenticate"] = "Bearer"
            return response
        if request.method in SAFE_METHODS:
            get_token(request)  # sets the cookie that later calls answer with
        elif key is None and (forbidden := _check_token_of_page(request)):
            return forbidden
        if request.method == "HEAD":
            request.method = "GET"  # the server leaves the body out
        return view(request, *args, **kwargs)

    open_door.csrf_exempt = True  # the door itself has looked
    return login_not_required(open_door)


def _check_token_of_page(request: HttpRequest) -> HttpResponse | None:
    """Django asks over HTTPS where a call comes from, which programs do not say: their header then suffices.

    No page of another site can send that header, and every browser says the origin.
    """
    headers = request.headers
    if headers.get("X-CSRFToken") and not (headers.get("Origin") or headers.get("Referer")):
        request.META["HTTP_ORIGIN"] = f"{request.scheme}://{request.get_host()}"
    return check_csrf(request)


def _my_job(request: HttpRequest, id: uuid.UUID) -> Job:
    return get_object_or_404(Job.objects.visible_to(request.person).select_related("artwork"), pk=id)


def _job(request: HttpRequest, job: Job) -> dict[str, Any]:
    artwork, preview = getattr(job, "artwork", None), previews.version(job)
    return {
        "id": job.pk,
        "engine": job.engine,
        "state": job.state,
        "progress": job.progress,
        "place": job.place(),
        "eta_s": job.eta_seconds(),
        "error": _(job.error) if job.error else None,
        "seconds": job.seconds,
        "preview_url": f"{_absolute(request, 'job_preview', job)}?v={preview}" if preview else None,
        "artwork": _artwork(request, artwork) if artwork else None,
    }


def _artwork(request: HttpRequest, artwork: Artwork) -> dict[str, Any]:
    return {
        "id": artwork.pk,
        "url": _absolute(request, "artwork", artwork),
        "image_url": _absolute(request, "artwork_image", artwork),
        "width": artwork.width,
        "height": artwork.height,
        "engine": artwork.engine,
        "parameters": artwork.parameters,
        "public": artwork.is_public,
        "created_at": artwork.created_at,
        "published_at": artwork.published_at,
    }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "label": str(parameter.label),
        "kind": parameter.kind,
        "default": parameter.default,
        "minimum": parameter.minimum,
        "maximum": parameter.maximum,
        "step": parameter.step,
        "help": str(parameter.help),
        "choices": parameters.choices(parameter),
    }


def _absolute(request: HttpRequest, name: str, row: Job | Artwork) -> str:
    return request.build_absolute_uri(reverse(name, args=[row.pk]))


def _refuse(status: int, sentence: str) -> Status:
    return Status(status, {"detail": sentence})
