"""Weight decay, as terms added to the gradients."""

from paddle.fluid import framework

__all__ = ["L1Decay", "L2Decay", "L1DecayRegularizer", "L2DecayRegularizer"]


def append_regularization_ops(parameters_and_grads, regularization=None):
    """Add to each gradient the term of its parameter's regularizer, else of ``regularization``.

    Returns a list of (parameter, gradient).
    """
    params_and_grads = []
    with framework.name_scope("regularization"):
        for param, grad in parameters_and_grads:
            regularizer = param.regularizer if param.regularizer is not None else regularization
            if grad is None or regularizer is None:
                params_and_grads.append((param, grad))
                continue
            with param.block.program._optimized_guard([param, grad]):
                term = regularizer(param, grad, grad.block)
                total = grad
                if grad.type == framework.VarType.SELECTED_ROWS:
                    # a sparse gradient plus a dense term is dense
                    total = grad.block.create_var(
                        name=grad.name + "@SUM_REGULARIZATION",
                        dtype=param.dtype,
                        shape=param.shape,
                        lod_level=param.lod_level,
                        type=framework.VarType.LOD_TENSOR,
                    )
                grad.block.append_op(type="sum", inputs={"X": [grad, term]}, outputs={"Out": total})
            params_and_grads.append((param, total))
    return params_and_grads


class WeightDecayRegularizer:
    """Base of the regularizers: a call appends the ops that compute the term and returns it."""

    def __call__(self, param, grad, block):
        raise NotImplementedError("%s computes no term" % type(self).__name__)


class L2DecayRegularizer(WeightDecayRegularizer):
    """Adds ``regularization_coeff * parameter`` to the gradient."""

    def __init__(self, regularization_coeff=0.0):
        self._regularization_coeff = regularization_coeff

    def __call__(self, param, grad, block):
        term = block.create_var(dtype=param.dtype, shape=param.shape, lod_level=param.lod_level)
        block.append_op(
            type="scale", inputs={"X": param}, outputs={"Out": term}, attrs={"scale": self._regularization_coeff}
        )
        return term

    def __str__(self):
        return "L2Decay, regularization_coeff=%f" % self._regularization_coeff


class L1DecayRegularizer(WeightDecayRegularizer):
    """Adds ``regularization_coeff * sign(parameter)`` to the gradient."""

    def __init__(self, regularization_coeff=0.0):
        self._regularization_coeff = regularization_coeff

    def __call__(self, param, grad, block):
        term = block.create_var(dtype=param.dtype, shape=param.shape, lod_level=param.lod_level)
        block.append_op(type="sign", inputs={"X": param}, outputs={"Out": term})
        block.append_op(
            type="scale", inputs={"X": term}, outputs={"Out": term}, attrs={"scale": self._regularization_coeff}
        )
        return term

    def __str__(self):
        return "L1Decay, regularization_coeff=%f" % self._regularization_coeff


L1Decay = L1DecayRegularizer
L2Decay = L2DecayRegularizer
