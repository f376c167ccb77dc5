"""Tensors, collections, scopes: content, lifetime, exchange with NumPy and by DLPack."""

import gc

import numpy as np
import pytest

from paddle import _core as core

CPU = core.CPUPlace()
DTYPES = ["bool", "int8", "uint8", "int16", "int32", "int64", "float16", "float32", "float64"]


def tensor(array, **kwargs):
    t = core.LoDTensor()
    t.set(array, CPU, **kwargs)
    return t


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (1,), (0, 3), (2, 3, 4)])
def test_numpy_round_trip(dtype, shape):
    array = (np.arange(np.prod(shape, dtype=int)) % 2).astype(dtype).reshape(shape)
    for t in (tensor(array), core.from_numpy(array)):
        assert t.shape() == list(shape) and t._is_initialized()
        for back in (np.array(t), np.asarray(t), t.numpy(), t.numpy(copy=False)):
            assert back.dtype == array.dtype and back.shape == array.shape
            np.testing.assert_array_equal(back, array)


def test_bfloat16_as_bits():
    bits = np.array([0x3F80, 0x4000], "uint16")
    t = tensor(bits)
    assert t._dtype() == core.VarDesc.VarType.BF16
    np.testing.assert_array_equal(np.array(t), bits)


def test_odd_memory():
    base = np.arange(24, dtype="float32").reshape(4, 6)
    np.testing.assert_array_equal(np.array(core.from_numpy(base.T)), base.T)
    np.testing.assert_array_equal(np.array(core.from_numpy(base[::2, ::-1])), base[::2, ::-1])
    np.testing.assert_array_equal(np.array(core.from_numpy(base.astype(">f4"))), base)
    unaligned = np.zeros(97, "uint8")[1:].view("float32")
    assert np.array(core.from_numpy(unaligned)).sum() == 0
    frozen = np.arange(3)
    frozen.flags.writeable = False
    t = core.from_numpy(frozen)
    t.numpy(copy=False)[0] = 9
    assert frozen[0] == 0


@pytest.mark.parametrize("dtype", ["uint32", "complex64", "S3", "O"])
def test_types_not_taken(dtype):
    with pytest.raises(ValueError, match="cannot become a tensor; expected bool"):
        tensor(np.ones(2, dtype))


def test_zero_copy_and_lifetime():
    array = np.arange(3.0)
    t = core.from_numpy(array)
    array[0] = 7
    assert np.array(t)[0] == 7
    del array
    gc.collect()
    view = t.numpy(copy=False)
    del t
    gc.collect()
    assert view.tolist() == [7, 1, 2]
    with pytest.raises(ValueError, match="no value"):
        np.array(core.LoDTensor())


def test_copies_are_copies():
    t = tensor(np.zeros(2, "float32"))
    np.asarray(t)[0] = 1
    assert np.array(t).tolist() == [0, 0]
    t.numpy(copy=False)[0] = 1
    assert np.array(t).tolist() == [1, 0]
    assert np.asarray(t, dtype="int64").dtype == np.int64


def test_lod():
    t = tensor(np.ones((5, 2), "float32"))
    t.set_lod([[0, 2, 5]])
    assert t.lod() == [[0, 2, 5]] and t.recursive_sequence_lengths() == [[2, 3]]
    t.set_recursive_sequence_lengths([[2], [1, 4]])
    assert t.lod() == [[0, 2], [0, 1, 5]]
    for bad in ([[0, 2, 4]], [[1, 5]], [[0, 3, 2, 5]], [[0, -1, 5]], [[0, 2**62]], [[]], [[0, 1], [0, 2, 5]]):
        with pytest.raises(ValueError, match="LoD"):
            t.set_lod(bad)
    assert t.lod() == [[0, 2], [0, 1, 5]]
    t.set(np.ones((3, 2), "float32"), CPU)
    assert not t.has_valid_recursive_sequence_lengths()
    assert core.LoDTensor([[2, 3]]).lod() == [[0, 2, 5]]


def test_slices_keep_dimensions():
    array = np.arange(24, dtype="float32").reshape(2, 3, 4)
    t = tensor(array)
    np.testing.assert_array_equal(np.array(t[0]), array[0:1])
    np.testing.assert_array_equal(np.array(t[-1]), array[1:2])
    np.testing.assert_array_equal(np.array(t[:, 1]), array[:, 1:2])
    np.testing.assert_array_equal(np.array(t[0, 0:2, ::-1]), array[0:1, 0:2, ::-1])
    for bad in (5, (0, 0, 0, 0), "x"):
        with pytest.raises(IndexError):
            t[bad]


def test_elements_and_dims():
    t = tensor(np.arange(6, dtype="float32"))
    t._set_dims([2, 3])
    t._set_float_element(4, 9.0)
    assert t._get_float_element(4) == 9 and np.array(t)[1, 1] == 9
    with pytest.raises(ValueError, match="float64"):
        t._get_double_element(0)
    with pytest.raises(IndexError):
        t._get_float_element(6)
    for sizes in ([1 << 62], [1 << 61, 3], [1 << 40, 1 << 20]):
        with pytest.raises(ValueError, match="would take more than"):
            t._set_dims(sizes)
    assert t.shape() == [2, 3]
    t._set_dims([300, 300])
    with pytest.raises(ValueError, match="no value"):
        np.array(t)


def test_dlpack_between_tensors():
    t = tensor(np.arange(6, dtype="int16").reshape(2, 3))
    capsule = t._to_dlpack()
    other = core.from_dlpack(capsule)
    other.numpy(copy=False)[0, 0] = 7
    assert np.array(t)[0, 0] == 7
    with pytest.raises(ValueError, match="used already"):
        core.from_dlpack(capsule)
    with pytest.raises(ValueError, match="expected a DLPack"):
        core.from_dlpack(object())
    t._to_dlpack()  # never used: freed with the capsule


@pytest.mark.parametrize("dtype", DTYPES)
def test_dlpack_with_numpy(dtype):
    array = np.ones((2, 3), dtype)
    t = core.from_dlpack(array)
    np.testing.assert_array_equal(np.array(t), array)
    back = np.from_dlpack(t)
    assert back.dtype == array.dtype
    strided = core.from_dlpack(np.arange(12).reshape(3, 4)[:, ::2])
    np.testing.assert_array_equal(np.array(strided), np.arange(12).reshape(3, 4)[:, ::2])


def test_selected_rows():
    rows = core.SelectedRows([0, 4], 10)
    assert rows.rows() == [0, 4] and rows.height() == 10 and rows.numel() == 0
    rows.get_tensor().set(np.ones((2, 3), "float32"), CPU)
    assert rows.numel() == 6
    rows.set_rows([1])
    rows.set_height(5)
    assert (rows.rows(), rows.height()) == ([1], 5)


def test_array_items_are_references():
    array = core.LoDTensorArray()
    first = tensor(np.ones((2, 3), "float32"))
    array.append(first)
    array[0].set(np.zeros(1, "float32"), CPU)
    assert array[0].shape() == [1] and first.shape() == [2, 3]
    item = array[0]
    array.append(item)
    moved = array._move_to_list()
    assert len(array) == 0 and len(moved) == 2
    with pytest.raises(ValueError, match="gone"):
        item.shape()
    with pytest.raises(IndexError):
        array[0]


def test_variables():
    scope = core.Scope()
    variable = scope.var("n")
    variable.set_int(3)
    assert variable.is_int() and not variable.is_float() and variable.get_int() == 3
    with pytest.raises(ValueError):
        variable.get_tensor()
    variable = scope.var("t")
    variable.get_tensor().set(np.ones(2), CPU)
    assert scope.find_var("t").get_tensor().shape() == [2]
    with pytest.raises(ValueError):
        variable.get_selected_rows()
    assert scope.find_var("nosuch") is None
    assert sorted(scope.local_var_names()) == ["n", "t"]


def test_erased_variables_stay_while_held():
    scope = core.Scope()
    held = scope.var("x").get_tensor()
    held.set(np.ones(3), CPU)
    scope.erase(["x"])
    gc.collect()
    assert scope.find_var("x") is None
    assert np.array(held).sum() == 3


def test_scopes_outlive_their_parents_names():
    child = core.Scope().new_scope().new_scope()
    gc.collect()
    assert child.find_var("x") is None
    parent = core.Scope()
    parent.var("x").set_float(2.5)
    kid = parent.new_scope()
    assert kid.find_var("x").get_float() == 2.5 and parent._kids() == [kid]
    parent.drop_kids()
    assert parent._kids() == []
    kid.var("y")
    assert kid.find_var("x") is not None


def test_places():
    place = core.Place()
    place.set_place(core.CPUPlace())
    assert place.is_cpu_place() and place == core.CPUPlace() and isinstance(core.CPUPlace(), core.Place)
    assert str(core.CUDAPlace(1)) == "CUDAPlace(1)"
    with pytest.raises(NotImplementedError):
        core.LoDTensor().set(np.ones(1), core.CUDAPlace(0))
    with pytest.raises(NotImplementedError, match="CUDA"):
        core.Executor(core.CUDAPlace(0))
    with pytest.raises(ValueError, match="place"):
        core.LoDTensor().set(np.ones(1), "cpu")


def test_errors():
    assert issubclass(core.EnforceNotMet, Exception) and issubclass(core.EOFException, Exception)
    with pytest.raises(KeyError) as error:
        core.flag("nosuch")
    assert str(error.value).startswith("unknown flag 'nosuch'") and isinstance(error.value, core.EnforceNotMet)
    core.set_flag("check_nan_inf", True)
    assert core.flag("FLAGS_check_nan_inf") == "1"
    core.set_flag("check_nan_inf", "0")
    with pytest.raises(ValueError):
        core.set_num_threads(0)
