"""cond, case, switch_case, IfElse: values, gradients, and what they do not take."""

import numpy as np
import pytest

import paddle.fluid as fluid
from paddle.fluid import layers

X = np.random.RandomState(0).uniform(-1, 1, [4, 3]).astype("float32")


def number(value, dtype="float32"):
    return layers.fill_constant([1], dtype, value)


def run(fetch, **feed):
    exe = fluid.Executor(fluid.CPUPlace())
    exe.run(fluid.default_startup_program())
    return exe.run(feed=feed, fetch_list=fetch)


def flag(name="flag"):
    return fluid.data(name, [1], "bool")


@pytest.mark.parametrize("holds", [True, False])
def test_cond_computes_one_branch_and_its_gradient(holds):
    x = fluid.data("x", [4, 3])
    x.stop_gradient = False
    w = layers.create_parameter([3, 3], "float32", "w", default_initializer=fluid.initializer.Constant(0.5))
    out = layers.cond(flag(), lambda: layers.matmul(x, w), lambda: layers.square(x))
    fluid.backward.append_backward(layers.reduce_sum(out))
    for _ in range(2):
        value, dx, dw = run([out, "x@GRAD", "w@GRAD"], x=X, flag=np.array([holds]))
        weights = np.full([3, 3], 0.5, "float32")
        np.testing.assert_allclose(value, X @ weights if holds else X**2, rtol=1e-6)
        np.testing.assert_allclose(dx, np.full_like(X, 1.5) if holds else 2 * X, rtol=1e-6)
        expected = np.repeat(X.sum(0)[:, None], 3, 1) if holds else np.zeros([3, 3])
        np.testing.assert_allclose(dw, expected, rtol=1e-5, atol=1e-6)


def test_cond_returns_what_its_functions_return():
    result = layers.cond(
        flag(), lambda: (number(1), {"k": number(2)}), lambda: (number(3), {"k": number(4)})
    )
    assert isinstance(result, tuple) and isinstance(result[1], dict)
    fetch = [result[0], result[1]["k"]]
    assert [float(each[0]) for each in run(fetch, flag=np.array([True]))] == [1, 2]
    assert [float(each[0]) for each in run(fetch, flag=np.array([False]))] == [3, 4]
    assert layers.cond(flag("other"), lambda: None, lambda: None) is None


@pytest.mark.parametrize("first, second, expected", [(True, True, 1), (False, True, 2), (False, False, 3)])
def test_case(first, second, expected):
    pairs = [(flag("first"), lambda: number(1)), (flag("second"), lambda: number(2))]
    out = layers.case(pairs, default=lambda: number(3))
    assert run([out], first=np.array([first]), second=np.array([second]))[0] == expected


def test_the_last_of_a_case_is_the_default():
    out = layers.case([(flag("first"), lambda: number(1)), (flag("second"), lambda: number(2))])
    assert run([out], first=np.array([False]), second=np.array([False]))[0] == 2


@pytest.mark.parametrize("index, expected", [(1, 10), (3, 30), (2, 0), (-1, 0)])
def test_switch_case(index, expected):
    number_of = fluid.data("index", [1], "int32")
    out = layers.switch_case(number_of, {3: lambda: number(30), 1: lambda: number(10)}, default=lambda: number(0))
    assert run([out], index=np.array([index], "int32"))[0] == expected


def test_the_largest_of_a_switch_case_is_the_default():
    out = layers.switch_case(fluid.data("index", [1], "int64"), [lambda: number(10), lambda: number(20)])
    assert run([out], index=np.array([7]))[0] == 20


def test_if_else_splits_rows_and_joins_them():
    x, y = fluid.data("x", [None, 3]), fluid.data("y", [None, 1])
    x.stop_gradient = False
    branch = layers.IfElse(layers.less_than(y, layers.zeros_like(y)))
    with branch.true_block():
        branch.output(branch.input(x) * 2.0)
    with branch.false_block():
        branch.output(layers.square(branch.input(x)))
    (out,) = branch()
    fluid.backward.append_backward(layers.reduce_sum(out))
    for signs in ([-1, 1, -1, 1], [1, 1, 1, 1], [-1, -1, -1, -1]):
        column = np.array(signs, "float32")[:, None]
        value, dx = run([out, "x@GRAD"], x=X, y=column)
        np.testing.assert_allclose(value, np.where(column < 0, 2 * X, X**2), rtol=1e-6)
        np.testing.assert_allclose(dx, np.where(column < 0, 2, 2 * X), rtol=1e-6)


def test_what_they_do_not_take():
    yes = layers.less_than(number(1), number(2))
    one = lambda: number(1)  # noqa: E731
    for error, text, call in [
        (TypeError, "pred of cond", lambda: layers.cond(1, one, one)),
        (TypeError, "bool", lambda: layers.cond(number(1), one, one)),
        (TypeError, "callable", lambda: layers.cond(yes, 1, one)),
        (ValueError, "non-None", lambda: layers.cond(yes, one, lambda: None)),
        (ValueError, "structured", lambda: layers.cond(yes, lambda: (number(1), number(2)), one)),
        (ValueError, "Incompatible", lambda: layers.cond(yes, one, lambda: number(1, "int32"))),
        (TypeError, "list or tuple", lambda: layers.case(3)),
        (ValueError, "empty", lambda: layers.case([])),
        (TypeError, "pairs", lambda: layers.case([1])),
        (TypeError, "callable", lambda: layers.case([(yes, 3)])),
        (TypeError, "branch_index", lambda: layers.switch_case(number(1), [one])),
        (ValueError, "more than once", lambda: layers.switch_case(number(1, "int32"), [(1, one), (1, one)])),
        (TypeError, "must be an int", lambda: layers.switch_case(number(1, "int32"), [(1.5, one)])),
        (TypeError, "IfElse", lambda: layers.IfElse(3)),
        (ValueError, "before __call__", lambda: layers.IfElse(yes)()),
    ]:
        with pytest.raises(error, match=text):
            call()
