"""Edge pairs made of plain pictures, with a preview."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from trainer.access import staff_only
from trainer.models import Dataset


@staff_only
@require_safe
def dataset_edges(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    get_object_or_404(Dataset, pk=id)
    return render(request, "studio/blank.html", {"title": _("Edge pairs")})
