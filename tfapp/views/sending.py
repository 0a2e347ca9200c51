"""Send a stored picture to somebody who may have it: exact type, no sniffing, nothing in it may run."""

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag

from tfapp import files

TYPES = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp", "avif": "image/avif"}
GUARDS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
}
PUBLIC_SECONDS = 60  # short, so that taking a picture back is soon true everywhere


def picture(request: HttpRequest, name: str, *, version: str = "", is_public: bool = False) -> HttpResponse:
    """The file of that name below MEDIA_ROOT. Only public ones are kept by browsers, and `version` tells them apart."""
    response = None
    if is_public:
        response = get_conditional_response(request, etag=quote_etag(version))
    response = response or _open(name)
    return guard(response, version=version, is_public=is_public)


def guard(response: HttpResponse, *, version: str = "", is_public: bool = False) -> HttpResponse:
    """The headers that every picture carries."""
    for header, value in GUARDS.items():
        response[header] = value
    if is_public:
        response["Cache-Control"] = f"public, max-age={PUBLIC_SECONDS}, must-revalidate"
        response["ETag"] = quote_etag(version)
    else:
        response["Cache-Control"] = "private, no-store"
    return response


def _open(name: str) -> HttpResponse:
    content_type = TYPES[name.rpartition(".")[2]]
    if settings.X_ACCEL_PREFIX:
        address = f"{settings.X_ACCEL_PREFIX.rstrip('/')}/{name}"
        return HttpResponse(content_type=content_type, headers={"X-Accel-Redirect": address})
    try:
        return FileResponse(files.path(name).open("rb"), content_type=content_type)
    except FileNotFoundError as error:
        raise Http404 from error
