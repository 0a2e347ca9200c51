"""What an artwork knows about itself."""

import pytest

from tests import factories

pytestmark = pytest.mark.django_db


def test_the_time_of_publishing_is_finer_than_the_milliseconds_of_sqlite():
    artwork = factories.make_artwork()

    times = []
    for _n in range(6):
        artwork.publish()
        times.append(artwork.published_at)
        artwork.unpublish()

    assert times == sorted(set(times))
    assert any(time.microsecond % 1000 for time in times)
