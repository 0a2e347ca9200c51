"""Addresses of the training studio, below /studio/, grouped by the noun they act on. All of them are for staff."""

from django.urls import include, path

from trainer.views import comparing, datasets, edges, home, probes, runs, uploading, versions, watching

dataset_urls = [
    path("", datasets.dataset, name="dataset"),
    path("chunk/", uploading.dataset_chunk, name="dataset_chunk"),
    path("status/", datasets.dataset_status, name="dataset_status"),
    path("previews/<int:n>/", datasets.dataset_preview, name="dataset_preview"),
    path("edges/", edges.dataset_edges, name="dataset_edges"),
    path("check/", datasets.dataset_check, name="dataset_check"),
    path("delete/", datasets.dataset_delete, name="dataset_delete"),
]
probe_urls = [
    path("", probes.probes, name="probes"),
    path("add/", probes.probe_add, name="probe_add"),
    path("paint/", probes.probes_paint, name="probes_paint"),
    path("<int:probe>/image/", probes.probe_image, name="probe_image"),
    path("<int:probe>/delete/", probes.probe_delete, name="probe_delete"),
    path("<int:probe>/painted/<str:checkpoint>/", probes.probe_painted, name="probe_painted"),
]
run_urls = [
    path("", watching.run, name="run"),
    path("live/", watching.run_live, name="run_live"),
    path("samples/<str:name>/", watching.run_sample, name="run_sample"),
    path("log/", watching.run_log, name="run_log"),
    path("pause/", runs.run_pause, name="run_pause"),
    path("stop/", runs.run_stop, name="run_stop"),
    path("resume/", runs.run_resume, name="run_resume"),
    path("clone/", runs.run_clone, name="run_clone"),
    path("delete/", runs.run_delete, name="run_delete"),
    path("probes/", include(probe_urls)),
    path("publish/", versions.version_new, name="version_new"),
]
version_urls = [
    path("take-back/", versions.version_take_back, name="version_take_back"),
    path("put-back/", versions.version_put_back, name="version_put_back"),
    path("look-again/", versions.version_look_again, name="version_look_again"),
    path("export/", versions.version_export, name="version_export"),
    path("sample/", versions.version_sample, name="version_sample"),
]
urlpatterns = [
    path("", home.studio, name="studio"),
    path("datasets/", datasets.datasets, name="datasets"),
    path("datasets/new/", uploading.dataset_new, name="dataset_new"),
    path("datasets/<uuid:id>/", include(dataset_urls)),
    path("runs/", runs.runs, name="runs"),
    path("runs/new/", runs.run_new, name="run_new"),
    path("runs/compare/", comparing.runs_compare, name="runs_compare"),
    path("runs/<uuid:id>/", include(run_urls)),
    path("versions/", versions.versions, name="versions"),
    path("versions/import/", versions.version_import, name="version_import"),
    path("versions/<int:id>/", include(version_urls)),
]
