"""Readers as variables of a program, the oldest form of ``DataLoader.from_generator``."""

from paddle.fluid import core, unique_name
from paddle.fluid.framework import VarType, convert_np_dtype_to_dtype_, default_main_program, default_startup_program
from paddle.fluid.layer_helper import LayerHelper
from paddle.fluid.layers._op import check_variable, to_sequence


def py_reader(capacity, shapes, dtypes, lod_levels=None, name=None, use_double_buffer=True):
    """A reader that a Python thread fills; ``read_file`` gives its variables.

    Args:
        capacity (int): so many batches are read ahead.
        shapes, dtypes (list): of the variables.
        lod_levels (list): of the variables; 0 by default.
        name (str): part of the names of the reader's variables.
        use_double_buffer (bool): kept for old scripts.

    Returns:
        Variable: with ``decorate_paddle_reader`` (a reader of batches of samples), ``decorate_tensor_provider`` (a
        reader of lists of arrays), ``start`` before and ``reset`` after each epoch, which ends with
        ``fluid.core.EOFException``.

    Raises:
        ValueError: lists of different lengths.
    """
    shapes, dtypes = to_sequence(shapes, "shapes of py_reader"), to_sequence(dtypes, "dtypes of py_reader")
    lod_levels = [0] * len(shapes) if lod_levels is None else lod_levels
    if not len(shapes) == len(dtypes) == len(lod_levels):
        raise ValueError("shapes, dtypes and lod_levels of py_reader have different lengths")
    dtypes = [convert_np_dtype_to_dtype_(dtype) for dtype in dtypes]
    return _py_reader(capacity, shapes, dtypes, lod_levels, [0] * len(shapes), name, use_double_buffer, None)


def create_py_reader_by_data(capacity, feed_list, name=None, use_double_buffer=True):
    """Like ``py_reader``, with the shapes and types of data variables, which ``read_file`` then fills.

    Args:
        capacity (int): so many batches are read ahead.
        feed_list (list): data variables.
        name (str): name of the layer.
        use_double_buffer (bool): kept for old scripts.

    Returns:
        As of ``py_reader``.

    Raises:
        TypeError: ``feed_list`` holds something else.
    """
    for var in to_sequence(feed_list, "feed_list of create_py_reader_by_data"):
        check_variable(var, "a variable of feed_list")
    return _py_reader(
        capacity,
        [list(var.shape) for var in feed_list],
        [var.dtype for var in feed_list],
        [var.lod_level for var in feed_list],
        [int(var.desc.need_check_feed()) for var in feed_list],
        name,
        use_double_buffer,
        feed_list,
    )


def _declare(block, name, shapes, dtypes, lod_levels):
    var = block.create_var(name=name, type=VarType.READER, persistable=True, stop_gradient=True)
    var.desc.set_shapes([list(shape) for shape in shapes])
    var.desc.set_dtypes(list(dtypes))
    var.desc.set_lod_levels(list(lod_levels))
    return var


def _py_reader(capacity, shapes, dtypes, lod_levels, need_check_feed, name, use_double_buffer, feed_list):
    from paddle.fluid.executor import global_scope

    if name is None:
        prefix, buffer_name = "", unique_name.generate("create_double_buffer_reader")
        queue_name = unique_name.generate("lod_tensor_blocking_queue")
        reader_name = unique_name.generate("create_py_reader")
    else:
        prefix = name + "_"
        queue_name, reader_name, buffer_name = prefix + "queue", prefix + "reader", prefix + "double_buffer"
    queue = core.init_lod_tensor_blocking_queue(global_scope().var(queue_name), capacity, False)
    startup, main = default_startup_program().current_block(), default_main_program().current_block()
    queue_var = startup.create_var(name=queue_name, type=VarType.RAW, persistable=True)
    out = _declare(startup, reader_name, shapes, dtypes, lod_levels)
    startup.append_op(
        type="create_py_reader",
        inputs={"blocking_queue": [queue_var]},
        outputs={"Out": [out]},
        attrs={
            "shape_concat": [size for shape in shapes for size in shape],
            "ranks": [len(shape) for shape in shapes],
            "lod_levels": list(lod_levels),
            "dtypes": [int(dtype) for dtype in dtypes],
            "need_check_feed": need_check_feed,
        },
    )
    reader = _declare(main, reader_name, shapes, dtypes, lod_levels)
    reader._reader_kinds = (shapes, dtypes, lod_levels)
    if use_double_buffer:
        reader = double_buffer(reader, name=buffer_name)
    _Feeding(reader, queue, feed_list).attach()
    return reader


class _Feeding:
    """The thread that fills the queue of a reader; its methods become those of the variable."""

    def __init__(self, reader, queue, feed_list):
        from paddle.fluid.prefetch import QueueFiller

        self.reader = reader
        self.feed_list = feed_list
        self.filler = QueueFiller(queue, self._batches)
        self.provider = None

    def attach(self):
        reader = self.reader
        reader._feed_list = self.feed_list
        reader.queue = self.filler.queue
        reader.start = self.filler.start
        reader.reset = self.filler.reset
        reader.decorate_tensor_provider = reader.decorate_batch_generator = self.decorate_tensor_provider
        reader.decorate_paddle_reader = reader.decorate_sample_list_generator = self.decorate_paddle_reader

    def _batches(self):
        from paddle.fluid.prefetch import to_tensor

        if self.provider is None:
            raise RuntimeError("the reader has no data: call decorate_paddle_reader first")
        dtypes = self.reader._reader_kinds[1]
        for batch in self.provider():
            yield [to_tensor(value, dtype) for value, dtype in zip(batch, dtypes)]

    def decorate_tensor_provider(self, provider):
        """``provider()`` yields lists of arrays or LoDTensors."""
        self.provider = provider

    def decorate_paddle_reader(self, reader):
        """``reader()`` yields batches, lists of samples."""
        from paddle.fluid.data_feeder import FeedKind, make_feed

        shapes, dtypes, lod_levels = self.reader._reader_kinds
        kinds = [FeedKind("field %d" % i, *kind) for i, kind in enumerate(zip(shapes, dtypes, lod_levels))]

        def batches():
            for samples in reader():
                feed = make_feed(kinds, samples, core.CPUPlace())
                yield [feed[kind.name] for kind in kinds]

        self.provider = batches


def _kinds(reader, layer):
    """(shapes, types, levels) of a reader's variables."""
    if not hasattr(reader, "_reader_kinds"):
        raise TypeError("%s takes a reader that py_reader made, got %s: %.80r" % (layer, type(reader).__name__, reader))
    return reader._reader_kinds


def double_buffer(reader, place=None, name=None):
    """A reader that reads another one ahead; the queue of the reader does that already.

    Args:
        reader (Variable): a reader.
        place: where the batches should be.
        name (str): name of the layer.

    Returns:
        A reader.

    Raises:
        TypeError: ``reader`` is no reader.
    """
    name = unique_name.generate("double_buffer") if name is None else name
    block = default_main_program().current_block()
    out = _declare(block, name, *_kinds(reader, "double_buffer"))
    out._reader_kinds = reader._reader_kinds
    out._feed_list = getattr(reader, "_feed_list", None)
    attrs = {"place": "AUTO" if place is None else str(place).upper()}
    block.append_op(
        type="create_double_buffer_reader", inputs={"UnderlyingReader": [reader]}, outputs={"Out": [out]}, attrs=attrs
    )
    return out


def read_file(reader):
    """The variables of the next batch of a reader.

    Args:
        reader (Variable): a reader.

    Returns:
        One Variable, or a list of them.

    Raises:
        TypeError: ``reader`` is no reader.
    """
    helper = LayerHelper("read_file")
    shapes, dtypes, lod_levels = _kinds(reader, "read_file")
    if getattr(reader, "_feed_list", None):
        out = list(reader._feed_list)
    else:
        out = []
        for shape, dtype, lod_level in zip(shapes, dtypes, lod_levels):
            var = helper.create_variable_for_type_inference(dtype=dtype, stop_gradient=True)
            var.desc.set_shape(list(shape))
            var.desc.set_lod_level(lod_level)
            var.is_data = True
            out.append(var)
    helper.append_op(type="read", inputs={"Reader": [reader]}, outputs={"Out": out})
    return out[0] if len(out) == 1 else out
