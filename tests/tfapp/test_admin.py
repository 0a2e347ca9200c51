"""What staff can do: look, bring back, take down; files go with rows."""

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from tests import clients, factories
from tfapp import files
from tfapp.models import Artwork, Job

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff():
    return clients.account(factories.make_user("staff", is_staff=True, is_superuser=True))


@pytest.fixture
def reported() -> Artwork:
    artwork = factories.make_artwork(is_public=True, hidden_at=timezone.now())
    for _n in range(3):
        factories.make_report(artwork)
    return artwork


def act(client, action: str, *artworks: Artwork):
    data = {"action": action, "_selected_action": [str(artwork.pk) for artwork in artworks]}
    return client.post(reverse("admin:tfapp_artwork_changelist"), data)


def test_reported_pictures_wait_in_a_line(staff, reported):
    other = factories.make_artwork(is_public=True)

    for line in ("yes", "hidden"):
        page = staff.get(reverse("admin:tfapp_artwork_changelist"), {"reported": line}).content.decode()
        assert str(reported.pk) in page
        assert str(other.pk) not in page


def test_staff_see_a_hidden_picture(staff, reported):
    assert staff.get(reverse("artwork", args=[reported.pk])).status_code == 200
    assert staff.get(reverse("artwork_image", args=[reported.pk])).status_code == 200


def test_a_picture_with_nothing_wrong_is_shown_again(staff, reported, client):
    act(staff, "show_again", reported)

    assert client.get(reverse("artwork", args=[reported.pk])).status_code == 200
    assert not reported.reports.filter(looked_at=None).exists()


def test_a_bad_picture_is_removed_with_its_files(staff, reported, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        act(staff, "remove", reported)

    assert not Artwork.objects.exists()
    assert not Job.objects.exists()
    assert not files.path(reported.folder).exists()


def test_djangos_own_way_to_delete_takes_the_files_too(staff, django_capture_on_commit_callbacks):
    one, two = factories.make_artwork(), factories.make_artwork()

    with django_capture_on_commit_callbacks(execute=True):
        staff.post(reverse("admin:tfapp_artwork_delete", args=[one.pk]), {"post": "yes"})
        data = {"action": "delete_selected", "_selected_action": [str(two.job_id)], "post": "yes"}
        staff.post(reverse("admin:tfapp_job_changelist"), data)

    assert not Job.objects.exists()
    assert not files.path(one.folder).exists()
    assert not files.path(two.folder).exists()


@pytest.mark.parametrize("way", ["one", "many"])
def test_deleting_an_account_takes_its_files(staff, way, django_capture_on_commit_callbacks):
    artwork = factories.make_artwork(factories.make_person(factories.make_user("leaving")))
    user = artwork.person.user

    with django_capture_on_commit_callbacks(execute=True):
        if way == "one":
            staff.post(reverse("admin:auth_user_delete", args=[user.pk]), {"post": "yes"})
        else:
            data = {"action": "delete_selected", "_selected_action": [str(user.pk)], "post": "yes"}
            staff.post(reverse("admin:auth_user_changelist"), data)

    assert not User.objects.filter(username="leaving").exists()
    assert not Artwork.objects.exists()
    assert not files.path(artwork.folder).exists()


def test_staff_without_rights_see_nothing():
    client = clients.account(factories.make_user("helper", is_staff=True))
    reported = factories.make_artwork(is_public=True, hidden_at=timezone.now())

    assert client.get(reverse("admin:tfapp_artwork_changelist")).status_code == 403
    assert client.get(reverse("artwork", args=[reported.pk])).status_code == 404


def test_the_admin_has_no_door_of_its_own():
    visitor = factories.make_artwork().person
    factories.make_user("staff", is_staff=True, is_superuser=True)
    client = clients.visitor(visitor)

    door = client.get(reverse("admin:login"), {"next": "/admin/tfapp/"})
    client.post(door["Location"], {"username": "staff", "password": factories.PASSWORD})

    assert door["Location"] == f"{reverse('sign_in')}?next=/admin/tfapp/"
    assert client.post(reverse("admin:login"), {"username": "staff", "password": "guessed"}).status_code == 405
    assert Artwork.objects.get().person.user.username == "staff"


def test_what_was_found_well_is_not_in_the_line_any_more(staff, reported):
    act(staff, "show_again", reported)

    page = staff.get(reverse("admin:tfapp_artwork_changelist"), {"reported": "yes"}).content.decode()

    assert str(reported.pk) not in page
