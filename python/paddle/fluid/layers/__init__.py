"""The layers: functions that append ops to the default main program and return the variables they compute."""

from paddle.fluid.layers import (  # noqa: F401
    array,
    control_flow,
    decode,
    io,
    layer_function_generator,
    loss,
    math_op_patch,
    metric_op,
    nn,
    ops,
    rnn,
    sequence_lod,
    tensor,
)
from paddle.fluid.layers.control_flow import *  # noqa: F401,F403
from paddle.fluid.layers.io import *  # noqa: F401,F403
from paddle.fluid.layers.loss import *  # noqa: F401,F403
from paddle.fluid.layers.math_op_patch import monkey_patch_variable
from paddle.fluid.layers.metric_op import *  # noqa: F401,F403
from paddle.fluid.layers.nn import *  # noqa: F401,F403
from paddle.fluid.layers.ops import *  # noqa: F401,F403
from paddle.fluid.layers.rnn import *  # noqa: F401,F403  (the layer rnn takes the place of the module)
from paddle.fluid.layers.rnn import __all__ as _rnn_all
from paddle.fluid.layers.sequence_lod import *  # noqa: F401,F403
from paddle.fluid.layers.tensor import *  # noqa: F401,F403
from paddle.fluid.layers import learning_rate_scheduler  # noqa: F401  (uses the names above)
from paddle.fluid.layers.learning_rate_scheduler import *  # noqa: F401,F403

__all__ = (
    nn.__all__
    + io.__all__
    + tensor.__all__
    + control_flow.__all__
    + ops.__all__
    + metric_op.__all__
    + learning_rate_scheduler.__all__
    + sequence_lod.__all__
    + loss.__all__
    + _rnn_all
)

monkey_patch_variable()
