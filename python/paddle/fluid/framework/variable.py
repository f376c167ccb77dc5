"""Variables of a program: what a tensor will be, not the tensor."""

from paddle.fluid import unique_name
from paddle.fluid.framework.dtype import VarType, convert_np_dtype_to_dtype_, dtype_name

_WITHOUT_TENSOR = tuple(
    getattr(VarType, name)
    for name in ("STEP_SCOPES", "RAW", "READER", "LOD_RANK_TABLE", "PLACE_LIST", "FEED_MINIBATCH", "FETCH_LIST")
)

_HOW_TO_FETCH = (
    "It has a value only while a program runs: exe.run(program, feed={...}, fetch_list=[%s]) or var.eval(feed)."
)


class Variable:
    """A variable of a block: name, shape (-1 where the size is not known yet), element type, LoD depth.

    Made by layers and by ``Block.create_var``, never directly. It is symbolic; arithmetic and comparison with other
    variables or numbers append ops. ``stop_gradient`` keeps the backward pass from going through it, ``persistable``
    keeps its value in the scope from run to run.

    Raises:
        ValueError: the block has a variable of this name with another shape, element type or LoD depth.
    """

    def __init__(
        self,
        block,
        type=VarType.LOD_TENSOR,
        name=None,
        shape=None,
        dtype=None,
        lod_level=None,
        capacity=None,
        persistable=None,
        error_clip=None,
        stop_gradient=False,
        is_data=False,
        need_check_feed=False,
        belong_to_optimizer=False,
        **kwargs,
    ):
        self.block = block
        name = unique_name.generate("_generated_var") if name is None else name
        self.desc = block.desc.find_var(name)
        is_new = self.desc is None
        if is_new:
            self.desc = block.desc.var(name)
        if is_new:
            self.desc.set_type(type)
        elif self.desc.type() != type:
            raise ValueError(
                "variable '%s' was created before with type %s, now it is asked for with type %s"
                % (name, self.desc.type(), type)
            )
        if shape is not None:
            self._set_or_check("shape", tuple(int(d) for d in shape), is_new)
        if dtype is not None:
            self._set_or_check("dtype", convert_np_dtype_to_dtype_(dtype), is_new)
        if lod_level is not None:
            self._set_or_check("lod_level", lod_level, is_new)
        if persistable is not None:
            if is_new:
                self.desc.set_persistable(persistable)
            elif self.persistable != persistable:
                raise ValueError("variable '%s' was created before with persistable=%s" % (name, self.persistable))
        if need_check_feed and is_new:
            self.desc.set_need_check_feed(True)
        self.op = None
        self.error_clip = error_clip
        self.is_data = is_data
        self.belong_to_optimizer = belong_to_optimizer
        self._stop_gradient = stop_gradient
        self._capacity = capacity
        block.vars[name] = self

    def _set_or_check(self, what, value, is_new):
        if is_new:
            getattr(self.desc, "set_" + what)(list(value) if what == "shape" else value)
            return
        old = getattr(self, what)
        if old != value:
            raise ValueError(
                "variable '%s' was created before with %s %s, now it is asked for with %s"
                % (self.name, what, old, value)
            )

    @property
    def name(self):
        return self.desc.name()

    @name.setter
    def name(self, new_name):
        self.desc.set_name(new_name)

    @property
    def grad_name(self):
        """The name of the gradient of this variable."""
        return self.name + "@GRAD"

    @property
    def shape(self):
        """A tuple of sizes; -1 is not known before a run."""
        return tuple(self.desc.shape())

    @property
    def dtype(self):
        return self.desc.dtype()

    @property
    def lod_level(self):
        """How many levels of sequences the rows have; 0 for a plain tensor."""
        return 0 if self.type in (VarType.SELECTED_ROWS,) + _WITHOUT_TENSOR else self.desc.lod_level()

    @property
    def type(self):
        return self.desc.type()

    @property
    def persistable(self):
        return self.desc.persistable()

    @persistable.setter
    def persistable(self, value):
        self.desc.set_persistable(value)

    @property
    def stop_gradient(self):
        return self._stop_gradient

    @stop_gradient.setter
    def stop_gradient(self, value):
        self._stop_gradient = value

    def _set_error_clip(self, error_clip):
        self.error_clip = error_clip

    def eval(self, feed=None, scope=None, place=None):
        """Run what this variable needs of its program and return its value.

        Args:
            feed (dict): name to array, for the data variables that it depends on.
            scope: where the parameters are; the global scope by default.
            place: the device; the CPU by default.

        Returns:
            A NumPy array; a ``LoDTensor`` where the value has sequences.
        """
        from paddle.fluid.executor import evaluate

        return evaluate(self, feed, scope, place)

    def _describe(self):
        if self.type in _WITHOUT_TENSOR:
            return "%s(%s)" % (type(self).__name__, self.type)
        sizes = "x".join("?" if d < 0 else str(d) for d in self.shape)
        text = "%s %r: %s[%s]" % (type(self).__name__, self.name, dtype_name(self.dtype), sizes)
        if self.lod_level:
            text += ", lod_level=%d" % self.lod_level
        for flag in ("persistable", "stop_gradient"):
            if getattr(self, flag):
                text += ", " + flag
        return text

    def to_string(self, throw_on_error=True, with_details=False):
        """What this variable will hold; ``with_details``: the flags of the Python object too."""
        text = self._describe()
        if with_details:
            text += ", is_data=%s, error_clip=%s, op=%s" % (self.is_data, self.error_clip, self.op and self.op.type)
        return text

    def __repr__(self):
        return self._describe()

    def __str__(self):
        return self._describe() + "\n  This is symbolic. " + _HOW_TO_FETCH % repr(self.name)

    __hash__ = object.__hash__

    def _no_value(self, asked):
        raise TypeError("%s of variable '%s': it is symbolic. %s" % (asked, self.name, _HOW_TO_FETCH % repr(self.name)))

    def __array__(self, dtype=None, copy=None):
        self._no_value("a NumPy array")

    def numpy(self):
        self._no_value("numpy()")

    def __float__(self):
        self._no_value("float()")

    def __int__(self):
        self._no_value("int()")

    def __iter__(self):
        """Slices along the first dimension, whose size must be known."""
        if not self.shape or self.shape[0] < 0:
            self._no_value("iteration")
        return (self[i] for i in range(self.shape[0]))


class Parameter(Variable):
    """A persistable variable that training changes.

    ``trainable``, ``optimize_attr`` (with the factor ``learning_rate``), ``regularizer`` and ``do_model_average`` tell
    the optimizer what to do with it.

    Raises:
        ValueError: the shape is empty, or a size is not positive.
    """

    def __init__(self, block, shape, dtype, type=VarType.LOD_TENSOR, **kwargs):
        if shape is None or dtype is None:
            raise ValueError("a parameter needs a shape and an element type")
        if len(shape) == 0:
            raise ValueError("a parameter needs at least one dimension")
        for size in shape:
            if size <= 0:
                raise ValueError("the sizes of a parameter must be positive, got %s" % (tuple(shape),))
        self.trainable = kwargs.pop("trainable", True)
        self.optimize_attr = kwargs.pop("optimize_attr", {"learning_rate": 1.0})
        self.regularizer = kwargs.pop("regularizer", None)
        self.do_model_average = kwargs.pop("do_model_average", None)
        self.is_distributed = kwargs.pop("is_distributed", False)
        self.gradient_clip_attr = kwargs.pop("gradient_clip_attr", None)
        super().__init__(block, persistable=True, shape=shape, dtype=dtype, type=type, **kwargs)

    def to_string(self, throw_on_error=True, with_details=False):
        text = super().to_string(throw_on_error, with_details)
        if with_details:
            names = ("trainable", "optimize_attr", "regularizer", "do_model_average")
            text += "".join(", %s=%s" % (name, getattr(self, name)) for name in names)
        return text


def grad_var_name(var_name):
    """The name of the gradient of a variable."""
    return var_name + "@GRAD"
