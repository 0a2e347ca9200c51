"""Addresses for visitors, grouped by the noun they act on. Public ids are UUIDs; every path has a name."""

from django.urls import include, path

from tfapp import api
from tfapp.views import account, create, gallery, health, jobs, mixer, plain, proofs

job_urls = [
    path("", jobs.job, name="job"),
    path("status/", jobs.job_status, name="job_status"),
    path("preview/", jobs.job_preview, name="job_preview"),
    path("cancel/", jobs.job_cancel, name="job_cancel"),
    path("retry/", jobs.job_retry, name="job_retry"),
    path("delete/", jobs.job_delete, name="job_delete"),
    path("inputs/<slug:role>/<int:position>/", jobs.job_input, name="job_input"),
    path("mix/", mixer.job_mix, name="job_mix"),
]
mix_urls = [
    path("", mixer.mix, name="mix"),
    path("preview/", proofs.mix_preview, name="mix_preview"),
    path("masks/", proofs.mix_masks, name="mix_masks"),
    path("subject/", proofs.mix_subject, name="mix_subject"),
    path("style/", mixer.mix_style, name="mix_style"),
    path("dice/", mixer.mix_dice, name="mix_dice"),
    path("engine/", mixer.mix_engine, name="mix_engine"),
    path("paint/", mixer.mix_paint, name="mix_paint"),
    path("compare/", proofs.mix_compare, name="mix_compare"),
    path("cell/", proofs.mix_cell, name="mix_cell"),
    path("delete/", mixer.mix_delete, name="mix_delete"),
    path("pictures/<slug:role>/<int:position>/", mixer.mix_picture, name="mix_picture"),
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
    path("mixer/", mixer.mixer, name="mixer"),
    path("mixer/<uuid:id>/", include(mix_urls)),
    path("gallery/", gallery.gallery, name="gallery"),
    path("pictures/<uuid:id>/", include(picture_urls)),
    path("account/", include(account_urls)),
    path("language/", plain.set_language, name="set_language"),
    path("healthz", health.healthz, name="healthz"),
    path("favicon.ico", plain.favicon, name="favicon"),
    path("robots.txt", plain.robots, name="robots"),
    path("api/v1/", api.urls()),
]
