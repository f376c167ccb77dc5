"""One batch on several replicas of a program, see ``CompiledProgram.with_data_parallel``."""

import numpy as np

from paddle.fluid import core
from paddle.fluid.framework import OpRole, cpu_places


def _split_rows(array, count):
    """An array cut into ``count`` runs of rows; the first ones are longer when it does not come out even."""
    if len(array) < count:
        raise ValueError("a batch of %d cannot be split over %d replicas" % (len(array), count))
    return np.array_split(array, count)


def split_tensor(tensor, count):
    """A tensor cut into ``count`` along its rows, or along its outermost sequences."""
    array = np.asarray(tensor)
    levels = tensor.recursive_sequence_lengths()
    if not levels:
        return [core.from_numpy(np.ascontiguousarray(part), False) for part in _split_rows(array, count)]
    parts = [[list(outer)] for outer in _split_rows(np.asarray(levels[0]), count)]
    for level in levels[1:]:
        start = 0
        for part in parts:
            size = sum(part[-1])
            part.append(list(level[start : start + size]))
            start += size
    pieces, start = [], 0
    for part in parts:
        rows = sum(part[-1])
        piece = core.from_numpy(np.ascontiguousarray(array[start : start + rows]), False)
        piece.set_recursive_sequence_lengths(part)
        pieces.append(piece)
        start += rows
    return pieces


def merge_tensors(values):
    """The pieces of a fetched variable behind each other."""
    if len(values) == 1:
        return values[0]
    merged = core.from_numpy(np.concatenate([np.atleast_1d(np.asarray(value)) for value in values]), False)
    levels = [value.recursive_sequence_lengths() for value in values]
    if levels[0]:
        lengths = [sum((list(part[i]) for part in levels), []) for i in range(len(levels[0]))]
        merged.set_recursive_sequence_lengths(lengths)
    return merged


def reduce_gradients(values, factor):
    """``factor`` times the sum of dense or sparse gradients."""
    if isinstance(values[0], core.SelectedRows):
        rows = [row for value in values for row in value.rows()]
        total = core.SelectedRows(rows, values[0].height())
        parts = [np.asarray(value.get_tensor()) for value in values]
        total.get_tensor().set((np.concatenate(parts) * factor).astype(parts[0].dtype), core.CPUPlace())
        return total
    arrays = [np.asarray(value) for value in values]
    total = arrays[0].copy()
    for array in arrays[1:]:
        total += array
    return core.from_numpy(np.ascontiguousarray((total * factor).astype(total.dtype)), False)


def _without(program, chosen):
    """A copy of a program without the ops at these places of its global block."""
    copy = program.clone()
    for i in reversed(chosen):
        copy.global_block()._remove_op(i)
    return copy


class Replicas:
    """Runs forward and backward on parts of a batch, one after another, and updates once with the reduced gradients.

    Parameters are shared through the scope. What forward ops write to persistable variables (running statistics) each
    replica has for itself; those of replica 0 are in the scope.
    """

    def __init__(self, program, build_strategy, places):
        self.program = program
        scale = build_strategy.gradient_scale_strategy
        self._count = len(cpu_places() if places is None else places)
        build_strategy._check(self._count)
        self._factor = 1.0 if scale == build_strategy.GradientScaleStrategy.One else 1.0 / self._count
        self._edit_count = None
        self._scopes = None

    def run(self, executor, feed, names, scope, return_numpy, return_merged):
        """See ``Executor.run``; ``feed``: one dict that is split, or a list with one for each replica."""
        from paddle.fluid.executor import as_numpy

        if self._count == 1:
            feed = feed[0] if isinstance(feed, (list, tuple)) else feed
            values = executor._run_program(self.program, feed, names, scope)
        else:
            pieces = self._run_replicas(executor, self._feeds(feed), names, scope)
            values = [merge_tensors(piece) for piece in pieces] if return_merged else pieces
        return as_numpy(values) if return_numpy else values

    def _feeds(self, feed):
        from paddle.fluid.executor import feed_tensors

        if isinstance(feed, (list, tuple)):
            if len(feed) != self._count:
                raise ValueError("got %d dicts to feed %d replicas" % (len(feed), self._count))
            return [feed_tensors(self.program, each) for each in feed]
        tensors = feed_tensors(self.program, feed or {})
        parts = {name: split_tensor(tensor, self._count) for name, tensor in tensors.items()}
        return [{name: part[i] for name, part in parts.items()} for i in range(self._count)]

    def _prepare(self):
        """Cut the program into what each replica runs and what runs once."""
        block = self.program.global_block()
        once = OpRole.Optimize | OpRole.LRSched
        is_once = [bool(op.attr("op_role") & once) for op in block.ops]
        self._each = _without(self.program, [i for i, flag in enumerate(is_once) if flag])
        self._once = _without(self.program, [i for i, flag in enumerate(is_once) if not flag])
        made = {name for op, flag in zip(block.ops, is_once) if not flag for name in op.output_arg_names}
        read = {name for op, flag in zip(block.ops, is_once) if flag for name in op.input_arg_names}
        persistable = {name for name, var in block.vars.items() if var.persistable}
        self._passed = sorted((made & read) - persistable)
        self._own = sorted(made & persistable)
        self._made_once = {n for op, flag in zip(block.ops, is_once) if flag for n in op.output_arg_names} - made
        self._has_update = any(is_once)
        self._scopes = None
        self._edit_count = self.program.desc.edit_count

    def scopes(self, scope):
        """The scope itself for replica 0, children with their own statistics for the others."""
        if self._edit_count != self.program.desc.edit_count:
            self._prepare()
        if self._scopes is None or self._scopes[0] is not scope:
            self._scopes = [scope] + [scope.new_scope() for _ in range(self._count - 1)]
            for child in self._scopes[1:]:
                for name in self._own:
                    value = np.array(scope.find_var(name).get_tensor())
                    child.var(name).get_tensor().set(value, core.CPUPlace())
        return self._scopes

    def _run_replicas(self, executor, feeds, names, scope):
        scopes = self.scopes(scope)
        seed = self.program.random_seed
        each_names = [name for name in names if name not in self._made_once]
        results = [
            executor._executor.run(self._each.desc, child, feed, each_names + self._passed, seed)
            for child, feed in zip(scopes, feeds)
        ]
        fetched = {name: [values[k] for values in results] for k, name in enumerate(each_names)}
        if self._has_update:
            offset = len(each_names)
            passed = {
                name: reduce_gradients([values[offset + k] for values in results], self._factor)
                for k, name in enumerate(self._passed)
            }
            once_names = [name for name in names if name in self._made_once]
            values = executor._executor.run(self._once.desc, scope, passed, once_names, seed)
            fetched.update((name, [value]) for name, value in zip(once_names, values))
        return [fetched[name] for name in names]
