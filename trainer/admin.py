"""For staff: datasets, runs and versions at a glance, and the stories of a run as actions. Files go with rows."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from trainer import collections, runs
from trainer.forms import StartForm
from trainer.models import Dataset, Run, Version

LONGEST_ERROR = 120


class ReadOnly:
    """Rows that the program writes: staff look at them."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, obj=None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj=None) -> bool:
        return False

    def has_story_permission(self, request: HttpRequest) -> bool:
        """Who may change runs may tell their stories."""
        return request.user.has_perm("trainer.change_run")


class Removed:
    """Rows that are deleted by a story of their own, which may refuse: files go with them."""

    remove = None  # the story
    refusal = None  # what it raises

    def get_deleted_objects(self, objs, request: HttpRequest) -> tuple:
        objects, counts, _not_allowed, protected = super().get_deleted_objects(objs, request)
        return objects, counts, set(), protected

    def get_actions(self, request: HttpRequest) -> dict:
        """Without Django's way of deleting many, which would say that all are gone."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def delete_view(self, request: HttpRequest, object_id: str, extra_context=None) -> HttpResponse:
        try:
            return super().delete_view(request, object_id, extra_context)
        except self.refusal as refusal:
            messages.error(request, str(refusal))
            return HttpResponse(status=302, headers={"Location": request.path.removesuffix("delete/") + "change/"})

    def delete_model(self, request: HttpRequest, obj) -> None:
        type(self).remove(obj)


@admin.register(Dataset)
class DatasetAdmin(Removed, ReadOnly, admin.ModelAdmin):
    list_display = ["title", "state", "share", "kind", "studio", "licence", "owner", "created_at"]
    list_filter = ["state", "kind"]
    list_select_related = ["owner"]
    search_fields = ["id", "title", "source"]
    date_hierarchy = "created_at"
    actions = ["start_training"]
    remove = collections.delete
    refusal = collections.Refused

    @admin.display(description=gettext_lazy("progress"))
    def share(self, dataset: Dataset) -> str:
        return f"{dataset.progress:.0%}"

    @admin.display(description=gettext_lazy("studio"))
    def studio(self, dataset: Dataset) -> str:
        return format_html('<a href="{}">{}</a>', reverse("dataset", args=[dataset.pk]), _("Look at it"))

    @admin.action(description=gettext_lazy("Start training on this dataset"), permissions=["story"])
    def start_training(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        """A page that asks for recipe and options; then one run a dataset, as the studio's own page would start it."""
        datasets = list(queryset)
        form = StartForm(request.POST if "start" in request.POST else None, datasets=datasets)
        if not form.fields["recipe"].choices:
            messages.error(request, _("No recipe can learn from all of these."))
            return None
        if form.is_valid():
            for dataset in datasets:
                self._start(request, dataset, **form.cleaned_data)
            return None
        context = self.admin_site.each_context(request) | {
            "title": _("Start training"),
            "opts": self.opts,
            "form": form,
            "datasets": datasets,
        }
        return TemplateResponse(request, "admin/start_training.html", context)

    def _start(self, request: HttpRequest, dataset: Dataset, *, title: str, **chosen) -> None:
        try:
            run = runs.start(dataset, title=title or dataset.title, owner=request.user, **chosen)
        except runs.Refused as refusal:
            messages.error(request, f"{dataset}: {refusal}")
        else:
            link = reverse("run", args=[run.pk])
            messages.success(request, format_html('<a href="{}">{}</a> {}', link, run, _("waits to be trained.")))


@admin.register(Run)
class RunAdmin(Removed, ReadOnly, admin.ModelAdmin):
    list_display = ["title", "state", "steps_taken", "recipe", "dataset", "studio", "attempt", "why", "created_at"]
    list_filter = ["state", "recipe"]
    list_select_related = ["dataset"]
    search_fields = ["id", "title"]
    date_hierarchy = "created_at"
    actions = ["pause", "stop", "resume"]
    remove = runs.delete
    refusal = runs.Refused

    @admin.display(description=gettext_lazy("steps"), ordering="step")
    def steps_taken(self, run: Run) -> str:
        return f"{run.step} / {run.steps}"

    @admin.display(description=gettext_lazy("what went wrong"))
    def why(self, run: Run) -> str:
        return run.reason[:LONGEST_ERROR] or "—"

    @admin.display(description=gettext_lazy("studio"))
    def studio(self, run: Run) -> str:
        return format_html('<a href="{}">{}</a>', reverse("run", args=[run.pk]), _("Watch it"))

    @admin.action(description=gettext_lazy("Pause"), permissions=["story"])
    def pause(self, request: HttpRequest, queryset: QuerySet) -> None:
        self._tell(request, queryset, runs.pause, _("is being paused."))

    @admin.action(description=gettext_lazy("Stop"), permissions=["story"])
    def stop(self, request: HttpRequest, queryset: QuerySet) -> None:
        self._tell(request, queryset, runs.stop, _("is being stopped."))

    @admin.action(description=gettext_lazy("Go on"), permissions=["story"])
    def resume(self, request: HttpRequest, queryset: QuerySet) -> None:
        self._tell(request, queryset, runs.resume, _("waits to be trained."))

    def _tell(self, request: HttpRequest, queryset: QuerySet, story, what: str) -> None:
        for run in queryset:
            try:
                if story(run):
                    messages.success(request, f"{run} {what}")
                else:
                    messages.warning(request, f"{run}: {capfirst(run.get_state_display())}.")
            except runs.Refused as refusal:
                messages.error(request, f"{run}: {refusal}")


@admin.register(Version)
class VersionAdmin(ReadOnly, admin.ModelAdmin):
    """Versions are never deleted by hand: pictures name them. The studio takes them back."""

    list_display = ["title", "engine", "kind", "is_live", "recipe", "run", "licence", "owner", "published_at"]
    list_filter = ["is_live", "kind", "recipe"]
    list_select_related = ["run", "owner"]
    search_fields = ["slug", "title"]

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        return False
