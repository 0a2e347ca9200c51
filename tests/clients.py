"""Browsers of somebody: a visitor known by the session, or an account."""

from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from tests import factories
from tfapp import people
from tfapp.models import Person

BACKEND = settings.AUTHENTICATION_BACKENDS[-1]


def visitor(person: Person | None = None, **kwargs) -> Client:
    client = Client(**kwargs)
    session = client.session
    session[people.SESSION_KEY] = str((person or factories.make_person()).pk)
    session.save()
    return client


def account(user: User | None = None, **kwargs) -> Client:
    client = Client(**kwargs)
    client.force_login(user or factories.make_user(), BACKEND)
    return client
