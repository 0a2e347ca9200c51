"""Every address of the site."""

from django.contrib import admin
from django.urls import include, path

from tfapp.views import account

urlpatterns = [
    path("admin/login/", account.staff_sign_in, name="staff_sign_in"),
    path("admin/", admin.site.urls),
    path("studio/", include("trainer.urls")),
    path("", include("tfapp.urls")),
]

handler400 = "tfapp.views.errors.bad_request"
handler403 = "tfapp.views.errors.permission_denied"
handler404 = "tfapp.views.errors.not_found"
handler500 = "tfapp.views.errors.server_error"
