"""Blocks of ops that another op runs, and structures of variables that go in and out of them."""

__all__ = ["BlockGuard", "OpGuard", "outer_use", "flatten", "pack_like", "same_structure", "map_structure"]


class BlockGuard:
    """Ops made inside the ``with`` block go into a new block of the program."""

    def __init__(self, main_program):
        self.main_program = main_program

    def __enter__(self):
        self.main_program._create_block()

    def __exit__(self, kind, value, trace):
        self.main_program._rollback()
        return False


class OpGuard(BlockGuard):
    """A ``BlockGuard`` at whose end ``owner.complete()`` appends the op that runs the block."""

    def __init__(self, owner):
        super().__init__(owner.helper.main_program)
        self.owner = owner

    def __enter__(self):
        super().__enter__()
        return self.owner

    def __exit__(self, kind, value, trace):
        try:
            if kind is None:
                self.owner.complete()
        finally:  # whatever went wrong, what follows belongs to the block around
            super().__exit__(kind, value, trace)
        return False


def outer_use(block):
    """Names of the variables around a block that it reads, before it wrote them itself, and that it writes.

    Returns:
        Two lists, in the order of first use.
    """
    reads, writes = [], []
    for op in block.ops:
        for name in op.input_arg_names:
            if name not in writes and name not in reads:
                reads.append(name)
        for name in op.output_arg_names:
            if name not in writes:
                writes.append(name)
    around = block.program.block(block.parent_idx)

    def outer(names):
        return [name for name in names if not block.has_var(name) and around._find_var_recursive(name) is not None]

    return outer(reads), outer(writes)


def flatten(structure):
    """The leaves of lists, tuples and dicts within each other, in order (of dicts: of the keys)."""
    if isinstance(structure, dict):
        return [leaf for key in sorted(structure) for leaf in flatten(structure[key])]
    if isinstance(structure, (list, tuple)):
        return [leaf for each in structure for leaf in flatten(each)]
    return [structure]


def pack_like(structure, leaves):
    """``leaves`` in the form of ``structure``."""
    rest = iter(leaves)

    def pack(part):
        if isinstance(part, dict):
            packed = {key: pack(part[key]) for key in sorted(part)}
            return type(part)((key, packed[key]) for key in part)
        if isinstance(part, tuple) and hasattr(part, "_fields"):
            return type(part)(*[pack(each) for each in part])
        if isinstance(part, (list, tuple)):
            return type(part)(pack(each) for each in part)
        return next(rest)

    return pack(structure)


def same_structure(a, b):
    """Whether two structures have the same form."""
    if isinstance(a, dict):
        return isinstance(b, dict) and sorted(a) == sorted(b) and all(same_structure(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)):
        return isinstance(b, (list, tuple)) and len(a) == len(b) and all(map(same_structure, a, b))
    return not isinstance(b, (dict, list, tuple))


def map_structure(function, first, *more):
    """``first`` with ``function`` of its leaves, and of those of ``more`` in the same places, for leaves.

    Raises:
        ValueError: the structures differ.
    """
    for other in more:
        if not same_structure(first, other):
            raise ValueError("two structures of variables differ: %s and %s" % (describe(first), describe(other)))
    return pack_like(first, [function(*leaves) for leaves in zip(*map(flatten, (first,) + more))])


def describe(structure):
    """A structure with the names of its variables, for errors."""
    return pack_like(structure, [getattr(leaf, "name", leaf) for leaf in flatten(structure)])
