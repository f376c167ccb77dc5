"""The wheel: installed into an empty environment, with the system's copies of its libraries out of reach."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUNDLED = ["libdnnl", "libprotobuf-lite", "libhwy", "libgomp"]


def run(*command, **options):
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    run(ROOT / "scripts" / "wheel", folder)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def python(wheel, tmp_path_factory):
    """The interpreter of a fresh environment that holds the wheel and what it asks for."""
    folder = tmp_path_factory.mktemp("venv")
    run(sys.executable, "-m", "venv", folder)
    run(folder / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", wheel)
    return folder / "bin" / "python"


@pytest.fixture(scope="module")
def package(python):
    return Path(run(python, "-c", "import paddle; print(paddle.__path__[0])", env=clean(), cwd="/").strip())


def clean():
    return {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "LD_LIBRARY_PATH", "LD_PRELOAD")}


def system_copies():
    """The system's files of the bundled libraries."""
    listing = run("ldconfig" if shutil.which("ldconfig") else "/sbin/ldconfig", "-p")
    paths = re.findall(r"=> (\S+)", listing)
    return sorted({os.path.realpath(path) for path in paths if any(name in os.path.basename(path) for name in BUNDLED)})


def test_trains_with_the_systems_copies_out_of_reach(python):
    command = [str(python), str(HERE / "train.py"), *BUNDLED]
    hide = "".join("mount --bind /dev/null %s && " % path for path in system_copies())
    private = ["unshare", "--mount"] + ([] if os.getuid() == 0 else ["--map-root-user"])
    if subprocess.run([*private, "true"], stderr=subprocess.DEVNULL).returncode == 0:
        command = [*private, "sh", "-c", hide + 'exec "$@"', "sh", *command]
    # Where no namespace may be made, train.py's look at the mapped files has to do.
    assert "loss" in run(*command, env=clean(), cwd="/")


def test_carries_its_libraries_headers_and_types(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    for library in BUNDLED:
        assert [name for name in names if re.match(r"paddle_fluid\.libs/%s\b" % library, name)], library
    for needed in ("paddle/lib/libpaddle.so", "paddle/include/paddle/runtime/executor.h", "paddle/lib/cmake/Paddle/PaddleConfig.cmake", "paddle/py.typed", "paddle/_core.pyi"):
        assert needed in names
    assert not [name for name in names if name.endswith((".cc", ".cu", ".o")) or "__pycache__" in name]
    assert wheel.stat().st_size < 60e6


def test_embeds_in_a_program_outside_the_tree(python, package, tmp_path):
    build = tmp_path / "build"
    run("cmake", "-S", HERE / "cpp", "-B", build, "-G", "Ninja", "-DCMAKE_PREFIX_PATH=%s" % package, "-DCMAKE_BUILD_TYPE=Release", env=tools())
    run("cmake", "--build", build, env=tools())
    write = (
        "import paddle.fluid as fluid\n"
        "out = fluid.layers.scale(fluid.layers.fill_constant([2, 3], 'float32', 1.5), scale=2.0)\n"
        "open('program', 'wb').write(fluid.default_main_program().desc.serialize_to_string())\n"
        "print(out.name)\n"
    )
    name = run(python, "-c", write, env=clean(), cwd=tmp_path).strip()
    assert float(run(build / "embed", tmp_path / "program", name, env=clean())) == 18.0


def tools():
    """The environment with cmake and ninja of the interpreter that runs the tests."""
    return dict(clean(), PATH=os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"])
