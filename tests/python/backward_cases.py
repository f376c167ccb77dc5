"""Small nets with gradients in plain Fluid code; their programs are compared with recorded ones.

CASES maps names to functions. What a function returns, a list of names, is compared too.
"""

import paddle.fluid as fluid
from paddle.fluid import layers
from paddle.fluid.backward import append_backward

CASES = {}
RESULTS = True  # whether what the functions return is of interest


def case(function):
    CASES[function.__name__] = function
    return function


def data(name, shape, dtype="float32", lod_level=0):
    """Data that gradients may reach."""
    var = fluid.data(name, shape, dtype, lod_level)
    var.stop_gradient = dtype != "float32"
    return var


def pairs(params_grads):
    return [[param.name, grad.name if grad is not None else None] for param, grad in params_grads]


def names(grads):
    return [grad.name if grad is not None else None for grad in grads]


def net(x, width=4):
    """Two layers; returns what is between them, and the loss."""
    hidden = layers.fc(x, width, act="tanh")
    return hidden, layers.mean(layers.fc(hidden, 1))


# append_backward


@case
def plain():
    return pairs(append_backward(net(data("x", [None, 4]))[1]))


@case
def parameter_list_of_names():
    return pairs(append_backward(net(data("x", [None, 4]))[1], parameter_list=["fc_1.w_0", "fc_0.b_0"]))


@case
def parameter_not_trainable():
    hidden = layers.fc(data("x", [None, 4]), 4, param_attr=fluid.ParamAttr(trainable=False))
    return pairs(append_backward(layers.mean(layers.fc(hidden, 1))))


@case
def parameter_unused():
    layers.fc(data("y", [None, 4]), 4)
    return pairs(append_backward(net(data("x", [None, 4]))[1]))


@case
def no_grad_set_parameter():
    return pairs(append_backward(net(data("x", [None, 4]))[1], no_grad_set={"fc_0.w_0"}))


@case
def no_grad_set_between():
    hidden, loss = net(data("x", [None, 4]))
    return pairs(append_backward(loss, no_grad_set={hidden.name}))


@case
def no_grad_set_one_branch():
    x = data("x", [None, 4])
    left, right = layers.relu(layers.fc(x, 4)), layers.sigmoid(layers.fc(x, 4))
    loss = layers.mean(layers.elementwise_mul(left, right))
    return pairs(append_backward(loss, no_grad_set={left}))


@case
def stopped_data():
    x = fluid.data("x", [None, 4])
    return pairs(append_backward(net(x)[1]))


@case
def stopped_branch():
    x = data("x", [None, 4])
    hidden = layers.fc(x, 4)
    stopped = layers.scale(hidden, 2.0)
    stopped.stop_gradient = True
    return pairs(append_backward(layers.mean(layers.elementwise_add(layers.fc(stopped, 4), layers.square(hidden)))))


@case
def stopped_everywhere():
    x = fluid.data("x", [None, 4])
    left = layers.relu(x)
    return pairs(append_backward(layers.mean(layers.elementwise_add(left, layers.fc(x, 4)))))


@case
def callback():
    seen = []

    def call(block, context):
        seen.append(block.desc.op(block.desc.op_size() - 1).type())

    append_backward(net(data("x", [None, 4]))[1], callbacks=[call])
    return seen


@case
def two_losses():
    x = data("x", [None, 4])
    hidden = layers.fc(x, 4)
    first, second = layers.mean(hidden), layers.mean(layers.square(hidden))
    return pairs(append_backward(first)) + pairs(append_backward(second))


@case
def loss_used_after():
    _, loss = net(data("x", [None, 4]))
    layers.scale(loss, 2.0)
    return pairs(append_backward(loss))


@case
def loss_not_last():
    hidden, loss = net(data("x", [None, 4]))
    layers.mean(layers.exp(hidden))
    return pairs(append_backward(loss))


# A variable used more than once


@case
def used_three_times():
    x = layers.fc(data("x", [None, 4]), 4)
    total = layers.elementwise_add(layers.relu(x), layers.elementwise_mul(layers.tanh(x), x))
    return pairs(append_backward(layers.mean(total)))


@case
def used_many_times_in_sum():
    x = layers.fc(data("x", [None, 4]), 4)
    return pairs(append_backward(layers.mean(layers.sums([x, layers.relu(x), x]))))


@case
def shared_parameter():
    x = data("x", [None, 4])
    for _ in range(3):
        x = layers.fc(x, 4, param_attr="w", bias_attr="b")
    return pairs(append_backward(layers.mean(x)))


@case
def shared_parameter_other_op():
    h = layers.fc(data("x", [None, 4]), 4, param_attr="w", bias_attr=False)
    w = fluid.default_main_program().global_block().var("w")
    penalty = layers.reduce_sum(layers.square(w))
    return pairs(append_backward(layers.elementwise_add(layers.mean(h), penalty)))


@case
def written_in_place():
    h = layers.fc(data("x", [None, 4]), 4)
    layers.scale(h, 2.0)
    h = layers.reshape(h, [-1, 2, 2], inplace=True)
    return pairs(append_backward(layers.mean(h)))


@case
def assigned():
    h = layers.fc(data("x", [None, 4]), 4)
    copy = layers.assign(h)
    return pairs(append_backward(layers.mean(layers.elementwise_mul(copy, h))))


# Sparse


def words(name="word"):
    return fluid.data(name, [None, 1], "int64", 1)


@case
def sparse_once():
    e = layers.embedding(words(), [10, 4], is_sparse=True, padding_idx=0)
    return pairs(append_backward(layers.mean(layers.sequence_pool(e, "sum"))))


@case
def sparse_twice():
    e = [layers.embedding(words(name), [10, 4], is_sparse=True, param_attr="e") for name in "ab"]
    total = layers.elementwise_add(layers.sequence_pool(e[0], "sum"), layers.sequence_pool(e[1], "average"))
    return pairs(append_backward(layers.mean(total)))


@case
def sparse_and_dense():
    e = layers.embedding(words(), [10, 4], is_sparse=True, param_attr="e")
    d = layers.embedding(words("other"), [10, 4], param_attr="e")
    total = layers.elementwise_add(layers.sequence_pool(e, "last"), layers.sequence_pool(d, "first"))
    return pairs(append_backward(layers.mean(total)))


@case
def sparse_with_penalty():
    e = layers.embedding(words(), [10, 4], is_sparse=True, param_attr="e")
    table = fluid.default_main_program().global_block().var("e")
    loss = layers.elementwise_add(layers.mean(e), layers.mean(layers.square(table)))
    return pairs(append_backward(loss))


@case
def sparse_v2():
    e = fluid.embedding(fluid.data("word", [None, 3], "int64"), [10, 4], is_sparse=True)
    return pairs(append_backward(layers.mean(e)))


@case
def sparse_trained():
    e = layers.embedding(words(), [10, 4], is_sparse=True)
    loss = layers.mean(layers.fc(layers.sequence_pool(e, "max"), 1))
    clip = fluid.clip.GradientClipByGlobalNorm(1.0)
    fluid.optimizer.Adam(0.1, grad_clip=clip, lazy_mode=True).minimize(loss)


# gradients


@case
def gradients_of_input():
    x = data("x", [None, 4])
    return names(fluid.gradients(net(x)[1], x))


@case
def gradients_of_between():
    hidden, loss = net(data("x", [None, 4]))
    return names(fluid.gradients([loss], [hidden]))


@case
def gradients_of_several():
    x, y = data("x", [None, 4]), data("y", [None, 4])
    product = layers.elementwise_mul(x, layers.tanh(y))
    return names(fluid.gradients(product, [x, y]))


@case
def gradients_of_unreachable():
    x, y = data("x", [None, 4]), data("y", [None, 4])
    return names(fluid.gradients(layers.square(x), [y, x]))


@case
def gradients_of_several_targets():
    x = data("x", [3, 4])
    first, second = layers.square(x), layers.exp(x)
    return names(fluid.gradients([first, second], [x]))


@case
def gradients_with_some_starts():
    x = data("x", [3, 4])
    start = layers.fill_constant([3, 4], "float32", 0.5)
    return names(fluid.gradients([layers.square(x), layers.exp(x)], [x], target_gradients=[None, start]))


@case
def gradients_without_some():
    x = data("x", [None, 4])
    left, right = layers.square(x), layers.exp(x)
    return names(fluid.gradients([layers.elementwise_mul(left, right)], [x], no_grad_set={left.name}))


@case
def gradients_of_target_itself():
    x = data("x", [None, 4])
    y = layers.square(x)
    return names(fluid.gradients([layers.exp(y)], [y, x]))


@case
def gradients_of_parameter():
    _, loss = net(data("x", [None, 4]))
    return names(fluid.gradients(loss, fluid.default_main_program().all_parameters()))


@case
def gradients_then_backward():
    x = data("x", [None, 4])
    hidden = layers.fc(x, 4, act="relu")
    slope = fluid.gradients(hidden, x)[0]
    loss = layers.elementwise_add(layers.mean(hidden), layers.mean(layers.square(slope)))
    return pairs(append_backward(loss))


@case
def gradients_three_times():
    x = data("x", [None, 4])
    once = fluid.gradients(layers.square(x), x)[0]
    return names(fluid.gradients(layers.square(layers.square(once)), x))


@case
def gradients_two_calls():
    x = data("x", [None, 4])
    y = layers.square(x)
    return names(fluid.gradients(y, x)) + names(fluid.gradients(layers.exp(y), x))


def penalty(activation):
    """A critic whose slope at its input shall be one."""
    x = data("x", [None, 4])
    hidden = activation(layers.fc(x, 8))
    slope = fluid.gradients(layers.fc(hidden, 1), x)[0]
    norm = layers.sqrt(layers.reduce_sum(layers.square(slope), dim=[1]))
    fluid.optimizer.Adam(0.1).minimize(layers.mean(layers.square(norm - 1.0)))


CASES["penalty_relu"] = lambda: penalty(layers.relu)
CASES["penalty_leaky_relu"] = lambda: penalty(layers.leaky_relu)
CASES["penalty_square"] = lambda: penalty(layers.square)


@case
def penalty_image():
    x = data("x", [None, 1, 8, 8])
    hidden = layers.leaky_relu(layers.conv2d(x, 3, 3, bias_attr=False))
    slope = fluid.gradients(layers.reduce_sum(hidden), x)[0]
    return pairs(append_backward(layers.mean(layers.square(slope))))


# Ops with several outputs


@case
def normalised_image():
    c = layers.conv2d(data("image", [None, 1, 8, 8]), 3, 3, bias_attr=False)
    n = layers.batch_norm(c, act="relu")
    p = layers.dropout(layers.pool2d(n, 2, "avg", 2), 0.5)
    return pairs(append_backward(layers.mean(layers.fc(layers.layer_norm(p), 2, act="softmax"))))


@case
def second_output():
    values, _ = layers.topk(layers.fc(data("x", [None, 4]), 6), 3)
    return pairs(append_backward(layers.mean(values)))


@case
def one_of_split():
    first, second, _ = layers.split(layers.fc(data("x", [None, 4]), 6), 3, dim=1)
    return pairs(append_backward(layers.mean(layers.elementwise_mul(first, second))))


@case
def concatenated():
    x = layers.fc(data("x", [None, 4]), 4)
    return pairs(append_backward(layers.mean(layers.concat([x, layers.relu(x), x], axis=1))))


@case
def concatenated_with_stopped():
    x = layers.fc(data("x", [None, 4]), 4)
    return pairs(append_backward(layers.mean(layers.concat([fluid.data("y", [None, 4]), x], axis=1))))


@case
def recurrent_cell():
    e = layers.embedding(words(), [10, 4])
    hidden, cell = layers.dynamic_lstm(layers.fc(e, 16), 16)
    both = layers.elementwise_add(layers.sequence_pool(hidden, "last"), layers.sequence_pool(cell, "max"))
    return pairs(append_backward(layers.mean(both)))


@case
def recurrent_gates():
    e = layers.embedding(words(), [10, 4])
    hidden = layers.dynamic_gru(layers.fc(e, 12), 4, is_reverse=True)
    return pairs(append_backward(layers.mean(layers.sequence_softmax(layers.fc(hidden, 1)))))


# Sequences


@case
def sequence_convolutions():
    h = layers.fc(data("x", [None, 4], "float32", 1), 6)
    h = layers.sequence_conv(layers.row_conv(h, 2), 6)
    h = layers.add_position_encoding(layers.sequence_reverse(h), 1.0, 0.5)
    return pairs(append_backward(layers.mean(layers.sequence_reshape(h, 3))))


@case
def sequence_padded():
    h = layers.fc(data("x", [None, 4], "float32", 1), 6)
    dense, lengths = layers.sequence_pad(h, layers.fill_constant([1], "float32", 0.0), maxlen=5)
    h = layers.sequence_unpad(layers.fc(dense, 6, num_flatten_dims=2), lengths)
    return pairs(append_backward(layers.mean(h)))


@case
def sequence_pieces():
    h = layers.fc(data("x", [None, 4], "float32", 1), 1)
    part = layers.sequence_slice(h, data("o", [None, 1], "int64"), data("n", [None, 1], "int64"))
    x = layers.fc(data("y", [3, 4]), 4)
    out = layers.sequence_scatter(x, data("i", [None, 1], "int64", 1), part)
    return pairs(append_backward(layers.mean(out)))


@case
def image_as_sequence():
    image = layers.conv2d(data("x", [None, 1, 8, 8]), 2, 3)
    return pairs(append_backward(layers.mean(layers.im2sequence(image, 2, 2))))


# Arrays, sequences step by step, choices


control_flow = layers.control_flow


def at(i):
    return layers.fill_constant([1], "int64", i)


@case
def array_items():
    x = data("x", [None, 4])
    array = layers.array_write(layers.fc(x, 4), at(0))
    layers.array_write(x, at(1), array)
    first, second, again = [layers.array_read(array, at(i)) for i in (0, 1, 0)]
    return pairs(append_backward(layers.mean(layers.sums([first, second, again]))))


@case
def array_stacked():
    hidden = layers.fc(data("x", [None, 4]), 4)
    array = layers.array_write(hidden, at(0))
    layers.array_write(layers.relu(hidden), at(1), array)
    out, _ = layers.tensor_array_to_tensor(array, 1, use_stack=True)
    layers.tensor_array_to_tensor(array)
    return pairs(append_backward(layers.mean(out)))


@case
def sequence_steps():
    x = data("x", [None, 4], lod_level=1)
    hidden = layers.fc(x, 4)
    table = control_flow.lod_rank_table(hidden)
    control_flow.lod_rank_table(x, 1)
    control_flow.max_sequence_len(table)
    array = control_flow.lod_tensor_to_array(hidden, table)
    memory = control_flow.shrink_memory(layers.array_read(array, at(0)), at(1), table)
    layers.array_write(memory, at(1), array)
    again = control_flow.array_to_lod_tensor(array, table)
    moved = layers.reorder_lod_tensor_by_rank(layers.fc(again, 3), table)
    return pairs(append_backward(layers.mean(moved)))


@case
def rows_by_mask():
    mask = data("mask", [None, 1], "bool")
    hidden = layers.fc(data("x", [None, 4], lod_level=1), 4)
    true, false = control_flow.split_lod_tensor(hidden, mask)
    merged = control_flow.merge_lod_tensor(layers.relu(true), false, hidden, mask)
    return pairs(append_backward(layers.mean(merged)))


@case
def chosen_by_number():
    hidden, mask = layers.fc(data("x", [None, 4]), 4), data("mask", [1], "int32")
    out = control_flow.select_input([hidden, layers.relu(hidden)], mask)
    return pairs(append_backward(layers.mean(out)))


@case
def written_by_number():
    hidden, mask = layers.fc(data("x", [None, 4]), 4), data("mask", [1], "int32")
    block = fluid.default_main_program().current_block()
    outs = [block.create_var(name="out%d" % i, dtype="float32", shape=hidden.shape) for i in range(2)]
    control_flow.select_output(hidden, outs, mask)
    return pairs(append_backward(layers.mean(layers.concat(outs))))


# Recomputation


def recomputed(checkpoints, layer=lambda x: layers.fc(x, 4, act="tanh")):
    x = data("x", [None, 4])
    hidden = [x]
    for _ in range(4):
        hidden.append(layer(hidden[-1]))
    loss = layers.mean(hidden[-1])
    return pairs(append_backward(loss, checkpoints=[hidden[i] for i in checkpoints]))


CASES["recompute_one"] = lambda: recomputed([2])
CASES["recompute_two"] = lambda: recomputed([1, 3])
CASES["recompute_all"] = lambda: recomputed([1, 2, 3, 4])
CASES["recompute_dropout"] = lambda: recomputed([2], lambda x: layers.dropout(layers.fc(x, 4), 0.5))
CASES["recompute_twice_used"] = lambda: recomputed([2], lambda x: layers.elementwise_mul(layers.fc(x, 4), layers.relu(x)))


@case
def recompute_optimizer():
    hidden, loss = net(data("x", [None, 4]))
    optimizer = fluid.optimizer.RecomputeOptimizer(fluid.optimizer.Adam(0.1))
    optimizer._set_checkpoints([hidden])
    optimizer.minimize(loss)


# Steps of an optimizer


@case
def backward_then_apply():
    _, loss = net(data("x", [None, 4]))
    optimizer = fluid.optimizer.SGD(0.1)
    params_grads = optimizer.backward(loss)
    optimizer.apply_gradients(params_grads)
    return pairs(params_grads)


@case
def minimize_returns():
    _, loss = net(data("x", [None, 4]))
    ops, params_grads = fluid.optimizer.Adam(0.1).minimize(loss, no_grad_set={"fc_0.b_0"})
    return [op.type for op in ops] + pairs(params_grads)


@case
def two_optimizers():
    x = data("x", [None, 4])
    first, second = layers.mean(layers.fc(x, 4, param_attr="a")), layers.mean(layers.fc(x, 4, param_attr="b"))
    fluid.optimizer.SGD(0.1).minimize(first, parameter_list=["a"])
    fluid.optimizer.Momentum(0.1, 0.9).minimize(second, parameter_list=["b"])


@case
def lookahead():
    fluid.optimizer.LookaheadOptimizer(fluid.optimizer.SGD(0.1), alpha=0.5, k=5).minimize(net(data("x", [None, 4]))[1])


@case
def model_average():
    fluid.optimizer.SGD(0.1).minimize(net(data("x", [None, 4]))[1])
    fluid.optimizer.ModelAverage(0.15, min_average_window=2, max_average_window=10)


@case
def cloned_for_test():
    _, loss = net(data("x", [None, 4]))
    fluid.optimizer.SGD(0.1).minimize(loss)
    test = fluid.default_main_program().clone(for_test=True)
    return [op.type for op in test.global_block().ops]


@case
def reshaped_in_place_behind_an_activation():
    h = layers.fc(data("x", [None, 4]), 4, act="relu")
    h = layers.reshape(h, [-1, 2, 2], inplace=True)
    return pairs(append_backward(layers.mean(h)))
