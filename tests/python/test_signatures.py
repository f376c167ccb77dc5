"""The public names and signatures are those of Fluid 1.8."""

import importlib
import inspect
import json
import os

import pytest

with open(os.path.join(os.path.dirname(__file__), "data", "signatures.json")) as _file:
    SIGNATURES = json.load(_file)


def find(key):
    module, name = key.split(":")
    found = importlib.import_module(module)
    for part in name.split("."):
        found = inspect.getattr_static(found, part) if isinstance(found, type) else getattr(found, part)
    return found.__func__ if isinstance(found, staticmethod) else found


def parameters(function):
    """[name] or [name, default]; a star before what collects the rest."""
    result = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind == parameter.VAR_POSITIONAL:
            result.append(["*" + parameter.name])
        elif parameter.kind == parameter.VAR_KEYWORD:
            result.append(["**" + parameter.name])
        elif parameter.default is parameter.empty:
            result.append([parameter.name])
        else:
            result.append([parameter.name, repr(parameter.default)])
    return result


@pytest.mark.parametrize("key", sorted(SIGNATURES))
def test_signature(key):
    found = find(key)
    wanted = SIGNATURES[key]
    if isinstance(wanted, str):
        return  # a class, property or name: it is there
    got = parameters(found)
    # ours may have more at the end, all with defaults
    more = got[len(wanted) :] if not wanted or not wanted[-1][0].startswith("*") else []
    assert all(len(parameter) == 2 or parameter[0].startswith("*") for parameter in more), key
    for want, have in zip(wanted, got):
        assert want[0] == have[0], key
        if len(want) == 2:  # ours may have a default where Fluid has none
            assert len(have) == 2 and want[1] in ("*", have[1]), key
    assert len(got) >= len(wanted), key


@pytest.mark.parametrize("key", sorted(key for key, kind in SIGNATURES.items() if not isinstance(kind, str)))
def test_documented(key):
    name = key.split(":")[1]
    if "." in name:
        return  # methods: the class says it
    assert inspect.getdoc(find(key)), key
