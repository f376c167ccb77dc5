"""Nets with loops and branches in plain Fluid code, with gradients; their programs are compared with recorded ones.

CASES maps names to functions. What a function returns, a list of names, is compared too.
"""

from paddle.fluid import layers
from paddle.fluid.backward import append_backward

from backward_cases import data, pairs

CASES = {}
RESULTS = True  # whether what the functions return is of interest


def case(function):
    CASES[function.__name__] = function
    return function


def number(value, dtype="float32"):
    return layers.fill_constant([1], dtype, value)


@case
def cond():
    x = data("x", [2, 4])
    h = layers.fc(x, 4)
    small = layers.less_than(layers.reduce_sum(x), number(1.0))
    out = layers.cond(small, lambda: layers.fc(h, 4, param_attr="w") * h, lambda: layers.tanh(h))
    return pairs(append_backward(layers.mean(layers.elementwise_add(out, h))))


@case
def case_and_switch_case():
    first, second = [layers.less_than(number(a), number(b)) for a, b in ((1.0, 2.0), (3.0, 2.0))]
    a = layers.case([(first, lambda: number(1.0)), (second, lambda: number(2.0))], default=lambda: number(3.0))
    index = number(1, "int32")
    b = layers.switch_case(index, {1: lambda: number(4.0), 3: lambda: number(5.0)}, default=lambda: number(6.0))
    layers.elementwise_add(a, b)
    layers.switch_case(number(1, "int64"), [lambda: number(7.0), lambda: number(8.0)])


@case
def while_loop():
    x, n = data("x", [2, 4]), number(3, "int64")
    w = layers.create_parameter([4, 4], "float32", name="w")
    h = layers.fc(x, 4)
    _, v = layers.while_loop(
        lambda i, v: layers.less_than(i, n),
        lambda i, v: [layers.increment(i, 1, in_place=False), layers.tanh(layers.matmul(v, w))],
        [number(0, "int64"), h],
    )
    return pairs(append_backward(layers.mean(layers.matmul(v, w))))


@case
def while_over_arrays():
    x = data("x", [4])
    zero = number(0, "int64")
    memory = layers.array_write(x, zero)
    values = layers.array_write(layers.scale(x, 2.0), zero)
    i, n = number(0, "int64"), number(1, "int64")
    w = layers.create_parameter([4], "float32", name="w")
    holds = layers.less_than(i, n)
    with layers.While(holds).block():
        both = layers.sums([layers.array_read(values, i), layers.array_read(memory, i)])
        both = layers.elementwise_mul(both, w)
        layers.increment(i)
        layers.array_write(both, i, memory)
        layers.less_than(i, n, cond=holds)
    return pairs(append_backward(layers.mean(layers.array_read(memory, i))))


@case
def static_rnn():
    x, start = data("x", [3, 2, 4]), data("start", [2, 5])
    rnn = layers.StaticRNN()
    with rnn.step():
        step, before = rnn.step_input(x), rnn.memory(init=start)
        count = rnn.memory(shape=[-1, 5], batch_ref=step, init_value=1.0)
        after = layers.fc([step, before], 5, act="tanh")
        rnn.update_memory(before, after)
        rnn.update_memory(count, layers.scale(count, 2.0))
        rnn.step_output(layers.elementwise_add(after, count))
    return pairs(append_backward(layers.mean(rnn())))


@case
def dynamic_rnn():
    x, start = data("x", [None, 4], lod_level=1), data("start", [None, 5])
    rnn = layers.DynamicRNN()
    with rnn.block():
        step, same = rnn.step_input(x), rnn.static_input(start)
        before, ones = rnn.memory(init=start, need_reorder=True), rnn.memory(shape=[5], value=1.0)
        after = layers.fc([step, before, same], 5, act="tanh")
        rnn.update_memory(before, after)
        rnn.update_memory(ones, layers.elementwise_add(ones, after))
        rnn.output(after, ones)
    states, sums = rnn()
    return pairs(append_backward(layers.mean(layers.elementwise_add(states, sums))))


@case
def if_else():
    x, y = data("x", [None, 4]), data("y", [None, 1])
    branch = layers.IfElse(layers.less_than(y, layers.fill_constant_batch_size_like(y, [-1, 1], "float32", 0.0)))
    with branch.true_block():
        branch.output(layers.fc(branch.input(x), 3))
    with branch.false_block():
        branch.output(layers.fc(branch.input(x), 3, act="tanh"))
    return pairs(append_backward(layers.mean(branch()[0])))
