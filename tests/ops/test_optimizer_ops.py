"""One step of each optimizer, from the formulas of the papers; with a dense and, where there is one, a sparse gradient."""

import inspect

import harness
import numpy as np
from harness import Op, Rows, op_tests, positive, rows, uniform
from one_op import Case, OneOp

RATE = uniform(1, low=0.05, high=0.1)
POWER = uniform(1, low=0.5, high=0.9)
SHAPE = (5, 3)
SPARSE = rows([4, 0, 4], (3, 3), height=5)
NO_ROWS = rows([], (0, 3), height=5)


def f(value):
    """An attribute as the op sees it."""
    return float(np.float32(value))


def dense(grad):
    return grad.dense() if isinstance(grad, Rows) else np.asarray(grad)


def touched(grad):
    """Which rows a gradient has, to be broadcast."""
    if not isinstance(grad, Rows):
        return True
    mask = np.zeros((grad.height,) + (1,) * (grad.value.ndim - 1), bool)
    mask[grad.rows] = True
    return mask


def only(where, new, old):
    return np.where(where, new, np.asarray(old))


def optimizer(type, reference, state, attrs=({},), sparse=True, bad=(), rate=True, cases=(), **rest):
    """An entry with every dense and sparse gradient under each of `attrs`. `state`: the further inputs of a shape."""

    def case(shape, grad, **more):
        given = dict(Param=shape, Grad=grad, **{slot: make(*shape) for slot, make in state.items()})
        return {**given, **({"LearningRate": RATE} if rate else {}), **rest.get("numbers", {}), **more}

    gradients = [SHAPE] + [SPARSE, NO_ROWS] * sparse
    every = [case(SHAPE, grad, **more) for more in attrs for grad in gradients]
    every += [case(shape, shape, **attrs[0]) for shape in [(0, 3), (1,), (2, 3, 4), (9000,)]]
    wrong = [
        case(SHAPE, (5, 4), match="same shape", **attrs[0]),
        case(SHAPE, uniform(5, 3), **{slot: np.zeros((5, 2), "float32") for slot in list(state)[:1]}, match="same shape", **attrs[0]) if state else None,
        case((2, 2), np.zeros((2, 2)), match="element type", **attrs[0]),
        {**case((2, 2), (2, 2), **attrs[0]), "LearningRate": (2,), "match": "LearningRate has shape"} if rate else None,
        case((5, 3), rows([5], (1, 3), height=5), match="row 5", **attrs[0]) if sparse else case(SHAPE, SPARSE, match="no kernel|kernel", **attrs[0]),
    ]
    return Op(type, cases=every + [case(SHAPE, SHAPE, **more) for more in cases], reference=reference, bad=[w for w in wrong if w] + list(bad))


def scaled(type, reference, state, attrs=({},), numbers={}, cases=()):
    """An entry for an op that multiplies its gradient by a number first."""
    names = list(inspect.signature(reference).parameters)

    def product(**given):
        grad, factor = given.pop("Grad"), np.asarray(given.pop("Factor"))
        if isinstance(grad, Rows):
            return reference(Grad=Rows(grad.rows, grad.value * factor, grad.height), **given)
        return reference(Grad=np.asarray(grad) * factor, **given)

    product.__signature__ = inspect.Signature([inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in names + ["Factor"]])
    numbers = {**numbers, "Factor": uniform(1, low=0.2, high=0.5)}
    wrong = {**{slot: (2, 2) for slot in ("Param", "Grad", *state)}, **numbers, **attrs[0], "LearningRate": RATE}
    bad = [{**wrong, "Factor": (2,), "match": "Factor has shape"}]
    return optimizer(type, product, state, attrs, numbers=numbers, cases=cases, bad=bad)


def plain(*shape):
    return shape


def sgd(Param, LearningRate, Grad):
    return Param - LearningRate * dense(Grad)


def momentum(Param, Grad, Velocity, LearningRate, mu, use_nesterov):
    g = dense(Grad)
    v = f(mu) * Velocity + g
    return {"ParamOut": Param - LearningRate * (g + f(mu) * v if use_nesterov else v), "VelocityOut": v}


def lars_momentum(Param, Grad, Velocity, LearningRate, mu, lars_coeff, lars_weight_decay):
    p, g, decay = np.linalg.norm(Param), np.linalg.norm(Grad), f(lars_weight_decay)
    rate = LearningRate * (f(lars_coeff) * p / (g + decay * p) if p > 0 and g > 0 else 1)
    v = f(mu) * Velocity + rate * (Grad + decay * Param)
    return {"ParamOut": Param - v, "VelocityOut": v}


def adam(Param, Grad, LearningRate, Moment1, Moment2, Beta1Pow, Beta2Pow, Beta1Tensor, Beta2Tensor, beta1, beta2, epsilon, lazy_mode):
    b1, b2 = f(beta1) if Beta1Tensor is None else Beta1Tensor, f(beta2) if Beta2Tensor is None else Beta2Tensor
    g, where = dense(Grad), touched(Grad) if lazy_mode else True
    m, v = b1 * Moment1 + (1 - b1) * g, b2 * Moment2 + (1 - b2) * g * g
    ahead1, ahead2 = (b1, b2) if isinstance(Grad, Rows) else (1, 1)  # as Fluid corrects a sparse step
    rate = LearningRate * np.sqrt(1 - ahead2 * Beta2Pow) / (1 - ahead1 * Beta1Pow)
    return {
        "ParamOut": only(where, Param - rate * m / (np.sqrt(v) + f(epsilon)), Param),
        "Moment1Out": only(where, m, Moment1),
        "Moment2Out": only(where, v, Moment2),
        "Beta1PowOut": b1 * Beta1Pow,
        "Beta2PowOut": b2 * Beta2Pow,
    }


def adamax(Param, Grad, LearningRate, Moment, InfNorm, Beta1Pow, beta1, beta2, epsilon):
    m = f(beta1) * Moment + (1 - f(beta1)) * Grad
    u = np.maximum(np.abs(Grad), f(beta2) * InfNorm + f(epsilon))
    return {"ParamOut": Param - LearningRate / (1 - Beta1Pow) * m / u, "MomentOut": m, "InfNormOut": u}


def adagrad(Param, Grad, Moment, LearningRate, epsilon):
    g = dense(Grad)
    m = Moment + g * g
    return {"ParamOut": Param - LearningRate * g / (np.sqrt(m) + f(epsilon)), "MomentOut": m}


def decayed_adagrad(Param, Grad, Moment, LearningRate, decay, epsilon):
    m = f(decay) * Moment + (1 - f(decay)) * Grad * Grad
    return {"ParamOut": Param - LearningRate * Grad / (np.sqrt(m) + f(epsilon)), "MomentOut": m}


def adadelta(Param, Grad, AvgSquaredGrad, AvgSquaredUpdate, rho, epsilon):
    a = f(rho) * AvgSquaredGrad + (1 - f(rho)) * Grad * Grad
    step = -np.sqrt((AvgSquaredUpdate + f(epsilon)) / (a + f(epsilon))) * Grad
    return {"ParamOut": Param + step, "AvgSquaredGradOut": a, "AvgSquaredUpdateOut": f(rho) * AvgSquaredUpdate + (1 - f(rho)) * step * step}


def rmsprop(Param, MeanSquare, MeanGrad, LearningRate, Grad, Moment, epsilon, decay, momentum, centered):
    g = dense(Grad)
    square = f(decay) * MeanSquare + (1 - f(decay)) * g * g
    mean = f(decay) * MeanGrad + (1 - f(decay)) * g if centered else MeanGrad
    variance = square - mean * mean if centered else square
    step = f(momentum) * Moment + LearningRate * g / np.sqrt(variance + f(epsilon))
    found = {"ParamOut": Param - step, "MomentOut": step, "MeanSquareOut": square}
    return found if mean is None else {**found, "MeanGradOut": mean}


def ftrl(Param, SquaredAccumulator, LinearAccumulator, Grad, LearningRate, l1, l2, lr_power):
    g, where, power = dense(Grad), touched(Grad), -f(lr_power)
    s = SquaredAccumulator + g * g
    z = LinearAccumulator + g - (s**power - SquaredAccumulator**power) / LearningRate * Param
    p = np.where(np.abs(z) > f(l1), (np.sign(z) * f(l1) - z) / (s**power / LearningRate + 2 * f(l2)), 0)
    return {
        "ParamOut": only(where, p, Param),
        "SquaredAccumOut": only(where, s, SquaredAccumulator),
        "LinearAccumOut": only(where, z, LinearAccumulator),
    }


def lamb(Param, Grad, LearningRate, Moment1, Moment2, weight_decay, beta1, beta2, epsilon):
    g = dense(Grad)
    m, v = f(beta1) * Moment1 + (1 - f(beta1)) * g, f(beta2) * Moment2 + (1 - f(beta2)) * g * g
    r = m / (np.sqrt(v) + f(epsilon)) + f(weight_decay) * Param
    p_norm, r_norm = np.linalg.norm(Param), np.linalg.norm(r)
    ratio = p_norm / r_norm if p_norm > 0 and r_norm > 0 else 1
    return {"ParamOut": Param - LearningRate * ratio * r, "Moment1Out": m, "Moment2Out": v}


def check_dpsgd(outputs, inputs, attrs):
    """The clipped gradient and one number for all elements, which depends on the seed."""
    (param,), (grad,), (rate,) = inputs["Param"], inputs["Grad"], inputs["LearningRate"]
    if not param.size:
        return
    noise = (param - outputs["ParamOut"][0]) / rate - grad / max(1, np.linalg.norm(grad) / f(attrs["clip"]))
    tolerance = 1e-4 if param.dtype == np.float32 else 1e-9
    np.testing.assert_allclose(noise, np.full_like(noise, noise.flat[0]), atol=tolerance)
    scale = f(attrs["sigma"]) / f(attrs["batch_size"])
    assert abs(noise.flat[0]) < 6 * scale + tolerance
    assert scale == 0 or abs(noise.flat[0]) > tolerance


def average_accumulates(
    param, in_sum_1, in_sum_2, in_sum_3, in_num_accumulates, in_old_num_accumulates, in_num_updates, average_window, max_average_window, min_average_window
):
    one, two, three = np.asarray(in_sum_1) + param, np.asarray(in_sum_2), np.asarray(in_sum_3)
    count, old, updates = in_num_accumulates[0] + 1, in_old_num_accumulates[0], in_num_updates[0] + 1
    if updates % 16384 == 0:
        one, two = one * 0, two + one
    if count >= min_average_window and count >= min(max_average_window, int(updates * f(average_window))):
        one, two, three, old, count = one * 0, two * 0, one + two, count, 0
    sums = {"out_sum_1": one, "out_sum_2": two, "out_sum_3": three}
    counts = {"out_num_accumulates": count, "out_old_num_accumulates": old, "out_num_updates": updates}
    return {**sums, **{slot: np.array([value]) for slot, value in counts.items()}}


def averaged(accumulates, updates, shape=(3, 2), window=(0.5, 100, 2), **more):
    counts = dict(in_num_accumulates=accumulates, in_old_num_accumulates=4, in_num_updates=updates)
    state = {slot: np.array([value], "int64") for slot, value in counts.items()}
    names = dict(zip(("average_window", "max_average_window", "min_average_window"), window))
    return {**dict(param=shape, in_sum_1=shape, in_sum_2=shape, in_sum_3=shape), **state, **names, **more}


BETAS = dict(Beta1Pow=POWER, Beta2Pow=POWER)

test = op_tests(
    optimizer("sgd", sgd, {}),
    scaled("scaled_sgd", sgd, {}),
    scaled("scaled_momentum", momentum, {"Velocity": plain}, [dict(mu=0.9), dict(mu=0.5, use_nesterov=True)]),
    scaled(
        "scaled_adam",
        adam,
        {"Moment1": plain, "Moment2": positive},
        [dict(epsilon=0.1), dict(beta1=0.8, beta2=0.7), dict(Beta1Tensor=POWER, Beta2Tensor=POWER), dict(lazy_mode=True)],
        numbers=BETAS,
        cases=[dict(outputs={"Beta1PowOut": 0, "Beta2PowOut": 0})],
    ),
    optimizer("momentum", momentum, {"Velocity": plain}, [dict(mu=0.9), dict(mu=0.5, use_nesterov=True)]),
    optimizer(
        "lars_momentum",
        lars_momentum,
        {"Velocity": plain},
        [dict(mu=0.9), dict(mu=0.5, lars_coeff=0.1, lars_weight_decay=0.2), dict(mu=0.5, lars_weight_decay=0.0)],
        sparse=False,
        cases=[dict(mu=0.9, Param=np.zeros(SHAPE, "float64"), case_dtype="float64"), dict(mu=0.9, Grad=np.zeros(SHAPE, "float64"), case_dtype="float64")],
    ),
    optimizer(
        "adam",
        adam,
        {"Moment1": plain, "Moment2": positive},
        [{}, dict(lazy_mode=True, beta1=0.8, beta2=0.7, epsilon=0.1), dict(Beta1Tensor=POWER, Beta2Tensor=POWER, min_row_size_to_use_multithread=2)],
        numbers=BETAS,
        cases=[dict(outputs={"Beta1PowOut": 0, "Beta2PowOut": 0})],
        bad=[dict(Param=(2,), Grad=(2,), Moment1=(2,), Moment2=(2,), LearningRate=(1,), Beta1Pow=(2,), Beta2Pow=(1,), match="Beta1Pow has shape")],
    ),
    optimizer("adamax", adamax, {"Moment": plain, "InfNorm": positive}, [{}, dict(beta1=0.8, beta2=0.7, epsilon=0.1)], sparse=False, numbers={"Beta1Pow": POWER}),
    optimizer("adagrad", adagrad, {"Moment": positive}, [{}, dict(epsilon=0.1)]),
    optimizer("decayed_adagrad", decayed_adagrad, {"Moment": positive}, [{}, dict(decay=0.5, epsilon=0.1)], sparse=False),
    optimizer("adadelta", adadelta, {"AvgSquaredGrad": positive, "AvgSquaredUpdate": positive}, [{}, dict(rho=0.5, epsilon=0.1)], sparse=False, rate=False),
    optimizer(
        "rmsprop",
        rmsprop,
        {"Moment": plain, "MeanSquare": positive},
        [
            dict(outputs={"MeanGradOut": 0}),
            dict(MeanGrad=uniform(*SHAPE, low=-0.5, high=0.5), decay=0.5, momentum=0.9, epsilon=0.1),
            dict(MeanGrad=uniform(*SHAPE, low=-0.5, high=0.5), centered=True, momentum=0.5),
        ],
        bad=[dict(Param=(2,), Grad=(2,), Moment=(2,), MeanSquare=(2,), LearningRate=(1,), centered=True, match="centered needs it")],
    ),
    optimizer("ftrl", ftrl, {"SquaredAccumulator": positive, "LinearAccumulator": plain}, [dict(l1=0.1, l2=0.2), {}, dict(l1=0.3, lr_power=-0.8)]),
    optimizer("lamb", lamb, {"Moment1": plain, "Moment2": positive}, [dict(weight_decay=0.01), dict(weight_decay=0.5, beta1=0.8, beta2=0.7, epsilon=0.1)], numbers=BETAS),
    Op(
        "dpsgd",
        cases=[
            dict(Param=SHAPE, Grad=SHAPE, LearningRate=RATE, seed=3),
            dict(Param=SHAPE, Grad=SHAPE, LearningRate=RATE, clip=0.5, batch_size=2.0, sigma=0.3),
            dict(Param=SHAPE, Grad=SHAPE, LearningRate=RATE, sigma=0.0, seed=1),
            dict(Param=(0, 3), Grad=(0, 3), LearningRate=RATE, seed=1),
            dict(Param=(1,), Grad=(1,), LearningRate=RATE, seed=2),
        ],
        check=check_dpsgd,
        bad=[
            dict(Param=(2,), Grad=(3,), LearningRate=(1,), match="same shape"),
            dict(Param=(2,), Grad=(2,), LearningRate=(1,), clip=0.0, match="clip"),
            dict(Param=(2,), Grad=(2,), LearningRate=(1,), batch_size=-1.0, match="batch_size"),
        ],
    ),
    Op(
        "average_accumulates",
        cases=[
            averaged(3, 5),
            averaged(3, 5, window=(0.5, 100, 10)),
            averaged(3, 16383),
            averaged(3, 16383, window=(0.5, 4, 4)),
            averaged(3, 500, window=(0.5, 4, 4)),
            averaged(3, 10, window=(0.5, 100, 1)),
            averaged(3, 8, window=(0.5, 100, 4)),
            averaged(3, 8, shape=(0, 2)),
            averaged(3, 8, shape=(1,)),
        ],
        reference=average_accumulates,
        bad=[
            averaged(3, 5, window=(0.5, 4, 5), match="min <= max"),
            averaged(3, 5, in_sum_2=(2, 2), match="same shape"),
            averaged(3, 5, in_num_updates=np.array([1], "int32"), match="int32"),
            averaged(3, 5, in_num_accumulates=np.array([1, 2]), match="in_num_accumulates has shape"),
        ],
    ),
)


def test_sparse_adam_is_the_dense_one_where_a_program_keeps_the_powers():
    entry = harness.ENTRIES["adam"]
    given = dict(Param=SHAPE, LearningRate=RATE, Moment1=SHAPE, Moment2=positive(*SHAPE), **BETAS, outputs={"Beta1PowOut": 0, "Beta2PowOut": 0})
    sparse = Case(entry, 0, dict(Grad=SPARSE, **given), "float64")
    dense_grad = sparse.inputs["Grad"][0].dense()
    dense = sparse.changed(inputs={**sparse.inputs, "Grad": [dense_grad]})
    for slot, (value,) in ((slot, values) for slot, values in OneOp(sparse).run().items() if values):
        np.testing.assert_allclose(value, OneOp(dense).run()[slot][0], rtol=1e-12, err_msg=slot)
