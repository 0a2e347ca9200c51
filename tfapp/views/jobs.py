"""A job from the waiting line to the finished picture, and all jobs of a person."""

import uuid

from django.contrib.auth.decorators import login_not_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from tfapp import files, forms, images, jobs, limits, people, pictures, previews
from tfapp.models import Job
from tfapp.views import errors, paging, sending


def _mine(request: HttpRequest, id: uuid.UUID) -> Job:
    """The job, if it is this person's; else the request ends with 404."""
    return get_object_or_404(Job.objects.visible_to(request.person).select_related("artwork"), pk=id)


@login_not_required
@require_safe
@never_cache
def job(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    return render(request, "job.html", _context(_mine(request, id)))


@login_not_required
@require_safe
@never_cache
def job_status(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    """The part of the page that changes; the header says when asking again is pointless."""
    found = _mine(request, id)
    response = render(request, "_job_status.html", _context(found))
    response["X-Finished"] = "true" if found.is_finished else "false"
    return response


@login_not_required
@require_safe
def job_preview(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    """What can be seen while it is painted."""
    found = _mine(request, id)
    if not previews.version(found):
        raise Http404
    return sending.picture(request, previews.name(found))


@login_not_required
@require_POST
def job_cancel(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    _mine(request, id).request_cancel()
    return redirect("job", id=id)


@login_not_required
@require_POST
def job_retry(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    """The same once more, or with the settings that were changed on its page."""
    found = _mine(request, id)
    if not _has_come_to_nothing(found):
        return redirect("job", id=id)
    form = forms.AgainForm(request.POST, job=found) if "settings" in request.POST else None
    if form and not form.is_valid():
        return render(request, "job.html", _context(found, again=form), status=forms.UNPROCESSABLE)
    try:
        people.ensure(request)  # where a visitor comes from today
        return redirect("job", id=(form.submit() if form else jobs.retry(found)).pk)
    except images.Refused as refusal:
        return errors.answer(request, refusal.status, str(refusal.sentence))
    except limits.Exceeded as exceeded:
        return errors.too_many(request, exceeded)


@login_not_required
@require_POST
def job_delete(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    """The job, its inputs and its picture."""
    jobs.remove(_mine(request, id))
    return redirect("mine")


@login_not_required
@require_safe
def job_input(request: HttpRequest, id: uuid.UUID, role: str, position: int) -> HttpResponse:
    found = _mine(request, id).inputs.filter(role=role, position=position).first()
    if found is None:
        raise Http404
    if max(found.width, found.height) <= images.VIEW_SIDE:
        return sending.picture(request, found.file)
    try:  # a photo for a poster: nobody's browser should open all of it
        return sending.guard(FileResponse(images.shrink(files.path(found.file)), content_type=sending.TYPES["jpg"]))
    except FileNotFoundError as error:
        raise Http404 from error
    except images.Refused as refusal:
        return errors.answer(request, refusal.status, refusal.sentence)


@login_not_required
@require_safe
@never_cache
def mine(request: HttpRequest) -> HttpResponse:
    """All that a person asked for, newest first."""
    own = Job.objects.visible_to(request.person)
    page = paging.of(request, own.select_related("artwork").prefetch_related("inputs").order_by("-created_at", "pk"))
    n_active = own.filter(state__in=[Job.State.QUEUED, Job.State.RUNNING]).count()
    return render(request, "mine.html", {"page": page, "n_active": n_active})


def _has_come_to_nothing(found: Job) -> bool:
    return found.state in (Job.State.FAILED, Job.State.CANCELLED)


def _context(found: Job, *, again: forms.AgainForm | None = None) -> dict:
    inputs = list(found.inputs.all())
    artwork = getattr(found, "artwork", None)
    return {
        "job": found,
        "artwork": artwork,
        "preview": previews.version(found),
        "settings": pictures.describe(artwork) if artwork else [],
        "content": next((one for one in inputs if one.role not in ("style", "mask")), None),  # a photo, or a drawing
        "again": again or (forms.AgainForm(job=found) if _has_come_to_nothing(found) else None),
        "styles": [one for one in inputs if one.role == "style"],
    }
