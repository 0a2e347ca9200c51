"""Whose request is it, and who keeps what."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from tests import clients, factories
from tfapp import files, limits, people, tokens
from tfapp.models import Artwork, Job, Person

pytestmark = pytest.mark.django_db


@pytest.fixture
def make_request(rf: RequestFactory):
    """A request of somebody, as the middleware leaves it."""

    def make(*, user=None, person: Person | None = None, **headers):
        request = rf.get("/", **headers)
        request.user, request.session = user or AnonymousUser(), SessionStore()
        if person:
            request.session[people.SESSION_KEY] = str(person.pk)
        people.PersonMiddleware(lambda request: None)(request)
        return request

    return make


def test_a_stranger_is_nobody_and_nothing_is_written(make_request):
    request = make_request()

    assert not request.person
    assert not Person.objects.exists()


def test_a_visitor_is_known_by_the_session(make_request):
    visitor = factories.make_person()

    assert make_request(person=visitor).person == visitor


def test_an_account_has_its_person(make_request):
    person = factories.make_person(factories.make_user())

    assert make_request(user=person.user).person == person


def test_a_session_that_names_an_accounts_person_gets_nothing(make_request):
    person = factories.make_person(factories.make_user())

    assert not make_request(person=person).person


@pytest.mark.parametrize("value", ["", "nonsense", "../../etc", "0" * 5000])
def test_a_broken_session_is_nobody(make_request, value):
    request = make_request()
    request.session[people.SESSION_KEY] = value

    assert not request.person


def test_a_key_wins_over_the_session(make_request):
    owner, other = factories.make_person(factories.make_user()), factories.make_person(factories.make_user())
    key = tokens.make(owner.user, "program")

    assert make_request(user=other.user, HTTP_AUTHORIZATION=f"Bearer {key}").person == owner


def test_a_wrong_key_is_nobody_even_with_a_session(make_request):
    other = factories.make_person(factories.make_user())

    assert not make_request(user=other.user, HTTP_AUTHORIZATION="Bearer wrong").person


def test_ensure_makes_a_visitor_once(make_request):
    request = make_request()

    first = people.ensure(request)
    second = people.ensure(request)

    assert first == second == Person.objects.get()
    assert request.session[people.SESSION_KEY] == str(first.pk)


def test_ensure_makes_the_person_of_an_account(make_request):
    user = factories.make_user()

    assert people.ensure(make_request(user=user)).user == user


def test_one_address_cannot_be_endlessly_many_visitors(make_request, settings):
    settings.LIMITS_PER_HOUR = {**settings.LIMITS_PER_HOUR, "visitor": 2}
    people.ensure(make_request())
    people.ensure(make_request())

    with pytest.raises(limits.Exceeded):
        people.ensure(make_request())


def test_adopting_moves_everything(django_capture_on_commit_callbacks):
    guest, own = factories.make_person(), factories.make_person(factories.make_user())
    artwork = factories.make_artwork(guest)
    running = factories.make_job(guest, state="running")
    of_somebody = factories.make_artwork(is_public=True)
    factories.make_report(of_somebody, guest)

    people.adopt(guest, own)

    assert set(own.jobs.all()) == {artwork.job, running}
    assert own.artworks.get() == artwork
    assert own.reports.get().artwork == of_somebody
    assert not Person.objects.filter(pk=guest.pk).exists()


def test_adopting_keeps_one_report_of_a_picture_that_both_reported():
    guest, own = factories.make_person(), factories.make_person(factories.make_user())
    artwork = factories.make_artwork(is_public=True)
    factories.make_report(artwork, guest)
    factories.make_report(artwork, own)

    people.adopt(guest, own)

    assert artwork.reports.get().person == own


def sign_up(client: Client, name: str = "newcomer"):
    return client.post(
        reverse("sign_up"), {"username": name, "password1": factories.PASSWORD, "password2": factories.PASSWORD}
    )


def test_signing_up_keeps_what_the_visitor_made():
    artwork = factories.make_artwork()
    client = clients.visitor(artwork.person)

    response = sign_up(client)

    assert response.status_code == 302
    artwork.refresh_from_db()
    assert artwork.person.user.username == "newcomer"
    assert client.get(reverse("artwork", args=[artwork.pk])).status_code == 200
    assert people.SESSION_KEY not in client.session


def test_signing_in_keeps_what_the_visitor_made():
    own = factories.make_artwork(factories.make_person(factories.make_user("known")))
    made = factories.make_artwork()
    client = clients.visitor(made.person)

    response = client.post(reverse("sign_in"), {"username": "known", "password": factories.PASSWORD})

    assert response.status_code == 302
    assert set(Artwork.objects.filter(person=own.person)) == {own, made}
    assert Person.objects.count() == 1


def test_signing_in_gives_the_session_a_new_key():
    factories.make_user("known")
    client = clients.visitor()
    before = client.session.session_key

    client.post(reverse("sign_in"), {"username": "known", "password": factories.PASSWORD})

    assert client.session.session_key != before


def test_signing_out_leaves_nothing_behind():
    artwork = factories.make_artwork(factories.make_person(factories.make_user("known")))
    client = Client()
    client.post(reverse("sign_in"), {"username": "known", "password": factories.PASSWORD})

    client.post(reverse("sign_out"))

    assert client.get(reverse("artwork", args=[artwork.pk])).status_code == 404


def test_deleting_an_account_deletes_everything_it_owns(django_capture_on_commit_callbacks):
    user = factories.make_user("leaving")
    person = factories.make_person(user)
    artwork = factories.make_artwork(person, is_public=True)
    factories.make_job(person, state="running")
    factories.make_job(person, state="queued")
    key = tokens.make(user, "program")
    stays = factories.make_artwork()
    client, elsewhere = clients.account(user), clients.account(user)

    with django_capture_on_commit_callbacks(execute=True):
        response = client.post(reverse("account_delete"), {"password": factories.PASSWORD})

    assert response.status_code == 302
    assert not User.objects.filter(username="leaving").exists()
    assert list(Job.objects.all()) == [stays.job]
    assert list(Artwork.objects.all()) == [stays]
    assert not files.path(artwork.folder).exists()
    left = {file.relative_to(files.path("inputs")).parts[0] for file in files.path("inputs").rglob("*.jpg")}
    assert left == {str(stays.job_id)}
    assert elsewhere.get(reverse("account")).status_code == 302
    assert client.get(reverse("api:engines"), HTTP_AUTHORIZATION=f"Bearer {key}").status_code == 401


def test_deleting_an_account_asks_for_the_password():
    person = factories.make_person(factories.make_user("staying"))
    client = clients.account(person.user)

    response = client.post(reverse("account_delete"), {"password": "guessed"})

    assert response.status_code == 422
    assert Person.objects.filter(pk=person.pk).exists()


def test_files_stay_when_deleting_the_account_fails(monkeypatch):
    user = factories.make_user("unlucky")
    artwork = factories.make_artwork(factories.make_person(user))

    def break_down(self, *args, **kwargs):
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(User, "delete", break_down)
    with pytest.raises(RuntimeError):
        people.remove(user)

    assert files.path(f"{artwork.folder}/master.png").exists()
    assert Artwork.objects.filter(pk=artwork.pk).exists()


def test_the_address_is_what_the_connection_says(rf, settings):
    request = rf.get("/", REMOTE_ADDR="192.0.2.1", HTTP_X_FORWARDED_FOR="203.0.113.9")

    assert people.address(request) == "192.0.2.1"


def test_behind_https_the_last_word_of_the_proxy_counts(rf, settings):
    settings.HTTPS = True
    request = rf.get("/", REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR="forged, 203.0.113.9")

    assert people.address(request) == "203.0.113.9"


@pytest.mark.parametrize(
    ("said", "counted"),
    [
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::"),
        ("2001:db8:1:2:bbbb::2", "2001:db8:1:2::"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("", "0.0.0.0"),
        ("nonsense", "0.0.0.0"),
    ],
)
def test_a_network_of_addresses_counts_as_one(rf, said, counted):
    assert people.address(rf.get("/", REMOTE_ADDR=said)) == counted


def test_where_a_visitor_comes_from_is_kept_as_a_hash(make_request):
    person = people.ensure(make_request(REMOTE_ADDR="192.0.2.1"))
    first = person.origin

    people.ensure(make_request(person=person, REMOTE_ADDR="198.51.100.1"))

    person.refresh_from_db()
    assert len(first) == len(person.origin) == 64
    assert first != person.origin


def test_where_an_account_comes_from_is_not_kept():
    client = Client()
    client.post(reverse("create"), {})
    assert Person.objects.get().origin

    sign_up(client)

    assert not Person.objects.get().origin


def test_a_visitor_who_comes_again_stays_known():
    job = factories.make_job(with_files=False)
    Person.objects.update(seen_at=timezone.now() - timedelta(days=31))
    client = clients.visitor(job.person)
    Session.objects.update(expire_date=timezone.now() + timedelta(days=1))

    response = client.get(reverse("mine"))

    assert response.cookies["sessionid"]["max-age"] == 365 * 24 * 3600
    assert Session.objects.get().expire_date > timezone.now() + timedelta(days=360)
    assert Person.objects.get().seen_at > timezone.now() - timedelta(minutes=1)
    assert "sessionid" not in client.get(reverse("mine")).cookies


def test_visitors_who_cannot_come_back_are_forgotten(django_capture_on_commit_callbacks):
    lost, known = factories.make_artwork(is_public=True), factories.make_artwork()
    of_account = factories.make_artwork(factories.make_person(factories.make_user()))
    long_ago = timezone.now() - timedelta(days=400)
    Person.objects.exclude(pk=known.person_id).update(seen_at=long_ago)

    with django_capture_on_commit_callbacks(execute=True):
        people.tidy()

    assert set(Artwork.objects.all()) == {known, of_account}
    assert not Person.objects.filter(pk=lost.person_id).exists()
    assert not files.path(lost.folder).exists()
    assert not files.path(f"inputs/{lost.job_id}").exists()


def test_visitors_who_asked_for_nothing_are_forgotten_after_a_day():
    idle, new, account = (factories.make_person(user) for user in (None, None, factories.make_user()))
    reporter = factories.make_report(factories.make_artwork(is_public=True)).person
    painter = factories.make_job().person
    Person.objects.exclude(pk=new.pk).update(created_at=timezone.now() - timedelta(days=2), origin="somewhere")

    people.tidy()

    assert not Person.objects.filter(pk=idle.pk).exists()
    assert {new, account, reporter, painter} <= set(Person.objects.all())
    assert not Person.objects.filter(user=None).exclude(origin="").exists()


def test_sessions_that_are_over_are_forgotten():
    clients.visitor()
    Session.objects.update(expire_date=timezone.now() - timedelta(days=1))

    people.tidy()

    assert not Session.objects.exists()
