"""Send a picture of the studio to staff: exact type, no sniffing, nothing in it may run, nobody else keeps it."""

from pathlib import Path

from django.http import FileResponse, Http404, HttpResponse

TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp"}
GUARDS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def picture(path: Path, *, keep_seconds: int = 0) -> HttpResponse:
    """The file, if it is a picture and there; else the request ends with 404.

    `keep_seconds`: for how long the browser that asked may keep it, where the name never changes its content.
    """
    try:
        response = FileResponse(path.open("rb"), content_type=TYPES[path.suffix])
    except (OSError, KeyError) as error:
        raise Http404 from error
    return guard(response, keep_seconds=keep_seconds)


def guard(response: HttpResponse, *, keep_seconds: int = 0) -> HttpResponse:
    """The headers that every picture carries."""
    for header, value in GUARDS.items():
        response[header] = value
    response["Cache-Control"] = f"private, max-age={keep_seconds}" if keep_seconds else "private, no-store"
    return response
