"""The pool of made pictures: filled first, then half of what comes changes places with what is there."""

import numpy as np
import pytest

from trainer import gradients
from trainer.recipes.pools import PicturePool


def picture(value, size=2):
    """One picture, all of one byte, in -1..1."""
    return np.full((1, size, size, 3), value / 127.5 - 1, "float32")


def offer(pool, value, n_seen, rng):
    """Offer a picture; the byte that is shown in its stead."""
    shown = np.asarray(pool.exchange(picture(value), pool.draw(rng, n_seen, 1)))
    return int(np.round((shown[0, 0, 0, 0] + 1) * 127.5))


def test_until_it_is_full_every_picture_is_kept_and_shown():
    pool, rng = PicturePool(4, 2), np.random.default_rng(0)

    shown = [offer(pool, 10 + i, i, rng) for i in range(4)]

    assert shown == [10, 11, 12, 13]
    assert pool.as_array()[:, 0, 0, 0].tolist() == [10, 11, 12, 13]


def test_then_a_picture_is_shown_itself_or_takes_the_place_of_the_one_that_is_shown():
    pool, rng, n_old = PicturePool(3, 2), np.random.default_rng(1), 0
    for i in range(3):
        offer(pool, i, i, rng)

    for value in range(3, 203):
        before = pool.as_array()[:, 0, 0, 0].tolist()
        shown = offer(pool, value, value, rng)
        after = pool.as_array()[:, 0, 0, 0].tolist()
        if shown == value:
            assert after == before
        else:
            n_old += 1
            assert after == [value if old == shown else old for old in before]

    assert 70 < n_old < 130


def test_pictures_of_a_batch_go_in_one_after_the_other():
    pool, rng = PicturePool(2, 2), np.random.default_rng(0)
    made = np.concatenate([picture(value) for value in (5, 6, 7)])
    drawn = {
        "place": np.array([0, 1, 0], "int32"),
        "is_kept": np.ones(3, bool),
        "is_old": np.array([False, False, True]),
    }

    shown = np.asarray(pool.exchange(made, drawn))

    assert np.allclose(shown[:, 0, 0, 0], [5 / 127.5 - 1, 6 / 127.5 - 1, 5 / 127.5 - 1], atol=1e-6)
    assert pool.as_array()[:, 0, 0, 0].tolist() == [7, 6]
    assert pool.draw(rng, 0, 3)["place"].tolist()[:2] == [0, 1]


def test_what_happens_depends_on_the_random_generator_alone():
    pool = PicturePool(50, 2)

    draws = [pool.draw(np.random.default_rng((3, 80)), 80, 2) for _ in range(2)]

    assert all(np.array_equal(draws[0][name], draws[1][name]) for name in draws[0])


def test_pictures_never_seen_are_never_shown():
    pool, rng = PicturePool(5, 2), np.random.default_rng(0)

    for n_seen in range(0, 6, 2):
        drawn = pool.draw(rng, n_seen, 2)
        assert not drawn["is_old"][n_seen + np.arange(2) < 5].any()


def test_a_pool_of_none_shows_what_it_is_given():
    pool = PicturePool(0, 2)

    drawn = pool.draw(np.random.default_rng(0), 10, 1)

    assert np.array_equal(pool.exchange(picture(9), drawn), picture(9))


def test_a_restored_pool_is_the_pool():
    pool, other, rng = PicturePool(3, 2), PicturePool(3, 2), np.random.default_rng(0)
    offer(pool, 77, 0, rng)

    other.restore(pool.as_array())

    assert np.array_equal(other.as_array(), pool.as_array())
    with pytest.raises(ValueError, match="The pool is"):
        PicturePool(4, 2).restore(pool.as_array())


def test_devices_cannot_share_a_pool(monkeypatch):
    monkeypatch.setattr(gradients, "n_devices", lambda: 2)

    PicturePool(0, 2)
    with pytest.raises(ValueError, match="set pool to 0"):
        PicturePool(3, 2)
