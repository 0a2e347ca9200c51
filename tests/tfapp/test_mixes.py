"""What lies on the mixer's table: laid out, changed, painted, cleared away."""

import io
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.base import File
from django.utils import timezone

from tests import factories
from tfapp import auditing, engines, files, images, jobs, limits, mixes, people, rendering, shelf
from tfapp.models import Job, Mix, MixPicture, Person
from tfapp.proofs import shelf_name

pytestmark = pytest.mark.django_db

ECHO = engines.SPECS["echo"]


def open_picture(label: str = "photo.png", *, width: int = 480, height: int = 320) -> images.Picture:
    return images.open_upload(File(io.BytesIO(factories.make_picture(width, height)), name=label))


def begin(person: Person | None = None, *, n_styles: int = 2, **kwargs) -> Mix:
    if "pictures" not in kwargs:
        styles = [("style", open_picture(f"{n}.png")) for n in range(n_styles)]
        kwargs["pictures"] = [("content", open_picture()), *styles]
    values = {"spec": ECHO, "controls": {}, "shelf_slugs": {}, "seed": 1}
    return mixes.begin(person or factories.make_person(), **(values | kwargs))


def files_on_disk(settings) -> list[Path]:
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def test_a_mix_has_its_photo_whole_and_small_and_its_styles():
    mix = begin()

    assert (mix.photo.width, mix.photo.height) == (480, 320)
    assert (mix.small.width, mix.small.height) == (384, 256)
    assert [one.label for one in mix.styles] == ["0.png", "1.png"]
    assert files.leftovers() == []
    assert list(auditing.findings(is_strict=True)) == []


def test_chance_adds_styles_where_there_is_none():
    one, same, other = (begin(n_styles=0, seed=seed) for seed in (1, 1, 2))

    slugs = [[style.shelf for style in mix.styles] for mix in (one, same, other)]
    assert len(set(slugs[0])) == 4
    assert slugs[0] == slugs[1] != slugs[2]
    assert one.controls["weights"] == [[0.25] * 4]


def test_a_single_style_keeps_it_all_beside_others_of_the_shelf():
    mix = begin(n_styles=1)

    assert [bool(style.shelf) for style in mix.styles] == [False, True, True, True]
    assert mix.controls["weights"] == [[1.0, 0.0, 0.0, 0.0]]


def test_nothing_is_left_of_a_mix_that_cannot_be_begun(settings, monkeypatch):
    def refuse(*args, **kwargs):
        raise images.Refused("No.", 429)

    pictures = [("content", open_picture())]
    monkeypatch.setattr(images, "open_file", refuse)

    with pytest.raises(images.Refused):
        begin(pictures=pictures)

    assert files_on_disk(settings) == []
    assert not Mix.objects.exists()


def test_one_mix_too_many_clears_the_oldest_away(settings, django_capture_on_commit_callbacks):
    settings.LIMIT_MIXES = 2
    person = factories.make_person()
    first, second = (factories.make_mix(person) for _ in range(2))
    other = factories.make_mix()
    second.keep({})

    with django_capture_on_commit_callbacks(execute=True):
        third = begin(person)

    assert set(Mix.objects.all()) == {second, third, other}
    assert not files.path(f"mixes/{first.pk}").exists()


def test_a_style_is_put_in_the_place_of_another(django_capture_on_commit_callbacks):
    mix = factories.make_mix(controls={"weights": [[0.2, 0.8]]})
    before = mix.styles

    with django_capture_on_commit_callbacks(execute=True):
        mixes.put_style(mix, 1, slug="great-wave")

    assert [style.shelf for style in mix.styles] == ["", "great-wave"]
    assert mix.styles[0].file == before[0].file
    assert not files.path(before[1].file).exists()
    assert mix.controls["weights"] == [[0.2, 0.8]]
    assert list(auditing.findings(is_strict=True)) == []


def test_one_more_style_lets_the_shares_begin_anew():
    mix = factories.make_mix(controls={"weights": [[0.2, 0.8]], "strength": 0.5})

    mixes.put_style(mix, 2, slug="great-wave")

    assert len(mix.styles) == 3
    assert mix.controls == {"weights": [[0.3333] * 3], "strength": 0.5}


def test_the_last_style_stays():
    mix = factories.make_mix()

    mixes.take_style(mix, 0)
    mixes.take_style(mix, 0)

    assert [style.position for style in mix.styles] == [0]


def test_shuffling_changes_corners_and_nothing_else():
    mix = factories.make_mix(n_styles=3, controls={"weights": [[1.0, 0.0, 0.0]]})
    before = [style.file for style in mix.styles]

    mixes.shuffle(mix, 7)

    after = [style.file for style in mix.styles]
    assert after != before and sorted(after) == sorted(before)
    assert mix.controls["weights"] == [[1.0, 0.0, 0.0]]


@pytest.mark.parametrize(
    "change",
    [
        lambda mix: mixes.shuffle(mix, 7),
        lambda mix: mixes.take_style(mix, 2),
        lambda mix: mixes.put_style(mix, 1, slug="bojagi"),
    ],
)
def test_a_change_begins_with_what_another_left_meanwhile(change, django_capture_on_commit_callbacks):
    mix = factories.make_mix(n_styles=3)
    read_before = Mix.objects.prefetch_related("pictures").get(pk=mix.pk)

    with django_capture_on_commit_callbacks(execute=True):
        mixes.put_style(mix, 0, slug="great-wave")
        change(read_before)

    assert "great-wave" in {style.shelf for style in Mix.objects.get(pk=mix.pk).styles}
    assert list(auditing.findings(is_strict=True)) == []


def test_controls_of_dice_that_fell_meanwhile_stay():
    mix = factories.make_mix()
    read_before = Mix.objects.get(pk=mix.pk)
    mixes.throw_dice(mix, 4711)

    assert not read_before.keep_unless_changed({"strength": 0.1})
    mixes.shuffle(read_before, 1)

    assert Mix.objects.get(pk=mix.pk).controls["strength"] == mix.controls["strength"]


def test_the_same_number_throws_the_same_mix():
    one, other = (factories.make_mix() for _ in range(2))

    mixes.throw_dice(one, 4711)
    mixes.throw_dice(other, 4711)

    assert [style.shelf for style in one.styles] == [style.shelf for style in other.styles]
    assert one.controls == other.controls
    assert one.controls["dice"] == 4711
    assert sum(one.controls["weights"][0]) == pytest.approx(1, abs=1e-3)
    assert 0.6 <= one.controls["strength"] <= 1.2


def test_another_style_is_one_that_does_not_lie_here():
    mix = begin(n_styles=0)

    assert mixes.another_slug(mix, 3) not in {style.shelf for style in mix.styles}


def test_masks_take_the_place_of_those_before(django_capture_on_commit_callbacks):
    mix = factories.make_mix(n_masks=2)
    before = [mask.file for mask in mix.masks]

    with django_capture_on_commit_callbacks(execute=True):
        mixes.put_masks(mix, [open_picture("mask.png")])

    assert [mask.position for mask in mix.masks] == [0]
    assert not any(files.path(name).exists() for name in before)
    assert list(auditing.findings(is_strict=True)) == []


def test_nothing_is_put_into_a_mix_that_was_cleared_away(settings):
    mix = factories.make_mix()
    mixes.remove(Mix.objects.get(pk=mix.pk))

    with pytest.raises(images.Refused, match="cleared away"):
        mixes.put_masks(mix, [open_picture("mask.png")])

    assert not MixPicture.objects.exists()
    assert files.leftovers() == []
    assert not list(Path(settings.MEDIA_ROOT).glob("mixes/*/mask-*"))


def test_the_whole_picture_is_a_job_with_masks_and_shares():
    factories.make_engine_status("echo")
    mix = factories.make_mix(n_masks=1)
    rows = [[1.0, 0.0], [0.0, 1.0]]

    job = mixes.paint(mix, {"strength": 1.0, "keep_colours": False, "size": 1024, "weights": rows}, spec=ECHO)

    assert [(one.role, one.position) for one in job.inputs.all()] == [
        ("content", 0),
        ("mask", 0),
        ("style", 0),
        ("style", 1),
    ]
    assert job.parameters["weights"] == rows
    assert job.parameters["size"] == 48  # never larger than its photo
    assert MixPicture.objects.filter(mix=mix).count() == 5
    assert list(auditing.findings(is_strict=True)) == []


def test_a_painter_that_does_not_mix_gets_no_masks():
    factories.make_engine_status("tflite")
    mix = factories.make_mix(n_masks=1)

    job = mixes.paint(mix, {"strength": 1.0, "size": 1024}, spec=engines.SPECS["tflite"])

    assert not job.inputs.filter(role="mask").exists()


def test_a_job_becomes_a_mix_with_its_settings():
    factories.make_engine_status("echo")
    job = factories.make_job(parameters={"strength": 0.4, "size": 48, "weights": [[0.3, 0.7]], "secret": 1})
    factories.make_input(job, role="style", position=1)
    factories.make_input(job, role="mask")

    mix = mixes.begin_like(job, job.person, seed=1)

    assert mix.controls == {"strength": 0.4, "size": 48, "weights": [[0.3, 0.7]]}
    assert (len(mix.styles), len(mix.masks)) == (2, 1)
    assert list(auditing.findings(is_strict=True)) == []


def test_a_drawing_cannot_be_mixed():
    factories.make_engine_status("echo")
    job = factories.make_job(kind="sketch", engine="emoji")

    with pytest.raises(images.Refused, match="cannot be opened"):
        mixes.begin_like(job, job.person, seed=1)


def test_a_wish_names_files_and_only_what_the_engine_takes():
    mix = factories.make_mix(n_masks=1)
    mixes.put_style(mix, 0, slug="great-wave")
    controls = {"strength": 0.5, "weights": [[0.2, 0.8]], "size": 512, "unknown": 1}

    wish = mixes.wish(mix, controls, spec=ECHO)
    plain = mixes.wish(mix, controls, spec=engines.SPECS["tflite"])

    assert wish.styles == (shelf_name("great-wave"), mix.styles[1].file)
    assert wish.masks == (mix.masks[0].file,)
    assert wish.parameters == {"strength": 0.5, "size": 512, "weights": [[0.2, 0.8], [0.5, 0.5]]}
    assert plain.masks == () and "weights" not in plain.parameters


def test_previews_are_painted_without_a_second_look():
    mix = factories.make_mix()
    controls = {"strength": 0.5, "second_look": True, "size": 512}

    wish = mixes.wish(mix, controls, spec=engines.SPECS["adain"])

    assert "second_look" not in wish.parameters and wish.parameters["strength"] == 0.5


def test_what_nobody_touched_for_long_is_cleared_away(settings, django_capture_on_commit_callbacks):
    old, young = (factories.make_mix() for _ in range(2))
    ago = timezone.now() - timedelta(seconds=settings.MIX_KEEP_SECONDS + 1)
    Mix.objects.filter(pk=old.pk).update(used_at=ago, created_at=ago)

    with django_capture_on_commit_callbacks(execute=True):
        mixes.tidy()

    assert list(Mix.objects.all()) == [young]
    assert list(auditing.findings(is_strict=True)) == []


def test_a_mix_goes_with_its_account(django_capture_on_commit_callbacks, settings):
    user = factories.make_user()
    factories.make_mix(factories.make_person(user))

    with django_capture_on_commit_callbacks(execute=True):
        people.remove(user)

    assert files_on_disk(settings) == []


def test_a_visitor_who_only_mixed_is_kept_and_goes_with_the_mix_in_the_end(django_capture_on_commit_callbacks):
    mix = factories.make_mix()
    Person.objects.update(created_at=timezone.now() - timedelta(days=3))

    people.tidy()
    assert Person.objects.filter(pk=mix.person_id).exists()

    Person.objects.update(seen_at=timezone.now() - timedelta(days=800))
    with django_capture_on_commit_callbacks(execute=True):
        people.tidy()
    assert not Person.objects.exists()
    assert not files.path(f"mixes/{mix.pk}").exists()


def test_a_visitor_who_signs_in_takes_the_mixes_along():
    guest, own = factories.make_person(), factories.make_person(factories.make_user())
    mix = factories.make_mix(guest)

    people.adopt(guest, own)

    assert Mix.objects.get(pk=mix.pk).person == own


def test_the_audit_sees_a_picture_that_is_missing_and_one_that_is_too_much():
    mix = factories.make_mix()
    files.path(mix.photo.file).unlink()
    factories.put(f"mixes/{mix.pk}/style-nobody.jpg", b"?")

    kinds = sorted(finding.kind for finding in auditing.findings(is_strict=True))

    assert kinds == ["file without a row", "mix"]


def test_a_shelf_style_is_the_same_picture_for_everybody():
    assert all(shelf.path(style.slug).exists() for style in shelf.STYLES)


def test_limits_hold_for_the_picture_in_full_size(settings):
    factories.make_engine_status("echo")
    settings.LIMIT_ACTIVE_JOBS = 1
    mix = factories.make_mix()
    factories.make_job(mix.person)

    with pytest.raises(limits.Exceeded):
        mixes.paint(mix, {"strength": 1.0, "size": 1024}, spec=ECHO)

    assert Job.objects.count() == 1
    assert files.leftovers() == []


@pytest.mark.django_db(transaction=True)
def test_a_job_is_painted_region_by_region():
    factories.make_engine_status("echo")
    mix = factories.make_mix(n_masks=1)
    rows = [[1.0, 0.0], [0.0, 1.0]]
    one, other = (
        mixes.paint(mix, {"strength": 1.0, "size": 48, "weights": shares}, spec=ECHO) for shares in (rows, rows[::-1])
    )

    pictures = []
    for _job in (one, other):
        claimed = Job.objects.claim_next("tests")
        artwork = rendering.render(claimed)
        pictures.append(images.read(files.path(f"{artwork.folder}/master.png")))
        assert artwork.parameters["weights"] == claimed.parameters["weights"]

    assert abs(pictures[0] - pictures[1]).max() > 0.05
    assert jobs.available("echo") == ECHO
