"""The stories of a mix: lay out a photo and styles, change them, paint masks, ask for the whole picture, clear away."""

import logging
import random
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from tfapp import files, images, jobs, limits, menu, offers, parameters, shelf, weights
from tfapp.engines.base import EngineSpec
from tfapp.models import Job, Mix, MixPicture, Person
from tfapp.proofs import SUBJECT, Wish, shelf_name

SIDE = 384  # pixels of a preview's longest side
DRAFT_SIDE = 256  # of a draft's, which a page asks for that sees previews come late
MASK_SIDE = 384
STYLE_SIDE = 1024  # nobody needs more of a style picture
MAX_STYLES = 4
SAME_SHAPE = 0.03  # so much may a mask's ratio of sides differ from its photo's
STRENGTHS = 0.6, 1.2  # between these a throw of the dice chooses

Pictures = list[tuple[str, images.Picture]]

log = logging.getLogger(__name__)


def begin(
    person: Person,
    *,
    spec: EngineSpec,
    controls: dict[str, Any],
    pictures: Pictures,
    shelf_slugs: dict[int, str],
    seed: int,
) -> Mix:
    """Lay out what was brought: (role, picture) with a photo and perhaps styles and masks. The oldest mixes go for it.

    Where there is no style, or only one, chance adds others of the shelf. Raises images.Refused. The pictures belong
    to the mix then, or are gone.
    """
    mix = Mix(person=person, engine=spec.name, controls=controls)
    with ExitStack() as undo:
        undo.callback(lambda: images.discard([picture for _role, picture in pictures]))
        photo = next(picture for role, picture in pictures if role == "content")
        pictures.append(("preview", images.open_file(photo.part, photo.label, longest_side=SIDE)))
        n_brought = sum(role == "style" for role, _picture in pictures)
        if n_brought < 2:
            shelf_slugs = dict(shelf_slugs)
            for position, slug in enumerate(
                _others(set(shelf_slugs.values()), MAX_STYLES - n_brought, seed), n_brought
            ):
                shelf_slugs[position] = slug
                pictures.append(("style", images.open_file(shelf.path(slug), slug)))
            mix.controls = controls | {"weights": _first_alone(n_brought, controls)}

        undo.callback(files.remove, [_folder(mix)])
        with transaction.atomic():
            mix.save(force_insert=True)
            _add(mix, pictures, shelf_slugs)
            _keep_the_newest(person)
            transaction.on_commit(undo.pop_all)
        undo.pop_all()
    return mix


def begin_like(job: Job, person: Person, *, seed: int) -> Mix:
    """What a job was made of, with its settings; another engine if its own does not mix. Raises images.Refused."""
    spec = menu.find(job.engine)
    if spec is None or not spec.mixes:
        spec = first_spec()
    if spec is None or job.kind != "style":
        raise images.Refused(_("This picture cannot be opened in the mixer."), 409)
    inputs = list(job.inputs.all())
    pictures = jobs.copies_of(inputs)
    slugs = {one.position: one.shelf for one in inputs if one.role == "style" and one.shelf}
    known = {parameter.name for parameter in spec.parameters} | {"weights"}
    controls = {name: value for name, value in job.parameters.items() if name in known}
    return begin(person, spec=spec, controls=controls, pictures=pictures, shelf_slugs=slugs, seed=seed)


def first_spec() -> EngineSpec | None:
    """The first engine that mixes, of those that can be had; listed ones before those for tests."""
    able = [offer.spec for offer in offers.everything() if offer.is_available and offer.spec.mixes]
    return next((spec for spec in able if spec.is_listed), able[0] if able else None)


def wish(mix: Mix, controls: dict[str, Any], *, spec: EngineSpec, slug: str = "", is_draft: bool = False) -> Wish:
    """What a worker is asked to paint: the mix as it lies here, or in one style of the shelf alone."""
    chosen = parameters.for_preview(spec, controls)
    masks: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()
    if slug:
        styles = (shelf_name(slug),)
    elif spec.kind == "style":
        styles = tuple(shelf_name(one.shelf) if one.shelf else one.file for one in mix.styles)
        if spec.mixes:
            masks = tuple(one.file for one in mix.masks)
            rows = weights.fit(controls.get("weights", []), n_styles=len(styles), n_regions=len(masks))
            chosen["weights"] = rows
    return Wish(
        person=str(mix.person_id),
        photo=mix.small.file,
        side=DRAFT_SIDE if is_draft else SIDE,
        engine=spec.name,
        styles=styles,
        masks=masks,
        parameters=chosen,
    )


def wish_for_subject(mix: Mix) -> Wish:
    """What a worker is asked to find in the photo."""
    person = f"{mix.person_id}:subject"  # beside the person's preview and not in its place
    return Wish(person=person, photo=mix.small.file, side=SIDE, story=SUBJECT)


def put_style(mix: Mix, position: int, *, slug: str = "", picture: images.Picture | None = None) -> None:
    """A style in the place of another, or one more. Raises images.Refused."""
    if slug:
        picture = images.open_file(shelf.path(slug), slug)
    row = _row(mix, "style", picture, slug=slug)
    _settle(
        [(picture, row)],
        then=lambda: _arrange(mix, lambda styles: [*styles[:position], row, *styles[position + 1 :]]),
    )


def put_styles(mix: Mix, slugs: list[str], **controls: Any) -> None:
    """These of the shelf, and no others, with these controls. Raises images.Refused."""
    settled: list[tuple[images.Picture, MixPicture]] = []
    try:
        for slug in slugs:
            picture = images.open_file(shelf.path(slug), slug)
            settled.append((picture, _row(mix, "style", picture, slug=slug)))
    except images.Refused:
        images.discard([picture for picture, _row in settled])
        raise
    _settle(settled, then=lambda: _arrange(mix, lambda _styles: [row for _picture, row in settled], **controls))


def put_only(mix: Mix, slug: str, seed: int) -> None:
    """This style of the shelf alone; others lie ready beside it. Raises images.Refused."""
    rows = weights.fit(mix.controls.get("weights", []), n_styles=MAX_STYLES, n_regions=len(mix.masks))
    slugs = [slug, *_others({slug}, MAX_STYLES - 1, seed)]
    put_styles(mix, slugs, weights=[*_first_alone(1, {}), *rows[1:]])


def take_style(mix: Mix, position: int) -> None:
    """One style less; the last one stays. Raises images.Refused."""
    _arrange(mix, lambda styles: [one for one in styles if one.position != position] or styles)


def another_slug(mix: Mix, seed: int) -> str:
    """A style of the shelf that does not lie here yet."""
    return _others({one.shelf for one in mix.styles}, 1, seed)[0]


def shuffle(mix: Mix, seed: int) -> None:
    """The same styles, in other corners. Raises images.Refused."""
    dice = random.Random(seed)

    def mixed(styles: list[MixPicture]) -> list[MixPicture]:
        others = styles[:]
        while others == styles and len(styles) > 1:
            dice.shuffle(others)
        return others

    _arrange(mix, mixed)


def throw_dice(mix: Mix, seed: int) -> None:
    """Four styles, their shares and the strength by chance; the same number gives the same. Raises images.Refused."""
    dice = random.Random(seed)
    slugs = dice.sample([style.slug for style in shelf.STYLES], MAX_STYLES)
    point = dice.random(), dice.random()
    controls: dict[str, Any] = {"weights": [weights.at(*point, MAX_STYLES)], "dice": seed}
    spec = menu.look_up(mix.engine)
    for parameter in spec.parameters if spec else ():
        if parameter.name == "strength":
            low, high = STRENGTHS
            controls["strength"] = round(min(parameter.maximum, dice.uniform(low, high)), 2)
    put_styles(mix, slugs, **controls)


def put_masks(mix: Mix, pictures: list[images.Picture]) -> None:
    """The regions as they are now painted, in place of those before."""
    settled = [(picture, _row(mix, "mask", picture)) for picture in pictures]
    _settle(settled, then=lambda: _replace(mix, "mask", lambda _masks: [row for _picture, row in settled]))


def paint(mix: Mix, wanted: dict[str, Any], *, spec: EngineSpec) -> Job:
    """The whole picture, as a job like any other. Raises limits.Exceeded or images.Refused."""
    jobs.available(spec.name)
    photo = mix.photo
    roles = {"content"} | ({"style"} if spec.kind == "style" else set()) | ({"mask"} if spec.mixes else set())
    rows = [one for one in mix.pictures.all() if one.role in roles]
    wanted = parameters.fit(spec, wanted, longest_side=max(photo.width, photo.height))
    slugs = {one.position: one.shelf for one in rows if one.role == "style" and one.shelf}
    return jobs.submit(mix.person, spec=spec, parameters=wanted, pictures=jobs.copies_of(rows), shelf=slugs)


def remove(mix: Mix) -> None:
    """Clear it away, with its files."""
    with transaction.atomic():
        Mix.objects.filter(pk=mix.pk).delete()
        files.remove_on_commit([_folder(mix)])


def tidy() -> None:
    """Clear away what nobody has touched for long."""
    for mix in Mix.objects.forgotten():
        remove(mix)


def has_shape_of(mask: images.Picture, photo: Any) -> bool:
    """Whether a mask can lie over the photo."""
    ratio = (mask.width / mask.height) / (photo.width / photo.height)
    return abs(ratio - 1) <= max(SAME_SHAPE, 2 / min(mask.width, mask.height))


def _keep_the_newest(person: Person) -> None:
    n_allowed = limits.allowed(settings.LIMIT_MIXES)
    if n_allowed is not None:
        for mix in Mix.objects.filter(person=person).newest()[n_allowed:]:
            remove(mix)


def _others(here: set[str], n: int, seed: int) -> list[str]:
    """So many styles of the shelf, by chance, but not these."""
    return random.Random(seed).sample([style.slug for style in shelf.STYLES if style.slug not in here], n)


def _first_alone(n_brought: int, controls: dict[str, Any]) -> weights.Rows:
    """Rows for four styles: what was brought has it all, and keeps it in each region; by chance all have as much."""
    n_rows = max(1, len(controls.get("weights", [])))
    row = [1.0, 0.0, 0.0, 0.0] if n_brought else weights.equal(MAX_STYLES)
    return [row] * n_rows


def _folder(mix: Mix) -> str:
    return f"mixes/{mix.pk}"


def _row(mix: Mix, role: str, picture: images.Picture, *, position: int = 0, slug: str = "") -> MixPicture:
    return MixPicture(
        mix=mix,
        role=role,
        position=position,
        file=f"{_folder(mix)}/{role}-{uuid.uuid4().hex[:12]}{picture.part.suffixes[0]}",
        width=picture.width,
        height=picture.height,
        n_bytes=picture.n_bytes,
        sha256=picture.sha256,
        label=picture.label,
        shelf=slug,
    )


def _add(mix: Mix, pictures: Pictures, shelf_slugs: dict[int, str]) -> None:
    rows: list[MixPicture] = []
    for role, picture in pictures:
        position = sum(one.role == role for one in rows)
        slug = shelf_slugs.get(position, "") if role == "style" else ""
        rows.append(_row(mix, role, picture, position=position, slug=slug))
    MixPicture.objects.bulk_create(rows)
    for row, (_role, picture) in zip(rows, pictures, strict=True):
        files.settle(picture.part, row.file)


def _settle(settled: list[tuple[images.Picture, MixPicture]], *, then) -> None:
    """The files to their places, then the rows; nothing is left of pictures that nobody knows."""
    with ExitStack() as undo:
        undo.callback(images.discard, [picture for picture, _row in settled])
        undo.callback(files.remove, [row.file for _picture, row in settled])
        for picture, row in settled:
            files.settle(picture.part, row.file)
        then()
        undo.pop_all()


def _arrange(mix: Mix, change: Callable[[list[MixPicture]], list[MixPicture]], **controls: Any) -> None:
    """Other styles, or another order. Where they are fewer or more than before, their shares begin anew."""
    with transaction.atomic():
        _replace(mix, "style", change)
        rows = weights.fit(mix.controls.get("weights", []), n_styles=len(mix.styles), n_regions=len(mix.masks))
        before = {name: value for name, value in mix.controls.items() if name != "dice"}  # they threw other styles
        mix.keep({**before, "weights": rows, **controls})


def _replace(mix: Mix, role: str, change: Callable[[list[MixPicture]], list[MixPicture]]) -> None:
    """All pictures of that role by what a function makes of them, as they lie when it is our turn.

    Between the beginning of a request and its turn others may have changed them. Raises images.Refused.
    """
    with transaction.atomic():
        try:
            mix.refresh_from_db(from_queryset=Mix.objects.select_for_update(no_key=True))
        except Mix.DoesNotExist as error:
            raise images.Refused(_("This mix was cleared away."), 404) from error
        before = mix.pictures_of(role)
        rows = change(before)
        gone = {row.file for row in before} - {row.file for row in rows}
        mix.pictures.filter(role=role).delete()
        for position, row in enumerate(rows):
            row.position, row.pk = position, None
        MixPicture.objects.bulk_create(rows)
        files.remove_on_commit(gone)
