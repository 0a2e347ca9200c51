"""Whose request is it? The person of an account, of a token, or of a visitor's session."""

import uuid
from datetime import timedelta
from functools import partial
from ipaddress import IPv6Address, ip_address, ip_network

from axes.utils import reset
from django.conf import settings
from django.contrib.auth import login, logout
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.functional import SimpleLazyObject

from tfapp import jobs, limits, mixes, tokens
from tfapp.models import Artwork, Job, Mix, Person, Report

SESSION_KEY = "person"
RENEWED_AFTER = timedelta(days=30)  # so often is written down that a visitor was here
ORIGIN_KEPT = timedelta(days=1)
NOBODY_AFTER = timedelta(days=1)  # a visitor who has asked for nothing
NOWHERE = "0.0.0.0"


class SignInMiddleware(LoginRequiredMiddleware):
    """Every page asks for an account, but those marked otherwise: these don't even look who it is."""

    def process_view(self, request: HttpRequest, view_func, view_args, view_kwargs):
        if not getattr(view_func, "login_required", True):
            return None
        return super().process_view(request, view_func, view_args, view_kwargs)

    def handle_no_permission(self, request: HttpRequest, view_func) -> HttpResponse:
        """Afterwards one goes on where one was; but the address of a button cannot be looked at."""
        if request.method in ("GET", "HEAD"):
            return super().handle_no_permission(request, view_func)
        return redirect_to_login(resolve_url("account"), self.get_login_url(view_func))


class PersonMiddleware:
    """Sets `request.person`: found when first asked for, falsy for somebody who owns nothing yet."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest):
        request.person = SimpleLazyObject(partial(find, request))
        return self.get_response(request)


def find(request: HttpRequest) -> Person | None:
    """The person behind a request, without writing anything."""
    if tokens.carried_by(request) is not None or request.user.is_authenticated:
        user = account(request)
        return Person.objects.filter(user=user).first() if user else None
    return visitor(request)


def account(request: HttpRequest) -> User | None:
    """The account that asks: by its token, which wins, or by its session."""
    key = tokens.carried_by(request)
    if key is not None:
        token = tokens.find(key)
        return token.user if token else None
    return request.user if request.user.is_authenticated else None


def visitor(request: HttpRequest) -> Person | None:
    """The person without an account that this session made."""
    try:
        key = uuid.UUID(request.session.get(SESSION_KEY, ""))
    except ValueError:
        return None
    found = Person.objects.filter(pk=key, user=None).first()
    if found and timezone.now() - found.seen_at > RENEWED_AFTER:
        request.session.modified = True  # its cookie lives for another year
        Person.objects.filter(pk=found.pk).update(seen_at=timezone.now())
    return found


def ensure(request: HttpRequest) -> Person:
    """The person behind a request, made and remembered where there was none. May raise limits.Exceeded."""
    user = account(request)
    if user and not request.person:
        request.person, _ = Person.objects.get_or_create(user=user)
    elif not request.person:
        limits.take("visitor", address(request))
        request.person = Person.objects.create(origin=origin(request))
        request.session[SESSION_KEY] = str(request.person.pk)
    elif not user and request.person.origin != origin(request):
        request.person.origin = origin(request)
        request.person.save(update_fields=["origin"])
    return request.person


def sign_in(request: HttpRequest, user: User, *, backend: str | None = None) -> None:
    """Start the account's session; what the visitor made here comes along."""
    guest = visitor(request)
    login(request, user, backend=backend)
    request.session.pop(SESSION_KEY, None)

    with transaction.atomic():
        own = Person.objects.filter(user=user).first()
        if own is None and guest:
            own = guest
            own.user, own.origin = user, ""
            own.save(update_fields=["user", "origin"])
        elif own is None:
            own = Person.objects.create(user=user)
        elif guest:
            adopt(guest, own)
    request.person = own


@transaction.atomic
def adopt(guest: Person, own: Person) -> None:
    """Everything of the visitor becomes the account's person's; the visitor is no more."""
    _hold(guest)
    Job.objects.filter(person=guest).update(person=own)
    Artwork.objects.filter(person=guest).update(person=own)
    Mix.objects.filter(person=guest).update(person=own)
    Report.objects.filter(person=guest).exclude(artwork__reports__person=own).update(person=own)
    guest.delete()


def remove(user: User) -> None:
    """Delete an account and everything it owns, jobs that are being painted too; files go when that is certain."""
    with transaction.atomic():
        for person in Person.objects.filter(user=user):
            _hold(person)
        for job in Job.objects.filter(person__user=user):
            jobs.remove(job)
        for mix in Mix.objects.filter(person__user=user):
            mixes.remove(mix)
        reset(username=user.get_username())
        user.delete()


def leave(request: HttpRequest) -> None:
    """Remove the account of this session, and end the session."""
    user = request.user
    remove(User.objects.get(pk=user.pk))
    logout(request)


def tidy() -> None:
    """Forget visitors who asked for nothing or cannot come back, and where the others came from."""
    now = timezone.now()
    visitors = Person.objects.filter(user=None)
    gone = visitors.filter(seen_at__lt=now - timedelta(seconds=settings.SESSION_COOKIE_AGE) - RENEWED_AFTER)
    for job in Job.objects.filter(person__in=gone):
        jobs.remove(job)
    for mix in Mix.objects.filter(person__in=gone):
        mixes.remove(mix)
    gone.filter(jobs=None, mixes=None).delete()
    visitors.filter(created_at__lt=now - NOBODY_AFTER, jobs=None, mixes=None, reports=None).delete()
    visitors.filter(created_at__lt=now - ORIGIN_KEPT).exclude(origin="").update(origin="")
    SessionStore.clear_expired()


def address(request: HttpRequest) -> str:
    """Where a request comes from. Behind HTTPS there is a proxy of ours, whose word is the last of the list.

    A home has a whole network of IPv6 addresses, 2 to the 64: they count as one.
    """
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "") if settings.HTTPS else ""
    try:
        found = ip_address(forwarded.rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return NOWHERE
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ip_network((int(found), 64), strict=False).network_address)


def origin(request: HttpRequest) -> str:
    """The address, for keeping: only we could find out which it was."""
    return salted_hmac("tfapp.people.origin", address(request), algorithm="sha256").hexdigest()


def _hold(person: Person) -> None:
    """New jobs of the person wait for the end of this transaction; a worker that is finishing one does not."""
    Person.objects.select_for_update(no_key=True).filter(pk=person.pk).first()
