"""Runs: all of them, a new one, and what people want of one. Looking at one is in watching.py."""

import uuid

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from trainer import forms, overview
from trainer import runs as stories
from trainer.access import staff_only
from trainer.models import Dataset, Run

PAGE_SIZE = 20


@staff_only
@require_safe
def runs(request: HttpRequest) -> HttpResponse:
    """All of them, newest first, with what can be done."""
    page = Paginator(Run.objects.select_related("dataset").newest(), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [overview.of_run(run) for run in page],
        "has_active": any(run.is_active for run in page),
        "can_start": Dataset.objects.filter(state=Dataset.State.DONE).exists(),
    }
    return render(request, "studio/runs.html", context)


@staff_only
@require_http_methods(["GET", "HEAD", "POST"])
def run_new(request: HttpRequest) -> HttpResponse:
    """Which recipe is in the address, so that the options of another are a link away."""
    dataset = _wanted_dataset(request)
    fitting = stories.recipes_for(dataset) if dataset else list(forms.RECIPES)
    recipe = request.POST.get("recipe") or request.GET.get("recipe") or next(iter(fitting), "pix2pix")
    if recipe not in forms.RECIPES:
        raise Http404
    initial = forms.initial_on(dataset) if dataset and recipe in fitting else {}
    form = forms.RunForm(request.POST if request.method == "POST" else None, recipe=recipe, initial=initial)
    return _answer(request, form, dataset=dataset)


@staff_only
@require_http_methods(["GET", "HEAD", "POST"])
def run_clone(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    """The form of a new run, filled in with what another was started with."""
    found = get_object_or_404(Run, pk=id)
    if found.recipe not in forms.RECIPES:
        raise Http404
    form = forms.RunForm(
        request.POST if request.method == "POST" else None,
        recipe=found.recipe,
        source=found,
        initial=forms.initial_of(found),
    )
    return _answer(request, form)


@staff_only
@require_POST
def run_pause(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    found = get_object_or_404(Run, pk=id)
    _say(request, stories.pause(found), _("It pauses after the step in hand."))
    return _back(request, found)


@staff_only
@require_POST
def run_stop(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    found = get_object_or_404(Run, pk=id)
    _say(request, stories.stop(found), _("It stops after the step in hand."))
    return _back(request, found)


@staff_only
@require_POST
def run_resume(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    """From its last checkpoint; `steps`, if sent, is its new end."""
    found = get_object_or_404(Run, pk=id)
    word = request.POST.get("steps", "")
    is_number = word.isascii() and word.isdigit() and len(word) <= len(str(forms.MOST_STEPS))
    steps = int(word) if is_number and 0 < int(word) <= forms.MOST_STEPS else None
    try:
        _say(request, stories.resume(found, steps=steps), _("It goes on as soon as the training worker is free."))
    except stories.Refused as refusal:
        messages.error(request, str(refusal))
    return _back(request, found)


@staff_only
@require_POST
def run_delete(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    found = get_object_or_404(Run, pk=id)
    try:
        stories.delete(found)
    except stories.Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("run", id=id)
    messages.success(request, _("“%(title)s” is deleted.") % {"title": found})
    return redirect("runs")


def _wanted_dataset(request: HttpRequest) -> Dataset | None:
    """The one that is named in the address, to begin with."""
    try:
        key = uuid.UUID(request.GET.get("dataset", ""))
    except ValueError:
        return None
    return Dataset.objects.filter(pk=key, state=Dataset.State.DONE).first()


def _answer(request: HttpRequest, form: forms.RunForm, *, dataset: Dataset | None = None) -> HttpResponse:
    """Start it, or show the form with what is wrong."""
    if form.is_bound and form.is_valid():
        try:
            return redirect("run", id=form.submit(request.user).pk)
        except stories.Refused as refusal:
            form.add_error(None, str(refusal))
    context = {
        "form": form,
        "recipe": form.recipe,
        "recipes": forms.RECIPES.items(),
        "dataset": dataset,
        "source": form.source,
        "has_datasets": form.fields["dataset"].queryset.exists() or not form.fields["dataset"].required,
    }
    return render(request, "studio/run_new.html", context, status=forms.UNPROCESSABLE if form.errors else 200)


def _say(request: HttpRequest, has_happened: bool, sentence: str) -> None:
    if has_happened:
        messages.success(request, sentence)
    else:
        messages.warning(request, _("That was no longer possible: look at its state."))


def _back(request: HttpRequest, run: Run) -> HttpResponse:
    """To the page whose button was pressed."""
    return redirect("runs") if request.POST.get("back") == "runs" else redirect("run", id=run.pk)
