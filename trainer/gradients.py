"""Value-and-gradient, compilation, device and precision for the Keras backend in use; nothing else names one."""

import collections
import contextlib
import logging
import math
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import keras
import numpy as np
from keras import ops

logger = logging.getLogger(__name__)

BACKEND = keras.backend.backend()
if BACKEND == "tensorflow":
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2
elif BACKEND == "torch":
    import torch
elif BACKEND == "jax":
    import jax


def value_and_gradients(function: Callable, variables: list):
    """Call function() → (loss, metrics) and differentiate the loss: ((loss, metrics), gradients).

    `loss` is a number, `metrics` a dict of numbers, `variables` Keras variables.
    """
    if BACKEND == "tensorflow":
        with tf.GradientTape() as tape:
            loss, metrics = function()
        return (loss, metrics), tape.gradient(loss, [v.value for v in variables])
    if BACKEND == "torch":
        loss, metrics = function()
        values = [v.value for v in variables]
        return (loss, metrics), list(torch.autograd.grad(loss, values))

    scope = _Scope()

    def stateless(values):
        (loss, metrics), changes = scope.call(function, variables, values)
        return loss, (metrics, changes)

    (loss, (metrics, changes)), slopes = jax.value_and_grad(stateless, has_aux=True)([v.value for v in variables])
    scope.assign(changes)
    return (loss, metrics), slopes


def value_and_pull_back(function: Callable, variables: list):
    """Call function() → tensor: (tensor, pull_back).

    `pull_back` takes the slope of a loss by that tensor, and gives the loss's gradients by the variables. So one
    pass of a generator serves the discriminator's update, and then its own.
    """
    if BACKEND == "tensorflow":
        with tf.GradientTape() as tape:
            value = function()
        return value, lambda slope: tape.gradient(value, [v.value for v in variables], output_gradients=slope)
    if BACKEND == "torch":
        value, values = function(), [v.value for v in variables]
        return value.detach(), lambda slope: list(torch.autograd.grad(value, values, grad_outputs=slope))

    scope = _Scope()

    def stateless(values):
        return scope.call(function, variables, values)

    value, pull_back, changes = jax.vjp(stateless, [v.value for v in variables], has_aux=True)
    scope.assign(changes)
    return value, lambda slope: pull_back(slope)[0]


class _Scope(keras.StatelessScope):
    """For JAX, whose functions change nothing: what one assigns (the seed of a dropout) is assigned after it."""

    def call(self, function, variables, values):
        """The function's answer where `variables` hold `values`, and the values that it assigned."""
        self._assigned = {}
        self.state_mapping = {id(variable): value for variable, value in zip(variables, values, strict=True)}
        with self:
            answer = function()
        return answer, [self.get_current_value(variable) for variable in self._assigned.values()]

    def add_update(self, update):
        super().add_update(update)
        self._assigned[id(update[0])] = update[0]

    def assign(self, changes):
        for variable, value in zip(self._assigned.values(), changes, strict=True):
            variable.assign(value)


def value_and_slope(function: Callable, x):
    """Call function(x) → (loss, metrics) and differentiate the loss by the tensor: ((loss, metrics), slope)."""
    if BACKEND == "tensorflow":
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(x)
            loss, metrics = function(x)
        return (loss, metrics), tape.gradient(loss, x)
    if BACKEND == "torch":
        x = x.detach().requires_grad_()
        loss, metrics = function(x)
        return (loss, metrics), torch.autograd.grad(loss, x)[0]
    return jax.value_and_grad(function, has_aux=True)(x)


def build_optimizer(optimizer: keras.optimizers.Optimizer, variables: list) -> keras.optimizers.Optimizer:
    """An optimizer ready for `apply`; with loss scaling where the networks compute in float16."""
    if n_devices() > 1 and optimizer.global_clipnorm:
        optimizer.global_clipnorm /= n_devices()  # `apply` hands it shares of the gradients
    if keras.config.dtype_policy().compute_dtype == "float16":
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    optimizer.build(variables)
    return optimizer


def scale_loss(optimizer: keras.optimizers.Optimizer, loss):
    """The loss to be differentiated: larger where float16 would lose small gradients, else as it is."""
    return optimizer.scale_loss(loss)


def apply(optimizer: keras.optimizers.Optimizer, slopes: list, variables: list) -> None:
    """Update variables by the mean of the gradients on all devices."""
    n = n_devices()
    if n > 1:
        replica = tf.distribute.get_replica_context()
        # The optimizer adds up what the devices bring; its loss scaling looks at the first device's alone.
        slopes = [slope / n for slope in replica.all_reduce(tf.distribute.ReduceOp.MEAN, slopes)]
    optimizer.apply(slopes, variables)


def find_loss_scale(optimizer: keras.optimizers.Optimizer) -> float | None:
    """The factor on the loss, if there is one; it sinks while gradients overflow."""
    scale = getattr(optimizer, "dynamic_scale", None)
    return None if scale is None else float(as_array(scale))


def compile_step(function: Callable) -> Callable:
    """A faster function with the same answers, where the backend can; arguments keep their shapes."""
    return tf.function(function, autograph=False) if BACKEND == "tensorflow" else function


def compile_for_sizes(function: Callable) -> Callable:
    """The same for arguments that come in many shapes: it is compiled for the first, then once for all others."""
    return tf.function(function, autograph=False, reduce_retracing=True) if BACKEND == "tensorflow" else function


def run_uncompiled() -> None:
    """Take every step as it is written: slower, but begun at once, and a debugger can look inside."""
    if BACKEND == "tensorflow":
        tf.config.run_functions_eagerly(True)


@contextlib.contextmanager
def spread_over(devices: int):
    """Build and train inside: each of so many devices takes its share of every batch. ValueError where they lack."""
    if devices == 1:
        yield
        return
    if BACKEND != "tensorflow":
        raise ValueError(f"Training on {devices} devices needs Keras's TensorFlow backend; this is {BACKEND}.")
    found = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    if len(found) < devices:
        raise ValueError(f"devices is {devices}, but there is {len(found)} here: {', '.join(d.name for d in found)}.")
    with tf.distribute.MirroredStrategy([device.name for device in found[:devices]]).scope():
        yield


def n_devices() -> int:
    """How many devices share a batch here."""
    return tf.distribute.get_strategy().num_replicas_in_sync if BACKEND == "tensorflow" else 1


def compile_training_step(function: Callable) -> Callable:
    """function(batch) → losses, compiled, for batches of NumPy arrays; each device takes its share of them."""
    if n_devices() == 1:
        compiled = compile_step(function)
        return lambda batch: compiled({name: ops.convert_to_tensor(array) for name, array in batch.items()})
    strategy = tf.distribute.get_strategy()

    @compile_step
    def step(shares):
        losses = strategy.run(function, args=(shares,))
        return {name: strategy.reduce(tf.distribute.ReduceOp.MEAN, value, axis=None) for name, value in losses.items()}

    def share(batch, context):
        return {name: _take_share(array, context.replica_id_in_sync_group) for name, array in batch.items()}

    return lambda batch: step(strategy.experimental_distribute_values_from_function(lambda c: share(batch, c)))


def _take_share(array, index):
    if np.ndim(array) == 0:
        return tf.convert_to_tensor(array)
    if len(array) % n_devices():
        raise ValueError(f"A batch of {len(array)} cannot be shared by {n_devices()} devices.")
    size = len(array) // n_devices()
    return tf.convert_to_tensor(array[index * size : (index + 1) * size])


def are_finite(variables: list):
    """Whether all numbers in floating-point variables are numbers: a boolean tensor."""
    floats = [v for v in variables if keras.backend.is_float_dtype(v.dtype)]
    # One that is none makes the sum none: half the time of looking at each.
    return ops.all(ops.isfinite(ops.stack([ops.sum(ops.cast(v, "float32")) for v in floats])))


def compile_for_pictures(network: keras.Model, n_pictures: int = 1) -> Callable:
    """Compile a network once for batches of so many, of any height and width: array, … → tensor. For several threads.

    The weights of now become constants: casting them again for every picture costs a tenth of a small one's time.
    """
    if BACKEND == "tensorflow":
        return _ForPictures(network, n_pictures)
    return lambda *tensors: network(tensors[0] if len(tensors) == 1 else list(tensors))


class _ForPictures:
    """One graph for every size, and one each for the sizes that came again lately, where nothing is left to find out.

    That saves an eighth of a small picture's time, and costs half a second once, in a thread of its own: until then
    the graph of every size serves. The numbers are the same.
    """

    N_SIZES = 8  # graphs that are kept, each with weights of its own
    MOST_PIXELS = 1_000_000  # of a batch: in more the saving cannot be seen
    MAKERS = ThreadPoolExecutor(1, thread_name_prefix="graphs-of-a-size")

    def __init__(self, network, n_pictures):
        def call(*tensors):
            return network(tensors[0] if len(tensors) == 1 else list(tensors))

        signature = [tf.TensorSpec((n_pictures, *one.shape[1:]), one.dtype) for one in network.inputs]
        function = tf.function(call, input_signature=signature)
        self._any_size = convert_variables_to_constants_v2(function.get_concrete_function())
        self._dtypes = [one.dtype for one in network.inputs]
        self._of_a_size = collections.OrderedDict()  # shapes → future graph; None for a size that came once
        self._lock = threading.Lock()

    def __call__(self, *arrays):
        tensors = [tf.convert_to_tensor(*each) for each in zip(arrays, self._dtypes, strict=True)]
        shapes = tuple(tuple(tensor.shape) for tensor in tensors)
        if math.prod(shapes[0][:3]) > self.MOST_PIXELS:
            return self._any_size(*tensors)[0]
        with self._lock:
            has_come = shapes in self._of_a_size
            if has_come and self._of_a_size[shapes] is None:
                self._of_a_size[shapes] = self.MAKERS.submit(self._try_to_fix, shapes)
            fixed = self._of_a_size.setdefault(shapes, None)
            self._of_a_size.move_to_end(shapes)
            while len(self._of_a_size) > self.N_SIZES:
                self._of_a_size.popitem(last=False)
        function = fixed.result() if fixed and fixed.done() else self._any_size
        return function(*tensors)[0]

    def _try_to_fix(self, shapes):
        try:
            return self._fix(shapes)
        except (MemoryError, tf.errors.OpError):
            logger.exception("No graph of their own for pictures of %s; that of every size goes on.", shapes[0])
            return self._any_size

    def _fix(self, shapes):
        """The same graph for these shapes alone, after its first run, which takes longest."""
        graph = self._any_size.graph.as_graph_def()
        names = [tensor.name for tensor in self._any_size.inputs]
        answers = [tensor.name for tensor in self._any_size.outputs]

        def call(*tensors):
            return tf.graph_util.import_graph_def(graph, dict(zip(names, tensors, strict=True)), answers, name="")

        signature = [tf.TensorSpec(*each) for each in zip(shapes, self._dtypes, strict=True)]
        function = tf.compat.v1.wrap_function(call, signature)
        function(*(tf.zeros(each.shape, each.dtype) for each in signature))
        return function


def choose_precision() -> str:
    """The Keras dtype policy that is fast here: bfloat16 with hardware for it, float16 on older GPUs, else float32."""
    if BACKEND == "tensorflow" and (found := tf.config.list_physical_devices("GPU")):
        # Ampere, of 2020, was the first with bfloat16; Volta, of 2017, with float16.
        generation = tf.config.experimental.get_device_details(found[0]).get("compute_capability", (8, 0))
        return "mixed_bfloat16" if generation >= (8, 0) else "mixed_float16" if generation >= (7, 0) else "float32"
    return "mixed_bfloat16" if has_fast_bfloat16() else "float32"


def has_fast_bfloat16(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether this processor multiplies bfloat16 in hardware (AMX or AVX-512 BF16)."""
    try:
        flags = cpuinfo.read_text().split()
    except OSError:
        return False
    return "amx_bf16" in flags or "avx512_bf16" in flags


def use_deterministic_operations() -> None:
    """Same numbers on every run: deterministic kernels, one thread. Before the first operation, else ValueError."""
    if BACKEND != "tensorflow":
        return
    try:
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    except RuntimeError as error:
        raise ValueError("Deterministic training must be asked for before the first operation.") from error
    tf.config.experimental.enable_op_determinism()


def peak_device_memory() -> int | None:
    """Bytes that the first GPU held at most; None without one."""
    if BACKEND == "tensorflow" and tf.config.list_logical_devices("GPU"):
        return tf.config.experimental.get_memory_info("GPU:0")["peak"]
    return None


def as_array(tensor):
    """A NumPy array of any tensor or variable."""
    return ops.convert_to_numpy(tensor)
