"""`help` of a layer tells what it computes, its arguments, result and errors; and the errors are raised."""

import inspect
import re

import pytest

import paddle.fluid as fluid

LAYERS = [name for name in sorted(fluid.layers.__all__) if inspect.isfunction(getattr(fluid.layers, name))]


def section(doc, title):
    """The indented lines below ``title``."""
    found = re.search(r"^%s:\n((?:[ \t]+\S.*\n?)+)" % title, doc, re.M)
    return found.group(1) if found else None


@pytest.mark.parametrize("name", LAYERS)
def test_help(name):
    function = getattr(fluid.layers, name)
    doc = inspect.getdoc(function) or ""
    assert doc[:1].strip() and not doc.startswith("Args"), "the first line should say what %s computes" % name
    for title in ("Args", "Returns", "Raises"):
        assert section(doc, title), "the documentation of %s lacks the section '%s:'" % (name, title)
    told = {
        argument
        for names in re.findall(r"^ {4}(\w[\w, ]*?)(?: \(|:)", section(doc, "Args"), re.M)
        for argument in names.split(", ")
    }
    assert told == set(inspect.signature(function).parameters)
    assert re.search(r"^ {4}(\w+, )*\w+(Error|Exception): \S", section(doc, "Raises"), re.M)


@pytest.mark.parametrize("name", LAYERS)
def test_wrong_kind_of_argument(name):
    """A number in each place: an error that speaks of the layer's arguments, not of the attributes of a float."""
    function = getattr(fluid.layers, name)
    parameters = inspect.signature(function).parameters.values()
    arguments = {each.name: 3.5 for each in parameters if each.default is inspect.Parameter.empty}
    if not arguments or name.endswith(("_decay", "_warmup")) or name == "arange":
        pytest.skip("takes numbers alone")
    with fluid.program_guard(fluid.Program(), fluid.Program()):
        with pytest.raises((TypeError, ValueError, NotImplementedError)) as caught:
            function(**arguments)
    assert not re.search("object (has no|is not|of type)|required positional|unsupported operand", str(caught.value))
