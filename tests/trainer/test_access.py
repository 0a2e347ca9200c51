import pytest
from django.http import Http404, HttpResponse
from django.test import RequestFactory
from django.views.decorators.http import require_safe

from tests import clients, factories
from trainer.access import staff_only


@staff_only
@require_safe
def page(request):
    return HttpResponse("inside")


@pytest.mark.django_db
def test_staff_come_in_and_no_browser_keeps_the_page():
    response = clients.account(factories.make_user(is_staff=True)).get("/studio/")

    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]


@pytest.mark.django_db
def test_everybody_else_sees_the_page_of_the_site_that_says_there_is_nothing(client):
    for guest in (client, clients.account(), clients.visitor()):
        response = guest.get("/studio/")

        assert response.status_code == 404
        assert "nothing here" in response.content.decode()


@pytest.mark.django_db
def test_an_account_of_staff_that_was_switched_off_stays_outside():
    request = RequestFactory().get("/")
    request.user = factories.make_user(is_staff=True, is_active=False)

    with pytest.raises(Http404):
        page(request)


@pytest.mark.django_db
def test_a_wrong_method_tells_outsiders_nothing():
    request = RequestFactory().post("/")
    request.user = factories.make_user()

    with pytest.raises(Http404):
        page(request)


@pytest.mark.django_db
def test_only_staff_find_the_studio_in_the_header(client):
    staff = clients.account(factories.make_user(is_staff=True))

    assert b'href="/studio/"' in staff.get("/gallery/").content
    assert b'href="/studio/"' not in client.get("/gallery/").content
    assert b'href="/studio/"' not in clients.account().get("/gallery/").content
