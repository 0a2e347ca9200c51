"""Every address of the site as everybody: what is not in the table here does not pass.

A row of the table says what each role gets, in the order of ROLES.
"""

import re
from dataclasses import dataclass

import pytest
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests import clients, factories
from tests.tfapp.addresses import ROLES, Address
from tests.trainer import factories as trainer_factories
from tests.trainer.addresses import STUDIO
from tfapp import tokens
from tfapp.models import ApiToken, Artwork, Job, Mix, MixPicture, Report
from trainer.models import Dataset, Run, Version

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "NONSENSE")

EVERYBODY = "200 200 200 200 200"
OWNER = "404 404 404 200 404"
ACCOUNTS = "302 302 200 200 200"
FOR_ACCOUNTS = {"account", "password", "account_delete", "token_create", "token_delete"}
INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>|<style|<[^>]*\s(?:style|on\w+)\s*=|javascript:",
    re.IGNORECASE,
)


TABLE: dict[str, list[Address]] = {
    "create": [Address(get=EVERYBODY, post="422 422 422 422 422")],
    "job": [Address(get=OWNER, of="job")],
    "job_status": [Address(get=OWNER, of="job")],
    "job_preview": [Address(get="404 404 404 404 404", of="job")],  # there is none: see test_previews.py
    "job_cancel": [Address(post="404 404 404 302 404", of="job")],
    "job_retry": [Address(post="404 404 404 302 404", of="job")],
    "job_delete": [Address(post="404 404 404 302 404", of="job")],
    "job_input": [
        Address(get=OWNER, of="job", extra={"role": "content", "position": 0}),
        Address(get=OWNER, of="public_job", extra={"role": "style", "position": 0}),
        Address(get="404 404 404 404 404", of="job", extra={"role": "content", "position": 7}),
    ],
    "mine": [Address(get=EVERYBODY)],
    "mixer": [Address(get=EVERYBODY, post="422 422 422 422 422")],
    "mix": [Address(get=OWNER, of="mix")],
    "mix_preview": [Address(post="404 404 404 503 404", of="mix")],
    "mix_masks": [Address(post="404 404 404 204 404", of="mix")],
    "mix_subject": [Address(post="404 404 404 503 404", of="mix")],
    "mix_style": [Address(post="404 404 404 422 404", of="mix")],
    "mix_dice": [Address(post="404 404 404 302 404", of="mix")],
    "mix_engine": [Address(post="404 404 404 302 404", of="mix")],
    "mix_paint": [Address(post="404 404 404 302 404", of="mix")],
    "mix_compare": [Address(get=OWNER, of="mix")],
    "mix_cell": [Address(post="404 404 404 422 404", of="mix")],
    "mix_delete": [Address(post="404 404 404 302 404", of="mix")],
    "mix_picture": [
        Address(get=OWNER, of="mix", extra={"role": "content", "position": 0}),
        Address(get=OWNER, of="mix", extra={"role": "style", "position": 1}),
        Address(get="404 404 404 404 404", of="mix", extra={"role": "mask", "position": 0}),
    ],
    "job_mix": [
        Address(post="404 404 404 302 404", of="job"),
        Address(post="404 404 404 302 404", of="public_job"),
    ],
    "gallery": [Address(get=EVERYBODY)],
    "artwork": [
        Address(get=OWNER, of="private"),
        Address(get=EVERYBODY, of="public"),
        Address(get="404 404 404 200 200", of="hidden"),
    ],
    "artwork_image": [
        Address(get=OWNER, of="private"),
        Address(get=EVERYBODY, of="public"),
        Address(get="404 404 404 200 200", of="hidden"),
    ],
    "artwork_thumbnail": [
        Address(get=OWNER, of="private", extra={"width": 64, "extension": "webp"}),
        Address(get=EVERYBODY, of="public", extra={"width": 64, "extension": "avif"}),
        Address(get="404 404 404 404 404", of="public", extra={"width": 65, "extension": "avif"}),
        Address(get="404 404 404 404 404", of="public", extra={"width": 64, "extension": "png"}),
    ],
    "artwork_download": [Address(get=OWNER, of="private"), Address(get=EVERYBODY, of="public")],
    "artwork_publish": [Address(post="404 404 404 302 404", of="private")],
    "artwork_unpublish": [Address(post="404 404 404 302 404", of="public")],
    "artwork_delete": [Address(post="404 404 404 302 404", of="public")],
    "artwork_report": [
        Address(post="404 404 404 404 404", of="private"),
        Address(post="302 302 302 302 302", of="public"),
    ],
    "account": [Address(get=ACCOUNTS)],
    "sign_up": [Address(get=EVERYBODY, post="422 422 422 422 422")],
    "sign_in": [Address(get=EVERYBODY, post="422 422 422 422 422")],
    "staff_sign_in": [Address(get="302 302 302 302 302")],
    "sign_out": [Address(post="302 302 302 302 302")],
    "password": [Address(get=ACCOUNTS, post="302 302 422 422 422")],
    "account_delete": [Address(get=ACCOUNTS, post="302 302 422 422 422")],
    "token_create": [Address(post="302 302 422 422 422")],
    "token_delete": [Address(post="302 302 404 302 404", of="token")],
    "set_language": [Address(post="302 302 302 302 302")],
    "healthz": [Address(get="503 503 503 503 503")],
    "robots": [Address(get=EVERYBODY)],
    "favicon": [Address(get=EVERYBODY)],
    "api:engines": [Address(get=EVERYBODY)],
    "api:jobs": [Address(post="415 415 415 415 415")],
    "api:job": [Address(get=OWNER, delete="404 404 404 409 404", of="job")],
    "api:artworks": [Address(get=EVERYBODY)],
    "api:artwork": [
        Address(get=OWNER, of="private"),
        Address(get=EVERYBODY, of="public"),
        Address(get="404 404 404 200 404", of="hidden"),
    ],
    "api:openapi-json": [Address(get=EVERYBODY)],
    "api:openapi-view": [Address(get=EVERYBODY)],
    "api:api-root": [Address(get="404 404 404 404 404")],
} | STUDIO
CASES = [pytest.param(name, address, id=f"{name}-{address.of}") for name in TABLE for address in TABLE[name]]
CHANGES = [case for case in CASES if case.values[1].changes()]


# What staff with all rights get: changelist, add, change, delete, history. Nobody else gets anything.
ADMIN_MODELS = {
    "auth_group": "200 200 200 200 200",
    "auth_user": "200 200 200 200 200",
    "axes_accessattempt": "200 403 200 200 200",
    "axes_accessfailurelog": "200 403 200 200 200",
    "axes_accesslog": "200 403 200 200 200",
    "tfapp_apitoken": "200 403 200 200 200",
    "tfapp_artwork": "200 403 200 200 200",
    "tfapp_enginestatus": "200 403 200 403 200",
    "tfapp_job": "200 403 200 200 200",
    "tfapp_person": "200 403 200 403 200",
    "tfapp_report": "200 403 200 403 200",
    "tfapp_worker": "200 403 200 403 200",
    "trainer_dataset": "200 403 200 200 200",
    "trainer_run": "200 403 200 200 200",
    "trainer_version": "200 403 200 403 200",
}
ADMIN = {
    f"admin:{model}_{page}": int(status)
    for model, line in ADMIN_MODELS.items()
    for page, status in zip(("changelist", "add", "change", "delete", "history"), line.split(), strict=True)
} | {
    "admin:index": 200,
    "admin:login": 302,
    "admin:logout": 405,
    "admin:password_change": 200,
    "admin:password_change_done": 200,
    "admin:auth_user_password_change": 200,
    "admin:autocomplete": 403,
    "admin:jsi18n": 200,
    "admin:view_on_site": 404,
    "admin:app_list": 200,
}


@dataclass(frozen=True)
class World:
    """One owner with a private, a public and a hidden picture, and people around."""

    owner: User
    things: dict[str, object]

    def admin_arguments(self, name: str) -> list:
        """What an address of the admin needs: a row of its model, an application."""
        model = next((model for model in ADMIN_MODELS if f":{model}_" in name), None)
        if model and not name.endswith(("_changelist", "_add")):
            return [self.things[model]]
        return {"admin:view_on_site": [1, 1], "admin:app_list": ["tfapp"]}.get(name, [])

    def client(self, role: str, *, enforce_csrf_checks: bool = False) -> Client:
        if role == "visitor":
            return clients.visitor(factories.make_job().person, enforce_csrf_checks=enforce_csrf_checks)
        if role == "nobody":
            return Client(enforce_csrf_checks=enforce_csrf_checks)
        user = self.owner
        if role == "other":
            user = factories.make_user("other")
            factories.make_artwork(factories.make_person(user))
        elif role == "staff":
            user = factories.make_user("staff", is_staff=True, is_superuser=True)
        return clients.account(user, enforce_csrf_checks=enforce_csrf_checks)


@pytest.fixture
def world(db) -> World:
    owner = factories.make_user("owner")
    person = factories.make_person(owner)
    private = factories.make_artwork(person)
    public = factories.make_artwork(person, is_public=True)
    hidden = factories.make_artwork(person, is_public=True, hidden_at="2026-01-01T00:00:00Z")
    tokens.make(owner, "mine")
    run = trainer_factories.make_run(state="done")
    things = {
        "private": private.pk,
        "public": public.pk,
        "hidden": hidden.pk,
        "job": private.job_id,
        "public_job": public.job_id,
        "mix": factories.make_mix(person).pk,
        "token": owner.api_tokens.get().pk,
        "dataset": run.dataset_id,
        "plain_dataset": trainer_factories.make_dataset(kind="pictures").pk,
        "run": run.pk,
        "version": trainer_factories.make_version(run).pk,
        "auth_group": Group.objects.create(name="helpers").pk,
        "auth_user": owner.pk,
        "axes_accessattempt": AccessAttempt.objects.create(failures_since_start=1).pk,
        "axes_accessfailurelog": AccessFailureLog.objects.create().pk,
        "axes_accesslog": AccessLog.objects.create().pk,
        "tfapp_apitoken": owner.api_tokens.get().pk,
        "tfapp_artwork": private.pk,
        "tfapp_enginestatus": factories.make_engine_status().pk,
        "tfapp_job": private.job_id,
        "tfapp_person": person.pk,
        "tfapp_report": factories.make_report(hidden).pk,
        "tfapp_worker": factories.make_worker("somewhere", seen_at="2026-01-01T00:00:00Z").pk,
        "trainer_dataset": run.dataset_id,
        "trainer_run": run.pk,
        "trainer_version": run.versions.get().pk,
    }
    return World(owner, things)


def locate(name: str, address: Address, world: World) -> str:
    subject = {"id": world.things[address.of]} if address.of else {}
    return reverse(name, kwargs={**subject, **address.extra})


def addresses(patterns=None, prefix: str = "") -> list[str]:
    """The full names of all addresses there are."""
    names = []
    for pattern in patterns if patterns is not None else get_resolver().url_patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            names += addresses(pattern.url_patterns, inner)
        elif isinstance(pattern, URLPattern):
            names.append(f"{prefix}{pattern.name}")
    return names


def test_every_address_is_in_a_table():
    nameless = "admin:None"  # the admin's own redirects of old addresses, which look at nothing
    assert set(addresses()) - {nameless} == set(TABLE) | set(ADMIN)


@pytest.mark.parametrize(("name", "address"), [case for case in CASES if case.values[1].get])
def test_everybody_sees_what_the_table_says_and_every_answer_is_guarded(world, name, address):
    place = locate(name, address, world)

    responses = {role: world.client(role).get(place) for role in ROLES}

    assert " ".join(str(responses[role].status_code) for role in ROLES) == address.get
    for response in responses.values():
        assert_guarded(response)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("name", "address"), CHANGES)
def test_everybody_changes_what_the_table_says(world, name, address, role):
    client, place = world.client(role), locate(name, address, world)
    before = snapshot()

    for method, line in address.changes().items():
        response = client.generic(method, place)

        assert response.status_code == int(line.split()[ROLES.index(role)])
        assert_guarded(response)
        if response.status_code >= 400:
            assert snapshot() == before


@pytest.mark.parametrize("role", ("nobody", "owner", "staff"))
@pytest.mark.parametrize(("name", "address"), CASES)
def test_methods_that_are_not_in_the_table_are_refused(world, name, address, role):
    client, place = world.client(role), locate(name, address, world)
    promised = {"GET"} if address.get else set()
    methods = set(METHODS) - promised - set(address.changes())

    statuses = {client.generic(method, place).status_code for method in methods}

    if name == "api:api-root":
        assert statuses == {404}
    elif name in FOR_ACCOUNTS and role == "nobody":
        assert statuses == {302}
    elif name in STUDIO:
        assert statuses == {405 if role == "staff" else 404}
    else:
        assert statuses == {405}


@pytest.mark.parametrize(("name", "address"), CHANGES)
def test_nothing_changes_without_the_token_of_the_page(world, name, address):
    place = locate(name, address, world)
    clients = [world.client(role, enforce_csrf_checks=True) for role in ROLES]
    before = snapshot()

    statuses = {client.generic(method, place).status_code for client in clients for method in address.changes()}

    assert statuses == {403}
    assert snapshot() == before


@pytest.mark.parametrize("name", ADMIN)
def test_the_admin_is_for_staff(world, name):
    place = reverse(name, args=world.admin_arguments(name))

    assert world.client("staff").get(place).status_code == ADMIN[name]
    for role in ("nobody", "visitor", "other", "owner"):
        response = world.client(role).get(place)
        assert response.status_code == 302
        assert response["Location"].startswith(("/account/sign-in/", "/admin/"))


def assert_guarded(response) -> None:
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert not re.search("unsafe|https?:", policy)
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    if "html" in response["Content-Type"]:
        assert not INLINE.findall(response.content.decode())


def snapshot() -> tuple:
    """Everything that could have changed."""
    return (
        list(Job.objects.order_by("pk").values()),
        list(Artwork.objects.order_by("pk").values()),
        list(User.objects.order_by("pk").values("username", "password")),
        list(ApiToken.objects.values()),
        Report.objects.count(),
        list(Mix.objects.order_by("pk").values()),
        list(MixPicture.objects.order_by("pk").values()),
        list(Dataset.objects.order_by("pk").values()),
        list(Run.objects.order_by("pk").values()),
        list(Version.objects.order_by("pk").values()),
    )
