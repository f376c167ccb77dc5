"""What the built libraries export."""

import re
import subprocess
from pathlib import Path

import paddle

ALLOWED = re.compile(
    r"^(PD_\w+$|((vtable|VTT|typeinfo|typeinfo name|guard variable|construction vtable) for |(non-)?virtual thunk to )*"
    r"((void|bool|int|long|unsigned int|unsigned long|float|double) )?paddle::)"  # templates are printed with what they return
)


def exported(library):
    """Demangled names of the symbols that `library` defines for others."""
    out = subprocess.run(["nm", "-DC", "--defined-only", str(library)], stdout=subprocess.PIPE, check=True, text=True).stdout
    return [line.split(" ", 2)[2] for line in out.splitlines()]


def test_libpaddle_exports_its_namespace_and_c_interface_only():
    names = exported(Path(paddle.__file__).parent / "lib" / "libpaddle.so")
    foreign = [name for name in names if not ALLOWED.match(name)]
    assert len(names) > 100
    assert not foreign, "\n".join(foreign[:20])


def test_the_python_module_exports_its_entry_only():
    (module,) = Path(paddle.__file__).parent.glob("_core*.so")
    assert [name for name in exported(module) if name != "PyInit__core"] == []
