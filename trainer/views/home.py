"""The studio at a glance: datasets, runs, versions."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from trainer.access import staff_only


@staff_only
@require_safe
def studio(request: HttpRequest) -> HttpResponse:
    return render(request, "studio/blank.html", {"title": _("Training")})
