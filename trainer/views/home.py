"""The studio at a glance: datasets, runs, versions, and for a newcomer what to do first."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from trainer import overview
from trainer.access import staff_only
from trainer.models import Dataset, Run, Version

N_SHOWN = 4


@staff_only
@require_safe
def studio(request: HttpRequest) -> HttpResponse:
    datasets = Dataset.objects.newest()[:N_SHOWN]
    runs = Run.objects.select_related("dataset").newest()
    at_work = list(runs.active()) + list(runs.exclude(state__in=[Run.State.QUEUED, Run.State.RUNNING])[:N_SHOWN])
    context = {
        "cards": [overview.of_dataset(dataset) for dataset in datasets],
        "rows": [overview.of_run(run) for run in at_work[: 2 * N_SHOWN]],
        "versions": Version.objects.live().order_by("-published_at")[:N_SHOWN],
        "can_start": Dataset.objects.filter(state=Dataset.State.DONE).exists(),
        "has_active": runs.active().exists() or Dataset.objects.active().exists(),
    }
    return render(request, "studio/home.html", context)
