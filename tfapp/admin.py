"""For staff: what is going on, reports to be looked at, and the way to take a picture down. Files go with rows."""

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from tfapp import jobs, people, reports
from tfapp.models import ApiToken, Artwork, EngineStatus, Job, JobInput, Person, Report, Worker

admin.site.site_header = admin.site.site_title = "Stylesite"


class ReadOnly:
    """Rows that the program writes: staff look at them."""

    def has_add_permission(self, request: HttpRequest, obj=None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj=None) -> bool:
        return False


class Kept(ReadOnly):
    """Rows that nobody deletes by hand."""

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        return False


class Whole:
    """Whoever may delete this may delete what belongs to it."""

    def get_deleted_objects(self, objs, request: HttpRequest) -> tuple:
        objects, counts, _not_allowed, protected = super().get_deleted_objects(objs, request)
        return objects, counts, set(), protected


class JobInputInline(Kept, admin.TabularInline):
    model = JobInput
    fields = ["role", "position", "label", "shelf", "width", "height", "n_bytes"]
    extra = 0


class ReportInline(Kept, admin.TabularInline):
    model = Report
    fields = readonly_fields = ["person", "reason", "created_at", "looked_at"]
    extra = 0


@admin.register(Job)
class JobAdmin(Whole, ReadOnly, admin.ModelAdmin):
    list_display = ["id", "state", "engine", "person", "attempt", "seconds", "created_at"]
    list_filter = ["state", "engine"]
    list_select_related = ["person__user"]
    search_fields = ["id", "person__user__username"]
    date_hierarchy = "created_at"
    show_full_result_count = False
    inlines = [JobInputInline]

    def delete_model(self, request: HttpRequest, obj: Job) -> None:
        jobs.remove(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        for job in queryset:
            jobs.remove(job)


class IsReported(admin.SimpleListFilter):
    """The waiting line of reports."""

    title = _("reports")
    parameter_name = "reported"

    def lookups(self, request: HttpRequest, model_admin) -> list[tuple[str, str]]:
        return [("yes", _("reported")), ("hidden", _("hidden"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() == "yes":
            return queryset.filter(n_reports__gt=0)
        return queryset.filter(hidden_at__isnull=False) if self.value() == "hidden" else queryset


@admin.register(Artwork)
class ArtworkAdmin(Whole, ReadOnly, admin.ModelAdmin):
    list_display = ["id", "picture", "engine", "person", "is_public", "hidden_at", "reports_made", "created_at"]
    list_filter = [IsReported, "is_public", "engine"]
    list_select_related = ["person__user"]
    search_fields = ["id", "title", "person__user__username"]
    show_full_result_count = False
    actions = ["show_again", "remove"]
    inlines = [ReportInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return (
            super()
            .get_queryset(request)
            .with_styles()
            .annotate(n_reports=Count("reports", filter=Q(reports__looked_at=None)))
        )

    @admin.display(description=_("reports"), ordering="n_reports")
    def reports_made(self, artwork: Artwork) -> int:
        return artwork.n_reports

    @admin.display(description=_("picture"))
    def picture(self, artwork: Artwork) -> str:
        """What was ever public can be looked at; what is private is nobody's business."""
        if not artwork.is_public or not artwork.sizes:
            return "—"
        width, _height = artwork.sizes[0]
        return format_html(
            '<a href="{}"><img src="{}" alt="{}" width="120"></a>',
            reverse("artwork", args=[artwork.pk]),
            reverse("artwork_thumbnail", args=[artwork.pk, width, "jpg"]),
            artwork.alt_text,
        )

    @admin.action(description=_("Show again: nothing is wrong with it"), permissions=["view"])
    def show_again(self, request: HttpRequest, queryset: QuerySet) -> None:
        for artwork in queryset:
            reports.dismiss(artwork)
        messages.success(request, _("The reports are done with."))

    @admin.action(description=_("Remove: the picture and its files"), permissions=["delete"])
    def remove(self, request: HttpRequest, queryset: QuerySet) -> None:
        self.delete_queryset(request, queryset)
        messages.success(request, _("Removed."))

    def get_actions(self, request: HttpRequest) -> dict:
        """Ours instead of Django's, which would forget the job."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def delete_model(self, request: HttpRequest, obj: Artwork) -> None:
        jobs.remove(obj.job)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        for artwork in queryset.select_related("job"):
            jobs.remove(artwork.job)


@admin.register(Report)
class ReportAdmin(Kept, admin.ModelAdmin):
    list_display = ["artwork", "person", "reason", "created_at", "looked_at"]
    list_select_related = ["artwork", "person__user"]


@admin.register(Person)
class PersonAdmin(Kept, admin.ModelAdmin):
    list_display = ["id", "user", "created_at", "served_at"]
    list_select_related = ["user"]
    search_fields = ["id", "user__username"]


@admin.register(EngineStatus)
class EngineStatusAdmin(Kept, admin.ModelAdmin):
    list_display = ["engine", "is_available", "reason", "seconds_per_megapixel", "checked_at"]


@admin.register(Worker)
class WorkerAdmin(Kept, admin.ModelAdmin):
    list_display = ["name", "device", "started_at", "seen_at"]


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["name", "user", "created_at", "used_at"]
    fields = ["name", "user", "created_at", "used_at"]
    list_select_related = ["user"]


admin.site.unregister(User)


@admin.register(User)
class AccountAdmin(Whole, UserAdmin):
    """Deleting an account deletes what it owns, files too."""

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        people.remove(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        for user in queryset:
            people.remove(user)
