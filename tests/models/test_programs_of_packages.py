"""Programs that the 1.8.5 and the 2.6.2 package wrote are read, printed, and written again to the same bytes."""

from pathlib import Path

import paddle.fluid as fluid
import pytest
from paddle.fluid.core import ProgramDesc

FILES = sorted(Path(__file__).with_name("programs").iterdir())


def test_both_packages_are_there():
    versions = {path.name.split(".", 1)[1] for path in FILES}
    names = {path.name.split(".")[0] for path in FILES}
    assert versions == {"1.8.5", "2.6.2"} and len(FILES) == 2 * len(names)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_bytes_are_kept(path):
    content = path.read_bytes()
    assert ProgramDesc(content).serialize_to_string() == content
    assert fluid.Program.parse_from_string(content).desc.serialize_to_string() == content


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_is_printed(path):
    program = fluid.Program.parse_from_string(path.read_bytes())
    text = program.to_string(throw_on_error=True)
    for block in program.blocks:
        for op in block.ops:
            assert op.type in text
            for name in op.output_arg_names:
                assert name in text
        for name in block.vars:
            assert name in text


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_copies_keep_the_bytes(path):
    content = path.read_bytes()
    program = fluid.Program.parse_from_string(content)
    assert program.clone().desc.serialize_to_string() == content
