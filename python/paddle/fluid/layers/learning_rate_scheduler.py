"""Learning rates that change from step to step. Each returns a float32 variable (1,) for an optimizer."""

import math

from paddle.fluid.framework import Variable, default_main_program
from paddle.fluid.layers import control_flow, nn, ops, tensor
from paddle.fluid.layers._op import to_sequence

__all__ = (
    "exponential_decay natural_exp_decay inverse_time_decay polynomial_decay piecewise_decay noam_decay cosine_decay "
    "linear_lr_warmup"
).split()


def _decay_step_counter(begin=0):
    """The number of this step as a float32 variable."""
    counter = nn.autoincreased_step_counter(counter_name="@LR_DECAY_COUNTER@", begin=begin, step=1)
    return tensor.cast(counter, "float32")


def noam_decay(d_model, warmup_steps, learning_rate=1.0):
    """learning_rate * d_model^-0.5 * min(step^-0.5, step * warmup_steps^-1.5), steps counted from 1.

    Args:
        d_model (int): length of the model's vectors.
        warmup_steps (int): steps over which the rate rises.
        learning_rate (float): factor.

    Returns:
        Variable: float32, (1,).

    Raises:
        TypeError: an argument is neither a number nor a Variable.

    Source: Vaswani et al., "Attention Is All You Need", 2017.
    """
    with default_main_program()._lr_schedule_guard():
        step = _decay_step_counter(1)
        a = step**-0.5
        b = (warmup_steps**-1.5) * step
        return learning_rate * (d_model**-0.5) * nn.elementwise_min(a, b)


def _progress(decay_steps, staircase):
    """step / decay_steps; whole numbers only with ``staircase``."""
    div = _decay_step_counter() / decay_steps
    return ops.floor(div) if staircase else div


def exponential_decay(learning_rate, decay_steps, decay_rate, staircase=False):
    """learning_rate * decay_rate ^ (step / decay_steps).

    Args:
        learning_rate: the first rate, a number or a Variable of shape (1,).
        decay_steps (int): steps between two rates.
        decay_rate (float): the rate of decay.
        staircase (bool): round step / decay_steps down.

    Returns:
        Variable: float32, (1,).

    Raises:
        TypeError: an argument is neither a number nor a Variable.
    """
    with default_main_program()._lr_schedule_guard():
        return learning_rate * (decay_rate ** _progress(decay_steps, staircase))


def natural_exp_decay(learning_rate, decay_steps, decay_rate, staircase=False):
    """learning_rate * e ^ (-decay_rate * step / decay_steps).

    Args:
        learning_rate: the first rate, a number or a Variable of shape (1,).
        decay_steps (int): steps between two rates.
        decay_rate (float): the rate of decay.
        staircase (bool): round step / decay_steps down.

    Returns:
        Variable: float32, (1,).

    Raises:
        TypeError: an argument is neither a number nor a Variable.
    """
    with default_main_program()._lr_schedule_guard():
        return learning_rate * ops.exp(-1 * decay_rate * _progress(decay_steps, staircase))


def inverse_time_decay(learning_rate, decay_steps, decay_rate, staircase=False):
    """learning_rate / (1 + decay_rate * step / decay_steps).

    Args:
        learning_rate: the first rate, a number or a Variable of shape (1,).
        decay_steps (int): steps between two rates.
        decay_rate (float): the rate of decay.
        staircase (bool): round step / decay_steps down.

    Returns:
        Variable: float32, (1,).

    Raises:
        TypeError: an argument is neither a number nor a Variable.
    """
    with default_main_program()._lr_schedule_guard():
        return learning_rate / (1 + decay_rate * _progress(decay_steps, staircase))


def polynomial_decay(learning_rate, decay_steps, end_learning_rate=0.0001, power=1.0, cycle=False):
    """(learning_rate - end_learning_rate) * (1 - step / decay_steps) ^ power + end_learning_rate.

    After ``decay_steps`` the rate stays; with ``cycle`` it starts again, each time over a multiple of them.

    Args:
        learning_rate: the first rate, a number or a Variable of shape (1,).
        decay_steps (int): steps until the last rate.
        end_learning_rate (float): the last rate.
        power (float): 1: a straight line.
        cycle (bool): start again.

    Returns:
        Variable: float32, (1,).

    Raises:
        TypeError: an argument is neither a number nor a Variable.
    """
    with default_main_program()._lr_schedule_guard():
        step = _decay_step_counter()
        if cycle:
            rounds = ops.ceil(step / decay_steps)
            zero = tensor.fill_constant(shape=[1], dtype="float32", value=0.0)
            one = tensor.fill_constant(shape=[1], dtype="float32", value=1.0)
            with control_flow.Switch() as switch:
                with switch.case(step == zero):
                    tensor.assign(input=one, output=rounds)
            decay_steps = decay_steps * rounds
        else:
            last = tensor.fill_constant(shape=[1], dtype="float32", value=float(decay_steps))
            step = nn.elementwise_min(x=step, y=last)
        return (learning_rate - end_learning_rate) * ((1 - step / decay_steps) ** power) + end_learning_rate


def piecewise_decay(boundaries, values):
    """values[i] up to step boundaries[i], the last value behind.

    Args:
        boundaries (list): step numbers, rising.
        values (list): the rates, one more.

    Returns:
        Variable: float32, (1,).

    Raises:
        ValueError: there is not one value more than boundaries.
    """
    with default_main_program()._lr_schedule_guard():
        boundaries = to_sequence(boundaries, "boundaries of piecewise_decay")
        values = to_sequence(values, "values of piecewise_decay")
        if len(values) - len(boundaries) != 1:
            raise ValueError("piecewise_decay needs one value more than boundaries")
        step = _decay_step_counter()
        rate = tensor.create_global_var(shape=[1], value=0.0, dtype="float32", persistable=True, name="learning_rate")
        with control_flow.Switch() as switch:
            for boundary, value in zip(boundaries, values):
                limit = tensor.fill_constant(shape=[1], dtype="float32", value=float(boundary), force_cpu=True)
                constant = tensor.fill_constant(shape=[1], dtype="float32", value=float(value))
                with switch.case(step < limit):
                    tensor.assign(constant, rate)
            constant = tensor.fill_constant(shape=[1], dtype="float32", value=float(values[-1]))
            with switch.default():
                tensor.assign(constant, rate)
        return rate


def cosine_decay(learning_rate, step_each_epoch, epochs):
    """learning_rate / 2 * (cos(epoch * pi / epochs) + 1).

    Args:
        learning_rate: the first rate, a number or a Variable of shape (1,).
        step_each_epoch (int): steps of an epoch.
        epochs (int): epochs in all.

    Returns:
        Variable: float32, (1,).

    Raises:
        TypeError: ``learning_rate`` is neither a number nor a Variable.

    Source: Loshchilov and Hutter, "SGDR", 2016.
    """
    if not isinstance(learning_rate, (float, int, Variable)):
        raise TypeError("learning_rate must be a number or a Variable, got %s" % type(learning_rate).__name__)
    with default_main_program()._lr_schedule_guard():
        step = _decay_step_counter()
        epoch = ops.floor(step / step_each_epoch)
        return learning_rate * 0.5 * (ops.cos(epoch * math.pi / epochs) + 1)


def linear_lr_warmup(learning_rate, warmup_steps, start_lr, end_lr):
    """From ``start_lr`` to ``end_lr`` over ``warmup_steps``, then ``learning_rate``, a number or a Variable (1,).

    Args:
        learning_rate: the rate behind, a number or a Variable of shape (1,).
        warmup_steps (int): steps over which the rate changes.
        start_lr (float): the first rate.
        end_lr (float): the rate at the end of these steps.

    Returns:
        Variable: float32, (1,).

    Raises:
        TypeError: an argument is of another kind.
    """
    for what, value in (("start_lr", start_lr), ("end_lr", end_lr)):
        if not isinstance(value, (float, int)):
            raise TypeError("%s must be a number, got %s" % (what, type(value).__name__))
    with default_main_program()._lr_schedule_guard():
        rate = tensor.create_global_var(
            shape=[1], value=0.0, dtype="float32", persistable=True, name="learning_rate_warmup"
        )
        step = _decay_step_counter()
        with control_flow.Switch() as switch:
            with switch.case(step < warmup_steps):
                tensor.assign(start_lr + (end_lr - start_lr) * (step / float(warmup_steps)), rate)
            with switch.default():
                if not isinstance(learning_rate, Variable):
                    learning_rate = tensor.fill_constant(shape=[1], dtype=rate.dtype, value=float(learning_rate))
                tensor.assign(learning_rate, rate)
        return rate
