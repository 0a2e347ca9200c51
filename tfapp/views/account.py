"""Accounts: come in, go out, change the password, make keys for programs, leave for good."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm, UserCreationForm
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tfapp import limits, people, tokens
from tfapp.forms import PasswordForm, TokenForm
from tfapp.views import errors

UNPROCESSABLE = 422
page_or_form = require_http_methods(["GET", "HEAD", "POST"])


@login_not_required
@page_or_form
@never_cache
@sensitive_post_parameters()
def sign_up(request: HttpRequest) -> HttpResponse:
    """A name and a password, and nothing else is asked."""
    form = UserCreationForm(_sent(request))
    try:
        if request.method == "POST":
            limits.take("sign_up_form", people.address(request))
        if form.is_valid():
            limits.take("sign_up", people.address(request))
            people.sign_in(request, form.save(), backend=settings.AUTHENTICATION_BACKENDS[-1])
            return redirect(_next(request))
    except limits.Exceeded as exceeded:
        return errors.too_many(request, exceeded)
    return _page(request, "account/sign_up.html", form)


@login_not_required
@page_or_form
@never_cache
@sensitive_post_parameters()
def sign_in(request: HttpRequest) -> HttpResponse:
    """Only what fails is counted: a class may come in behind one address."""
    form = AuthenticationForm(request, _sent(request))
    if request.method == "POST":
        try:
            limits.take("sign_in", people.address(request))
        except limits.Exceeded as exceeded:
            return errors.too_many(request, exceeded)
        if form.is_valid():
            limits.give_back("sign_in", people.address(request))
            people.sign_in(request, form.get_user())
            return redirect(_next(request))
    return _page(request, "account/sign_in.html", form)


@login_not_required
@require_safe
def staff_sign_in(request: HttpRequest) -> HttpResponse:
    """The admin has no door of its own."""
    return redirect_to_login(request.GET.get("next", reverse("admin:index")))


@login_not_required
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect(settings.LOGOUT_REDIRECT_URL)


@require_safe
@never_cache
def account(request: HttpRequest) -> HttpResponse:
    return _account_page(request, TokenForm())


@page_or_form
@never_cache
@sensitive_post_parameters()
def password(request: HttpRequest) -> HttpResponse:
    form = PasswordChangeForm(request.user, _sent(request))
    if form.is_valid():
        update_session_auth_hash(request, form.save())
        messages.success(
            request, _("Your password is changed. Everywhere else you are signed out; keys for programs still work.")
        )
        return redirect("account")
    return _page(request, "account/password.html", form)


@page_or_form
@never_cache
@sensitive_post_parameters()
def account_delete(request: HttpRequest) -> HttpResponse:
    """Everything goes with it, at once and for good."""
    form = PasswordForm(request.user, _sent(request))
    if form.is_valid():
        people.leave(request)
        messages.success(request, _("Your account and everything in it is deleted."))
        return redirect("create")
    return _page(request, "account/delete.html", form)


@require_POST
@never_cache
def token_create(request: HttpRequest) -> HttpResponse:
    """Shown once, in the answer itself: it is stored nowhere that a redirect could read it from."""
    form = TokenForm(request.POST)
    if request.user.api_tokens.count() >= tokens.MAX_PER_ACCOUNT:
        form.add_error(None, _("You have enough keys. Delete one first."))
    if not form.is_valid():
        return _account_page(request, form)
    key = tokens.make(request.user, form.cleaned_data["name"])
    return render(request, "account/token_made.html", {"key": key, "name": form.cleaned_data["name"]})


@require_POST
def token_delete(request: HttpRequest, id: int) -> HttpResponse:
    n_deleted, _rows = request.user.api_tokens.filter(pk=id).delete()
    if not n_deleted:
        raise Http404
    return redirect("account")


def _sent(request: HttpRequest) -> QueryDict | None:
    """What a form is bound to; an empty POST is a POST."""
    return request.POST if request.method == "POST" else None


def _account_page(request: HttpRequest, form: TokenForm) -> HttpResponse:
    context = {"form": form, "tokens": request.user.api_tokens.order_by("-created_at")}
    return render(request, "account/account.html", context, status=UNPROCESSABLE if form.errors else 200)


def _page(request: HttpRequest, template: str, form) -> HttpResponse:
    context = {"form": form, "next": request.POST.get("next", request.GET.get("next", ""))}
    return render(request, template, context, status=UNPROCESSABLE if form.errors else 200)


def _next(request: HttpRequest) -> str:
    """Where the visitor wanted to go, if that is on this site."""
    address = request.POST.get("next", request.GET.get("next", ""))
    is_ours = url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())
    return address if is_ours else resolve_url(settings.LOGIN_REDIRECT_URL)
