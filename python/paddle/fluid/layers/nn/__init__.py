"""Layers of networks; by subject in the modules of this package."""

from paddle.fluid.layers.decode import gather_tree
from paddle.fluid.layers.nn.activation import (
    brelu,
    elu,
    hard_sigmoid,
    hard_swish,
    leaky_relu,
    log,
    log1p,
    maxout,
    mish,
    pow,
    prelu,
    relu,
    relu6,
    selu,
    soft_relu,
    stanh,
    swish,
)
from paddle.fluid.layers.nn.common import (
    autoincreased_step_counter,
    dice_loss,
    dropout,
    embedding,
    fc,
    l2_normalize,
    label_smooth,
    log_softmax,
    lrn,
    one_hot,
    softmax,
)
from paddle.fluid.layers.nn.conv import conv2d, conv2d_transpose, conv3d, conv3d_transpose, row_conv
from paddle.fluid.layers.nn.elementwise import (
    addcmul,
    allclose,
    clamp,
    clip,
    clip_by_norm,
    cos_sim,
    elementwise_add,
    elementwise_div,
    elementwise_equal,
    elementwise_floordiv,
    elementwise_max,
    elementwise_min,
    elementwise_mod,
    elementwise_mul,
    elementwise_pow,
    elementwise_sub,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    mean,
    scale,
    sign,
    sum,
)
from paddle.fluid.layers.nn.index import (
    crop,
    crop_tensor,
    gather,
    gather_nd,
    index_sample,
    index_select,
    multiplex,
    nonzero,
    scatter,
    scatter_nd,
    scatter_nd_add,
    shard_index,
    slice,
    strided_slice,
    topk,
    unique,
    unique_with_counts,
    where,
)
from paddle.fluid.layers.nn.labelling import chunk_eval, crf_decoding, ctc_greedy_decoder, linear_chain_crf
from paddle.fluid.layers.nn.lod import add_position_encoding, im2sequence, lod_append, lod_reset
from paddle.fluid.layers.nn.matrix import addmm, bilinear_tensor_product, bmm, cross, dist, dot, matmul, mul, t
from paddle.fluid.layers.nn.norm import batch_norm, group_norm, instance_norm, layer_norm
from paddle.fluid.layers.nn.pool import adaptive_pool2d, adaptive_pool3d, pool2d, pool3d
from paddle.fluid.layers.nn.random import (
    gaussian_random,
    gaussian_random_batch_size_like,
    randint,
    randn,
    randperm,
    sampling_id,
    uniform_random,
    uniform_random_batch_size_like,
)
from paddle.fluid.layers.nn.reduce import (
    logsumexp,
    reduce_all,
    reduce_any,
    reduce_max,
    reduce_mean,
    reduce_min,
    reduce_prod,
    reduce_sum,
)
from paddle.fluid.layers.nn.resize import (
    image_resize,
    image_resize_short,
    interpolate,
    resize_bilinear,
    resize_nearest,
    resize_trilinear,
)
from paddle.fluid.layers.nn.selected_rows import get_tensor_from_selected_rows, merge_selected_rows
from paddle.fluid.layers.nn.shape import (
    diag_embed,
    expand,
    expand_as,
    flatten,
    flip,
    meshgrid,
    pad,
    pad2d,
    pad_constant_like,
    pixel_shuffle,
    rank,
    reshape,
    roll,
    shape,
    shuffle_channel,
    size,
    space_to_depth,
    split,
    squeeze,
    stack,
    transpose,
    unsqueeze,
    unstack,
)
from paddle.fluid.layers.loss import smooth_l1, log_loss

__all__ = [name for name, value in list(globals().items()) if callable(value) and not name.startswith("_")]
