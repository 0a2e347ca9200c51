"""Which pictures are the same, or nearly: as a JPEG saved anew is, or a picture made smaller.

A difference hash finds those that may be; a thumbnail of 8 by 8 colours decides. No step takes quadratic time.
"""

import numpy as np
from PIL import Image

CELLS = 8  # of a thumbnail's side
SLIGHT = 3  # of 255; a smaller step between two cells is none: noise shall not turn bits
MOST_BITS = 8  # of 64 that differ between two that may be alike
MOST_STEPS = 14  # of 255 by which any colour of any cell differs between two that are alike
NEIGHBOURS = 32  # that each picture is compared with in each sorted order
TURNS = range(0, 64, 8)  # orders: sorted by the hash turned by so many bits


def fingerprint(image: Image.Image, *, n_beside: int = 1) -> tuple[int, bytes]:
    """A hash of 64 bits and a thumbnail, CELLS high, of an RGB picture with `n_beside` pictures side by side."""
    small = image.resize((9 * CELLS * n_beside, CELLS * CELLS), Image.Resampling.BOX, reducing_gap=2)
    grey = np.asarray(small.convert("L").resize((CELLS + 1, CELLS), Image.Resampling.BOX), "int16")
    bits = np.packbits(grey[:, 1:] - grey[:, :-1] > SLIGHT)
    thumbnail = small.resize((CELLS * n_beside, CELLS), Image.Resampling.BOX)
    return int.from_bytes(bits.tobytes()), thumbnail.tobytes()


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
