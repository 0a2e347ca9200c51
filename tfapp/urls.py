"""Addresses for visitors, grouped by the noun they act on. Public ids are UUIDs; every path has a name."""

from django.urls import include, path

from tfapp import api
from tfapp.views import account, create, gallery, health, jobs, plain

job_urls = [
    path("", jobs.job, name="job"),
    path("status/", jobs.job_status, name="job_status"),
    path("preview/", jobs.job_preview, name="job_preview"),
    path("cancel/", jobs.job_cancel, name="job_cancel"),
    path("retry/", jobs.job_retry, name="job_retry"),
    path("delete/", jobs.job_delete, name="job_delete"),
    path("inputs/<slug:role>/<int:position>/", jobs.job_input, name="job_input"),
]
picture_urls = [
    path("", gallery.artwork, name="artwork"),
    path("image/", gallery.artwork_image, name="artwork_image"),
    path("thumbs/<int:width>.<slug:extension>", gallery.artwork_thumbnail, name="artwork_thumbnail"),
    path("download/", gallery.artwork_download, name="artwork_download"),
    path("publish/", gallery.artwork_publish, name="artwork_publish"),
    path("unpublish/", gallery.artwork_unpublish, name="artwork_unpublish"),
    path("delete/", gallery.artwork_delete, name="artwork_delete"),
    path("report/", gallery.artwork_report, name="artwork_report"),
]
account_urls = [
    path("", account.account, name="account"),
    path("sign-up/", account.sign_up, name="sign_up"),
    path("sign-in/", account.sign_in, name="sign_in"),
    path("sign-out/", account.sign_out, name="sign_out"),
    path("password/", account.password, name="password"),
    path("delete/", account.account_delete, name="account_delete"),
    path("tokens/", account.token_create, name="token_create"),
    path("tokens/<int:id>/delete/", account.token_delete, name="token_delete"),
]
urlpatterns = [
    path("", create.create, name="create"),
    path("jobs/<uuid:id>/", include(job_urls)),
    path("mine/", jobs.mine, name="mine"),
    path("gallery/", gallery.gallery, name="gallery"),
    path("pictures/<uuid:id>/", include(picture_urls)),
    path("account/", include(account_urls)),
    path("language/", plain.set_language, name="set_language"),
    path("healthz", health.healthz, name="healthz"),
    path("favicon.ico", plain.favicon, name="favicon"),
    path("robots.txt", plain.robots, name="robots"),
    path("api/v1/", api.urls()),
]
