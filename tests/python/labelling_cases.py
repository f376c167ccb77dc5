"""Layers that label sequences and losses over many classes, with gradients; their programs are compared with recorded ones.

CASES maps names to functions. What a function returns, a list of names, is compared too.
"""

import paddle.fluid as fluid
from paddle.fluid import layers
from paddle.fluid.backward import append_backward

from backward_cases import data, pairs

CASES = {}
RESULTS = True  # whether what the functions return is of interest


def case(function):
    CASES[function.__name__] = function
    return function


def scores(width=5):
    return data("x", [None, width], "float32", 1)


def tokens(name="y", dtype="int64"):
    return data(name, [None, 1], dtype, 1)


def number(name):
    return data(name, [None], "int64")


def trained(loss):
    return pairs(append_backward(layers.mean(loss)))


@case
def crf():
    return trained(layers.linear_chain_crf(layers.fc(scores(), 4), tokens(), fluid.ParamAttr(name="crfw")))


@case
def crf_padded():
    x = layers.fc(data("x", [None, 7, 5]), 4, num_flatten_dims=2)
    return trained(layers.linear_chain_crf(x, data("y", [None, 7, 1], "int64"), length=data("n", [None, 1], "int64")))


@case
def crf_decoded():
    layers.linear_chain_crf(scores(), tokens(), fluid.ParamAttr(name="crfw"))
    layers.crf_decoding(scores(), fluid.ParamAttr(name="crfw"))
    layers.crf_decoding(scores(), fluid.ParamAttr(name="crfw"), tokens())


@case
def chunks():
    layers.chunk_eval(tokens("x"), tokens(), "IOB", 3, [1])
    layers.chunk_eval(data("a", [None, 8], "int64"), data("b", [None, 8], "int64"), "IOE", 3, seq_length=number("n"))


@case
def distance():
    layers.edit_distance(tokens("x"), tokens())
    layers.edit_distance(data("a", [None, 6], "int64"), data("b", [None, 7], "int64"), False, None, number("n"), number("m"))


@case
def greedy():
    layers.ctc_greedy_decoder(scores(), 0)
    layers.ctc_greedy_decoder(data("a", [None, 6, 5]), 0, data("n", [None, 1], "int64"), -1, name="greedy")


@case
def ctc():
    return trained(layers.warpctc(layers.fc(scores(), 4), tokens(dtype="int32")))


@case
def ctc_padded():
    x = layers.fc(data("x", [9, None, 5]), 4, num_flatten_dims=2)
    return trained(layers.warpctc(x, data("y", [None, 4], "int32"), 1, True, number("n"), number("m")))


@case
def nce():
    return trained(layers.nce(data("x", [None, 5]), data("y", [None, 1], "int64"), 20))


@case
def nce_sparse():
    inputs = data("x", [None, 5]), data("y", [None, 2], "int64"), 20
    return trained(layers.nce(*inputs, data("sw", [None, 1]), "nw", "nb", 3, "nm", "log_uniform", None, 5, True))


@case
def nce_custom():
    probabilities = [0.05, 0.15, 0.1, 0.4, 0.2, 0.1]
    inputs = data("x", [None, 5]), data("y", [None, 1], "int64"), 6
    return trained(layers.nce(*inputs, bias_attr=False, sampler="custom_dist", custom_dist=probabilities))


@case
def tree():
    return trained(layers.hsigmoid(layers.fc(data("x", [None, 5]), 4), data("y", [None, 1], "int64"), 6))


@case
def tree_shared():
    x, y = layers.fc(data("x", [None, 5]), 4), data("y", [None, 1], "int64")
    losses = [layers.hsigmoid(x, y, 6, param_attr="hw", bias_attr=False) for _ in range(2)]
    return trained(layers.elementwise_add(*losses))


@case
def tree_custom():
    paths = dict(path_table=data("pt", [None, 3], "int64"), path_code=data("pc", [None, 3], "int64"), is_custom=True)
    x, y = data("x", [None, 5]), data("y", [None, 1], "int64")
    return trained(layers.hsigmoid(x, y, 6, None, None, "hn", is_sparse=True, **paths))


@case
def sampled():
    x = layers.fc(data("x", [None, 5]), 50)
    return trained(layers.sampled_softmax_with_cross_entropy(x, data("y", [None, 1], "int64"), 5))


@case
def sampled_customized():
    x, y = layers.fc(data("x", [None, 5]), 50), data("y", [None, 1], "int64")
    samples = data("cs", [None, 6], "int64"), data("cp", [None, 6])
    return trained(layers.sampled_softmax_with_cross_entropy(x, y, 5, 1, False, True, *samples, 4))


@case
def sampling_id():
    layers.sampling_id(data("x", [None, 5]), 0.1, 0.9, 3)


@case
def chunk_evaluator():
    evaluator = fluid.evaluator.ChunkEvaluator(tokens("x"), tokens(), "IOB", 3, [1])
    return [var.name for var in evaluator.states + evaluator.metrics]


@case
def distance_evaluator():
    evaluator = fluid.evaluator.EditDistance(tokens("x"), tokens())
    return [var.name for var in evaluator.states + evaluator.metrics]
