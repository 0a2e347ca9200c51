"""Who may see the training studio: staff. For everybody else there is nothing at its addresses."""

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers


def staff_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Stands above all other decorators of a view: whoever is not active staff gets 404, whatever the method.

    Nobody is asked to sign in, which would say that there is something. No page is kept by a browser.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if not is_staff(request):
            raise Http404
        response = view(request, *args, **kwargs)
        if not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
        return response

    return login_not_required(guarded)


def is_staff(request: HttpRequest) -> bool:
    """Is this an account of staff, signed in and not switched off?"""
    return request.user.is_active and request.user.is_staff
