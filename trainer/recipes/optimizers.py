"""How weights follow gradients, and how learning rates change while a recipe trains."""

import keras
from keras import ops

from trainer import gradients
from trainer.networks import kernels
from trainer.networks.layers import PACKAGE


def build_adversary(config, steps: int, variables: list) -> keras.optimizers.Optimizer:
    """Adam as both papers have it: by a config's `learning_rate`, `beta1` and `constant_share`."""
    constant = round(config.constant_share * steps)
    rate = ConstantThenLinear(config.learning_rate, constant=constant, steps=steps)
    return gradients.build_optimizer(Adam(rate, beta_1=config.beta1), variables)


def build_warmed(config, steps: int, variables: list) -> keras.optimizers.Optimizer:
    """Keras' Adam on a cosine: by a config's `learning_rate`, `warm_up` and `clip`."""
    rate = keras.optimizers.schedules.CosineDecay(
        config.learning_rate / 100,
        decay_steps=max(1, steps - config.warm_up),
        alpha=0.01,
        warmup_target=config.learning_rate,
        warmup_steps=config.warm_up,
    )
    return gradients.build_optimizer(keras.optimizers.Adam(rate, global_clipnorm=config.clip), variables)


@keras.saving.register_keras_serializable(PACKAGE)
class Adam(keras.optimizers.Adam):
    """Keras' own, its update one pass over the memory where the backend can: a third of the time."""

    def update_step(self, gradient, variable, learning_rate):
        if gradients.n_devices() > 1 or not kernels.HAS_ADAM or self.amsgrad:
            super().update_step(gradient, variable, learning_rate)
            return
        i = self._get_variable_index(variable)
        kernels.take_adam_step(
            variable,
            gradient,
            (self._momentums[i], self._velocities[i]),
            step=self.iterations + 1,
            rate=learning_rate,
            betas=(self.beta_1, self.beta_2),
            epsilon=self.epsilon,
        )


@keras.saving.register_keras_serializable(PACKAGE)
class ConstantThenLinear(keras.optimizers.schedules.LearningRateSchedule):
    """`rate` for `constant` steps, then on a straight line to zero after `steps`."""

    def __init__(self, rate: float, *, constant: int, steps: int):
        if not 0 <= constant <= steps:
            raise ValueError(f"Expected 0 to {steps} steps at a constant rate, got {constant}.")
        self.rate, self.constant, self.steps = rate, constant, steps

    def __call__(self, step):
        left = (self.steps - ops.cast(step, "float32")) / max(1, self.steps - self.constant)
        return self.rate * ops.clip(left, 0.0, 1.0)

    def get_config(self):
        return {"rate": self.rate, "constant": self.constant, "steps": self.steps}
