"""Which pictures are the same, or nearly: as a JPEG saved anew is, or a picture made smaller.

A difference hash finds those that may be; a thumbnail of 16 by 16 greys and 4 by 4 colours decides. No step takes
quadratic time.
"""

import numpy as np
from PIL import Image

SIDE = 64  # pixels that a picture is made into first
N_HASH = 8  # rows of the hash, and its bits in each
GREYS, COLOURS = 16, 4  # cells of a thumbnail's side
N_GREYS = GREYS * GREYS
SLIGHT = 3  # of 255; a smaller step between two cells is none: noise shall not turn bits
MOST_BITS = 8  # of 64 that differ between two that may be alike
MOST_STEPS = 22  # of 255 by which any cell differs between two that are alike: saving anew costs up to 20
NEIGHBOURS = 32  # that each picture is compared with in each sorted order
TURNS = range(0, 64, 8)  # orders: sorted by the hash turned by so many bits


def fingerprint(image: Image.Image, *, n_beside: int = 1) -> tuple[int, bytes]:
    """A hash of 64 bits and a thumbnail of an RGB picture; with `n_beside` pictures side by side, one of each."""
    small = image.resize((SIDE * n_beside, SIDE), Image.Resampling.BOX, reducing_gap=2)
    grey = np.asarray(small.convert("L").resize((N_HASH + 1, N_HASH), Image.Resampling.BOX), "int16")
    bits = np.packbits(grey[:, 1:] - grey[:, :-1] > SLIGHT)
    parts = [small.crop((SIDE * i, 0, SIDE * (i + 1), SIDE)) for i in range(n_beside)]
    return int.from_bytes(bits.tobytes()), b"".join(map(_shrink, parts))


def read_colours(thumbnail: bytes) -> np.ndarray:
    """The colours in a thumbnail, uint8 (n pictures side by side, cells, 3)."""
    parts = np.frombuffer(thumbnail, "uint8").reshape(-1, N_GREYS + 3 * COLOURS * COLOURS)
    return parts[:, N_GREYS:].reshape(len(parts), -1, 3)


def find_groups(hashes: np.ndarray, thumbnails: np.ndarray) -> list[np.ndarray]:
    """Groups of two or more alike, as indices, of hashes uint64 (n,) and thumbnails uint8 (n, cells)."""
    leaders = np.arange(len(hashes))
    _unite_equals(leaders, hashes, thumbnails)
    apart = np.flatnonzero(leaders == np.arange(len(hashes)))
    for turn in TURNS:
        turned = (hashes << np.uint64(turn)) | (hashes >> np.uint64((64 - turn) % 64)) if turn else hashes
        order = apart[np.argsort(turned[apart], kind="stable")]
        for step in range(1, min(NEIGHBOURS, len(order) - 1) + 1):
            _unite_alike(leaders, order[:-step], order[step:], hashes, thumbnails)
    roots = np.array([_find(leaders, i) for i in range(len(leaders))], dtype=int)
    order = np.argsort(roots, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(roots[order])) + 1)
    return [group for group in groups if len(group) > 1]


def _shrink(image):
    greys = image.convert("L").resize((GREYS, GREYS), Image.Resampling.BOX)
    return greys.tobytes() + image.resize((COLOURS, COLOURS), Image.Resampling.BOX).tobytes()


def _unite_equals(leaders, hashes, thumbnails):
    """Those whose thumbnails are equal to the last bit follow their first."""
    if len(hashes):
        rows = np.ascontiguousarray(thumbnails).view(np.dtype((np.void, thumbnails.shape[1]))).ravel()
        _, first, which = np.unique(rows, return_index=True, return_inverse=True)
        leaders[:] = first[which]


def _unite_alike(leaders, one, other, hashes, thumbnails):
    near = np.bitwise_count(hashes[one] ^ hashes[other]) <= MOST_BITS
    near &= leaders[one] != leaders[other]
    one, other = one[near], other[near]
    steps = np.abs(thumbnails[one].astype("int16") - thumbnails[other]).max(1, initial=0)
    for a, b in zip(one[steps <= MOST_STEPS], other[steps <= MOST_STEPS], strict=True):
        first, second = sorted((_find(leaders, a), _find(leaders, b)))
        leaders[second] = leaders[b] = leaders[a] = first


def _find(leaders, i):
    while leaders[i] != i:
        leaders[i] = leaders[leaders[i]]
        i = leaders[i]
    return i
