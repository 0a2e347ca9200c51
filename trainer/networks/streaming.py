"""A network over a picture that memory does not hold: layer after layer, each in bands of rows, never in one piece.

What a normalisation has to know the whole of, and what is dear and read more than once, is kept in a temporary file
with its moments; everything else is made when the next layer reads its rows. So the numbers are those of the whole
picture, and every layer is computed once. Knows our layers and Keras' plain ones, and no architecture.
"""

import errno
import itertools
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import keras
import numpy as np
from keras import ops

from trainer.networks import kernels, layers
from trainer.networks.bands import Moments, StoredRows

BAND_BYTES = 64 * 2**20  # of all that is held at once for the rows that are made together
POINT_BY_POINT = {"Add", "Concatenate", "Multiply", "ReLU", "Rescaling", "Subtract"}  # of Keras


class Plane:
    """The answer of a layer, (height, width, channels), whose rows are made when they are read."""

    def __init__(self, shape, inputs: tuple["Plane", ...], read: Callable, *, dtype: str, n_products: int = 0):
        self.height, self.width, self.channels = shape
        self.inputs, self.read, self.dtype = (
            inputs,
            read,
            dtype,
        )  # read(top, bottom) → (1, bottom - top, width, channels)
        self.n_products = n_products  # multiplications a position
        self.is_dear = bool(n_products) or any(plane.is_dear for plane in inputs)
        self.kept: Kept | None = None

    @property
    def row_bytes(self) -> int:
        return self.width * self.channels * (4 if self.dtype == "float32" else 2)

    @property
    def held_bytes(self) -> float:
        """What is in memory for one row while it is made: the rows below it, too."""
        below = sum(plane.held_bytes * plane.height for plane in self.inputs) / self.height
        return self.row_bytes * (2 if self.n_products else 1) + below

    @property
    def work(self) -> float:
        """How long it takes, in a measure of our own: products are cheap in a fast processor, memory is not."""
        own = self.height * self.width * (self.n_products / 300 + self.channels)
        return own + sum(plane.work for plane in self.inputs)

    def bands(self, n_bytes: int) -> Iterator[tuple[int, int]]:
        """Top and bottom of each band of rows that together hold so many bytes."""
        n_rows = max(2, int(n_bytes / self.held_bytes))
        n_bands = -(-self.height // n_rows)
        edges = [self.height * i // n_bands for i in range(n_bands + 1)]
        return itertools.pairwise(edges)


class Kept(Plane):
    """A plane that lies in a file once it was made, and whose moments are known then."""

    def __init__(self, plane: Plane):
        shape = (plane.height, plane.width, plane.channels)
        super().__init__(shape, (), self._read, dtype=plane.dtype)
        self.plane, self.moments = plane, Moments()
        self._rows: StoredRows | None = None

    @property
    def n_bytes(self) -> int:
        return self.height * self.row_bytes

    @property
    def sources(self) -> set["Kept"]:
        """What must have been made before."""
        return _kept_below(self.plane)

    def make(self, folder: Path, n_bytes: int) -> Iterator[float]:
        """Make it, telling the share of it that is done after each band."""
        self._rows = StoredRows(folder, self.row_bytes)
        for top, bottom in self.plane.bands(n_bytes):
            rows = self.plane.read(top, bottom)
            self.moments.add(*kernels.moments(rows), n=(bottom - top) * self.width)
            self._rows.write(top, ops.convert_to_numpy(rows)[0])
            yield bottom / self.height

    def drop(self) -> None:
        if self._rows is not None:
            self._rows.close()

    def _read(self, top, bottom):
        shape = (1, bottom - top, self.width, self.channels)
        return ops.convert_to_tensor(self._rows.read(top, bottom).reshape(shape))


class Stream:
    """A plan of planes, then their making. `folder` is where files may lie that vanish with this process."""

    def __init__(self, folder: Path | str, *, band_bytes: int | None = None):
        self.folder, self.band_bytes = Path(folder), band_bytes or BAND_BYTES
        self._kept: list[Kept] = []  # each after what it is made of

    def photo(self, shape, read: Callable[[int, int], np.ndarray]) -> Plane:
        """What goes in: `read(top, bottom)` gives float32 rows (bottom - top, width, 3)."""
        return Plane(shape, (), lambda top, bottom: ops.convert_to_tensor(read(top, bottom)[None]), dtype="float32")

    def through(self, network: keras.Model, *inputs) -> Plane:
        """Lead planes and plain tensors through a network, which has one answer. ValueError for a layer unheard of."""
        values = dict(zip(map(id, network.inputs), inputs, strict=True))
        nodes = [
            node for depth in sorted(network._nodes_by_depth, reverse=True) for node in network._nodes_by_depth[depth]
        ]
        n_uses = Counter(id(tensor) for node in nodes for tensor in node.input_tensors)
        for node in nodes:
            if node.is_input:
                continue
            args, kwargs = node.arguments.fill_in(values)
            planes = [one for one in keras.tree.flatten((args, kwargs)) if isinstance(one, Plane)]
            value = self._lead(node, args, kwargs, planes) if planes else node.operation(*args, **kwargs)
            outputs = node.outputs
            if planes and n_uses[id(outputs[0])] > 1 and (value.is_dear or len(planes) > 1):
                value = self.keep(value)
            values.update(zip(map(id, outputs), keras.tree.flatten(value), strict=True))
        return values[id(network.outputs[0])]

    def keep(self, plane: Plane) -> Kept:
        """Have it made once, in whole."""
        if isinstance(plane, Kept):
            return plane
        if plane.kept is None:
            plane.kept = Kept(plane)
            self._kept.append(plane.kept)
        return plane.kept

    def peak_bytes(self, plane: Plane) -> int:
        """Most bytes on the disk at once while the plane is made."""
        return max((sum(one.n_bytes for one in alive) for _, alive in self._schedule(plane)), default=0)

    def rows(self, plane: Plane, progress: Callable[[float], None]) -> Iterator[np.ndarray]:
        """The plane from top to bottom, as float32 (some rows, width, channels).

        Whatever `progress` raises ends it. OSError where the disk has no room; nothing is left there in the end.
        """
        self._look_for_room(self.peak_bytes(plane))
        steps = self._schedule(plane)
        wanted = [one for one, _ in steps]
        in_all, done = plane.work + sum(one.plane.work for one in wanted), 0.0
        try:
            for one, alive in steps:
                for other in wanted:
                    if other not in alive:
                        other.drop()
                for share in one.make(self.folder, self.band_bytes):
                    progress((done + share * one.plane.work) / in_all)
                done += one.plane.work
            for top, bottom in plane.bands(self.band_bytes):
                yield ops.convert_to_numpy(plane.read(top, bottom))[0]
                progress((done + bottom / plane.height * plane.work) / in_all)
        finally:
            for one in wanted:
                one.drop()

    def _schedule(self, plane: Plane) -> list[tuple[Kept, set[Kept]]]:
        """What is made for it, in this order, each with those whose files lie there meanwhile: its own, and those
        made before that it, a later one or the plane itself is read from.
        """
        below, at_end = _all_below(plane), _kept_below(plane)
        wanted = [one for one in self._kept if one in below]
        unread = [at_end.union(*(other.sources for other in wanted[i:])) for i in range(len(wanted))]
        return [(one, {*unread[i].intersection(wanted[:i]), one}) for i, one in enumerate(wanted)]

    def _look_for_room(self, n_bytes: int) -> None:
        free = shutil.disk_usage(self.folder).free
        if free < n_bytes:
            raise OSError(errno.ENOSPC, f"{n_bytes} bytes are needed, {free} are free", str(self.folder))

    def _lead(self, node, args, kwargs, planes: list[Plane]) -> Plane:
        operation = node.operation
        name, out = type(operation).__name__, node.outputs[0]
        if name in MAKERS:
            return MAKERS[name](self, operation, *args, **kwargs)
        if name not in POINT_BY_POINT or len({(one.height, one.width) for one in planes}) > 1:
            raise ValueError(f"A layer of the kind {name} cannot be led over a picture in bands.")

        def read(top, bottom):
            def fill(value):
                return value.read(top, bottom) if isinstance(value, Plane) else value

            filled, named = keras.tree.map_structure(fill, (args, kwargs))
            return operation(*filled, **named)

        return Plane((planes[0].height, planes[0].width, out.shape[-1]), tuple(planes), read, dtype=out.dtype)


def _kept_below(plane: Plane) -> set[Kept]:
    """The files that its rows are made from."""
    if isinstance(plane, Kept):
        return {plane}
    return set().union(*(_kept_below(one) for one in plane.inputs))


def _all_below(plane: Plane) -> set[Kept]:
    """Those, and all that these are made from."""
    found, unseen = set(), _kept_below(plane)
    while unseen:
        found |= unseen
        unseen = set().union(*(one.sources for one in unseen)) - found
    return found


def _lead_convolution(stream: Stream, layer, x: Plane) -> Plane:
    x = stream.keep(x) if x.is_dear else x
    margin, stride = layer.size // 2, layer.stride
    height, width = ((side + 2 * margin - layer.size) // stride + 1 for side in (x.height, x.width))
    kernel, bias = _weights(layer)
    convolve = kernels.prepare_convolution(kernel, bias, stride)
    columns = _mirrored(np.arange(-margin, x.width + margin), x.width)

    def read(top, bottom):
        rows = _mirrored(np.arange(top * stride, (bottom - 1) * stride + layer.size) - margin, x.height)
        return convolve(ops.cast(_take(x, rows, columns), layer.compute_dtype))

    shape = (height, width, layer.filters)
    return Plane(shape, (x,), read, dtype=layer.compute_dtype, n_products=int(np.prod(kernel.shape)))


def _lead_enlarging_convolution(stream: Stream, layer, x: Plane) -> Plane:
    kernel, bias = _weights(layer)
    kernel, bias = kernels.fold_into_phases(kernel), ops.tile(bias, 4)
    return _unfolded(stream, layer, x, kernel, bias, lambda at, side: np.clip(at, 0, side - 1))


def _lead_unfolding_convolution(stream: Stream, layer, x: Plane) -> Plane:
    return _unfolded(stream, layer, x, *_weights(layer), _mirrored)


def _unfolded(stream: Stream, layer, x: Plane, kernel, bias, reach_out: Callable) -> Plane:
    """A 3×3 convolution whose channels become 2×2 pixels; `reach_out` says what lies outside of the picture."""
    x = stream.keep(x) if x.is_dear else x
    convolve = kernels.prepare_convolution(kernel, bias, unfolds=True)
    columns = reach_out(np.arange(-1, x.width + 1), x.width)

    def read(top, bottom):
        first, last = top // 2, (bottom + 1) // 2
        rows = reach_out(np.arange(first - 1, last + 1), x.height)
        large = convolve(ops.cast(_take(x, rows, columns), layer.compute_dtype))
        return large[:, top - 2 * first : bottom - 2 * first]

    shape = (2 * x.height, 2 * x.width, layer.filters)
    return Plane(shape, (x,), read, dtype=layer.compute_dtype, n_products=int(np.prod(kernel.shape)) // 4)


def _weights(layer):
    return tuple(ops.cast(weight, layer.compute_dtype) for weight in (layer.kernel, layer.bias))


def _lead_instance_norm(stream: Stream, layer, x: Plane) -> Plane:
    scale, shift = (ops.convert_to_tensor(weight) for weight in (layer.scale, layer.shift))
    return _normalised(stream.keep(x), scale, shift, layer.compute_dtype)


def _lead_conditional_norm(stream: Stream, layer, x: Plane, scales, masks: Plane | None = None) -> Plane:
    scale, shift = ops.split(ops.cast(scales, "float32"), 2, axis=-1)
    if masks is None:
        return _normalised(stream.keep(x), 1 + scale[0], shift[0], x.dtype)
    plain = ops.ones((x.channels,))
    normed = _normalised(stream.keep(x), plain, 0 * plain, x.dtype)

    def read(top, bottom):
        shares = masks.read(top, bottom)
        wide, by = (layers.spread(values, shares, x.dtype) for values in (1 + scale, shift))
        return normed.read(top, bottom) * wide + by

    return Plane((x.height, x.width, x.channels), (normed, masks), read, dtype=x.dtype)


def _normalised(x: Kept, scale, shift, dtype) -> Plane:
    def read(top, bottom):
        rows = ops.cast(x.read(top, bottom), dtype)
        return kernels.normalise(rows, *x.moments.as_tensors(), scale, shift)

    return Plane((x.height, x.width, x.channels), (x,), read, dtype=dtype)


def _lead_grain(stream: Stream, layer, x: Plane, amounts, masks: Plane | None = None) -> Plane:
    def read(top, bottom):
        noise = ops.cast(layer.noise_of(bottom - top, x.width, top)[None], x.dtype)
        if masks is None:
            return x.read(top, bottom) + ops.cast(amounts[:, None, None], x.dtype) * noise
        return x.read(top, bottom) + layers.spread(amounts, masks.read(top, bottom), x.dtype) * noise

    return Plane((x.height, x.width, x.channels), (x, *([masks] if masks else [])), read, dtype=x.dtype)


def _lead_up_sampling(stream: Stream, layer, x: Plane) -> Plane:
    factor, wide = layer.size
    columns = np.arange(x.width * wide) // wide

    def read(top, bottom):
        return _take(x, np.arange(top, bottom) // factor, columns)

    return Plane((x.height * factor, x.width * wide, x.channels), (x,), read, dtype=x.dtype)


def _lead_average_pooling(stream: Stream, layer, x: Plane) -> Plane:
    factor, wide = layer.pool_size

    def read(top, bottom):
        return layer(x.read(top * factor, bottom * factor))

    return Plane((x.height // factor, x.width // wide, x.channels), (x,), read, dtype=layer.compute_dtype)


def _lead_space_to_depth(stream: Stream, layer, x: Plane) -> Plane:
    def read(top, bottom):
        return kernels.space_to_depth(ops.cast(x.read(2 * top, 2 * bottom), layer.compute_dtype))

    return Plane((x.height // 2, x.width // 2, 4 * x.channels), (x,), read, dtype=layer.compute_dtype)


MAKERS = {
    "AveragePooling2D": _lead_average_pooling,
    "ConditionalNorm": _lead_conditional_norm,
    "Convolution": _lead_convolution,
    "EnlargingConvolution": _lead_enlarging_convolution,
    "Grain": _lead_grain,
    "InstanceNorm": _lead_instance_norm,
    "SpaceToDepth": _lead_space_to_depth,
    "UnfoldingConvolution": _lead_unfolding_convolution,
    "UpSampling2D": _lead_up_sampling,
}


def _take(plane: Plane, rows: np.ndarray, columns: np.ndarray):
    """These rows and columns, of which only the rows between the first and the last are read."""
    top, bottom = int(rows.min()), int(rows.max()) + 1
    return kernels.take_positions(plane.read(top, bottom), rows - top, columns)


def _mirrored(positions: np.ndarray, side: int) -> np.ndarray:
    """Positions outside are those inside, as far from the edge, which is not repeated."""
    positions = np.abs(positions)
    return np.where(positions < side, positions, 2 * (side - 1) - positions)
