"""Accounts: in, out, passwords, keys, and guessing that leads nowhere."""

import hashlib

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from tests import clients, factories
from tfapp import tokens
from tfapp.models import ApiToken

pytestmark = pytest.mark.django_db


def sign_up(client: Client, **fields):
    data = {"username": "newcomer", "password1": factories.PASSWORD, "password2": factories.PASSWORD, **fields}
    return client.post(reverse("sign_up"), data)


def sign_in(client: Client, username: str = "known", password: str = factories.PASSWORD, **fields):
    return client.post(reverse("sign_in"), {"username": username, "password": password, **fields})


def test_signing_up_signs_in(client):
    response = sign_up(client)

    assert response["Location"] == reverse("mine")
    assert client.get(reverse("account")).context["user"].username == "newcomer"


def test_nothing_but_a_name_and_a_password_is_asked(client):
    form = client.get(reverse("sign_up")).context["form"]

    assert {field.name for field in form} - {"usable_password"} == {"username", "password1", "password2"}


@pytest.mark.parametrize(
    "fields",
    [
        {"username": ""},
        {"username": "NEWCOMER2"},
        {"username": "a name with spaces"},
        {"username": "x" * 151},
        {"username": "nul\0"},
        {"password1": "12345678", "password2": "12345678"},
        {"password1": "newcomer1", "password2": "newcomer1"},
        {"password2": "something else"},
    ],
)
def test_a_bad_name_or_password_is_refused(client, fields):
    factories.make_user("newcomer2")

    response = sign_up(client, **fields)

    assert response.status_code == 422
    assert response.context["form"].errors
    assert User.objects.count() == 1


def test_there_is_an_end_to_new_accounts(client, settings):
    settings.LIMITS_PER_HOUR = {**settings.LIMITS_PER_HOUR, "sign_up": 1}
    sign_up(client)

    response = sign_up(Client(), username="another")

    assert response.status_code == 429
    assert int(response["Retry-After"]) > 0
    assert User.objects.count() == 1


def test_signing_in_leads_where_one_wanted_to_go(client):
    factories.make_user("known")
    wanted = client.get(reverse("account"))["Location"]
    assert wanted == f"{reverse('sign_in')}?next={reverse('account')}"

    assert client.get(wanted).context["next"] == reverse("account")
    assert sign_in(client, next=reverse("account"))["Location"] == reverse("account")


@pytest.mark.parametrize(
    "address", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "/\\evil.example"]
)
def test_signing_in_leads_nowhere_else(client, address):
    factories.make_user("known")

    assert sign_in(client, next=address)["Location"] == reverse("mine")


def test_a_wrong_password_is_refused(client):
    factories.make_user("known")

    response = sign_in(client, password="guessed")

    assert response.status_code == 422
    assert client.get(reverse("account")).status_code == 302


def test_guessing_is_stopped_and_says_for_how_long(client, settings):
    factories.make_user("known")
    for _n in range(settings.AXES_FAILURE_LIMIT):
        response = sign_in(client, password="guessed")

    assert response.status_code == 429
    assert int(response["Retry-After"]) > 0
    assert "Please try again in 15 minutes." in response.content.decode()
    assert sign_in(client).status_code == 429


def test_guessing_one_name_does_not_lock_another_out(client, settings):
    factories.make_user("known")
    for _n in range(settings.AXES_FAILURE_LIMIT):
        sign_in(client, username="other", password="guessed")

    assert sign_in(client).status_code == 302


def test_there_is_an_end_to_signing_in(client, settings):
    settings.LIMITS_PER_HOUR = {**settings.LIMITS_PER_HOUR, "sign_in": 2}
    for n in range(2):
        sign_in(client, username=f"guess-{n}", password="guessed")

    assert sign_in(client, username="guess-3", password="guessed").status_code == 429


def test_signing_in_rightly_does_not_count(settings):
    settings.LIMITS_PER_HOUR = {**settings.LIMITS_PER_HOUR, "sign_in": 1}
    factories.make_user("known")

    assert {sign_in(Client()).status_code for _n in range(4)} == {302}


def test_the_right_password_forgives_the_wrong_ones(client, settings):
    factories.make_user("known")
    for _round in range(2):
        for _n in range(settings.AXES_FAILURE_LIMIT - 1):
            sign_in(client, password="guessed")

        assert sign_in(client).status_code == 302


def test_a_class_can_sign_up_with_slips(settings):
    for n in range(30):
        assert sign_up(Client(), username=f"pupil-{n}", password2="a slip").status_code == 422
        assert sign_up(Client(), username=f"pupil-{n}").status_code == 302


def test_there_is_an_end_to_asking_which_names_are_taken(client, settings):
    settings.LIMITS_PER_HOUR = {**settings.LIMITS_PER_HOUR, "sign_up_form": 2}

    assert [sign_up(client, password2="").status_code for _n in range(3)] == [422, 422, 429]


def test_a_button_pressed_signed_out_leads_to_the_account_afterwards(client):
    response = client.post(reverse("token_create"), {"name": "program"})

    assert response["Location"] == f"{reverse('sign_in')}?next={reverse('account')}"


def test_limits_can_be_switched_off(client, settings):
    settings.LIMITS_FACTOR, settings.LIMITS_PER_HOUR = 0, {**settings.LIMITS_PER_HOUR, "sign_in": 1}

    assert {sign_in(client, username=f"guess-{n}").status_code for n in range(3)} == {422}


def test_signing_out_ends_the_session():
    client = clients.account()

    response = client.post(reverse("sign_out"))

    assert response["Location"] == reverse("create")
    assert client.get(reverse("account")).status_code == 302


def test_changing_the_password_signs_everywhere_else_out():
    user = factories.make_user("known")
    here, elsewhere = clients.account(user), clients.account(user)
    new = "another long pass phrase"

    response = here.post(
        reverse("password"), {"old_password": factories.PASSWORD, "new_password1": new, "new_password2": new}
    )

    assert response["Location"] == reverse("account")
    assert "keys for programs still work" in here.get(reverse("account")).content.decode()
    assert elsewhere.get(reverse("account")).status_code == 302
    assert sign_in(Client(), password=new).status_code == 302


def test_changing_the_password_asks_for_the_old_one():
    user = factories.make_user()
    new = "another long pass phrase"

    response = clients.account(user).post(
        reverse("password"), {"old_password": "guessed", "new_password1": new, "new_password2": new}
    )

    assert response.status_code == 422
    assert user.check_password(factories.PASSWORD)


def test_a_key_is_shown_once_and_stored_as_a_hash():
    user = factories.make_user()
    client = clients.account(user)

    response = client.post(reverse("token_create"), {"name": "my program"})

    key = response.context["key"]
    assert key in response.content.decode()
    assert "no-store" in response["Cache-Control"]
    token = ApiToken.objects.get()
    assert token.digest == hashlib.sha256(key.encode()).hexdigest()
    assert key not in client.get(reverse("account")).content.decode()
    assert key not in str(ApiToken.objects.values())


def test_a_key_needs_a_name():
    response = clients.account().post(reverse("token_create"), {"name": " "})

    assert response.status_code == 422
    assert not ApiToken.objects.exists()


def test_there_is_an_end_to_keys():
    user = factories.make_user()
    for n in range(tokens.MAX_PER_ACCOUNT):
        tokens.make(user, f"key {n}")

    response = clients.account(user).post(reverse("token_create"), {"name": "one more"})

    assert response.status_code == 422
    assert ApiToken.objects.count() == tokens.MAX_PER_ACCOUNT


def test_a_deleted_key_opens_nothing(client):
    user = factories.make_user()
    key = tokens.make(user, "lost")
    headers = {"authorization": f"Bearer {key}"}
    assert client.get(reverse("api:engines"), headers=headers).status_code == 200

    clients.account(user).post(reverse("token_delete", args=[user.api_tokens.get().pk]))

    assert client.get(reverse("api:engines"), headers=headers).status_code == 401


def test_using_a_key_is_noted_and_not_every_time(client, django_assert_num_queries):
    user = factories.make_user()
    key = tokens.make(user, "program")
    assert tokens.find(key)
    used_at = user.api_tokens.get().used_at

    with django_assert_num_queries(1):
        tokens.find(key)

    assert used_at is not None
    assert user.api_tokens.get().used_at == used_at


def test_the_key_of_somebody_locked_out_opens_nothing():
    user = factories.make_user(is_active=False)

    assert tokens.find(tokens.make(user, "program")) is None


def test_the_language_can_be_switched(client):
    response = client.post(reverse("set_language"), {"language": "ko", "next": reverse("gallery")})

    assert response["Location"] == reverse("gallery")
    assert client.get(reverse("gallery"))["Content-Language"] == "ko"


def test_switching_the_language_leads_nowhere_else(client):
    response = client.post(reverse("set_language"), {"language": "ko", "next": "https://evil.example/"})

    assert response["Location"] == "/"
