"""Sizes of files and functions, macros, formatting, and what the repository must not speak of."""

import ast
import re
import shutil
import subprocess

import pytest
import sources

FILE_LINES = 600
FUNCTION_LINES = 60
FUNCTION_LIMIT = 100
MAY_EXCEED = 0.02  # share of the functions that may be longer than FUNCTION_LINES
FUNCTION_MACROS = 5
CODE = sources.CPP + (".py", ".pyi", ".cmake", ".sh", ".proto", ".txt")


def python_functions(text):
    """(name, first line, lines) of each function; a docstring does not count."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            lines = node.end_lineno - node.lineno + 1
            if ast.get_docstring(node, clean=False) is not None:
                lines -= node.body[0].end_lineno - node.body[0].lineno + 1
            yield node.name, node.lineno, lines


def functions():
    for path in sources.tracked(*sources.CPP):
        for name, first, last in sources.cpp_functions(path.read_text()):
            yield "%s:%d: %s" % (sources.name(path), first, name), last - first + 1
    for path in sources.tracked(".py"):
        for name, first, lines in python_functions(path.read_text()):
            yield "%s:%d: %s" % (sources.name(path), first, name), lines


SAMPLE = """
namespace a {
struct S : T {
  S(int b) : T{b},
             c_{1} {
    if (b) { c_ = 2; }
  }
  S& operator=(const S& other) { return *this; }
  int c_ = 0;
};
const Table kTable({.f = [](int x) { return x; }, .text = "void g() {"});
template <class T>
auto F(T t) -> std::enable_if_t<(sizeof(T) > 1), int> {
  return [&] { return t; }();
}
}
"""


def test_functions_are_found():
    assert sources.cpp_functions(SAMPLE) == [("S", 4, 7), ("operator=", 8, 8), ("F", 12, 15)]


def test_files_are_short():
    long = [
        "%s: %d lines" % (sources.name(path), lines)
        for path in sources.tracked(*CODE)
        for lines in [path.read_text().count("\n")]
        if lines >= FILE_LINES
    ]
    assert not long, "\n".join(long)


def test_functions_are_short():
    lengths = dict(functions())
    over = {where: lines for where, lines in lengths.items() if lines > FUNCTION_LINES}
    listing = "\n".join("%s: %d lines" % pair for pair in sorted(over.items(), key=lambda pair: -pair[1]))
    assert len(lengths) > 100, "the search for functions found only %d" % len(lengths)
    assert all(lines <= FUNCTION_LIMIT for lines in over.values()), listing
    assert len(over) <= MAY_EXCEED * len(lengths), listing


def test_few_function_like_macros():
    macros = [
        "%s: %s" % (sources.name(path), match.group())
        for path in sources.tracked(*sources.CPP)
        for match in re.finditer(r"^[ \t]*#[ \t]*define[ \t]+\w+\(", path.read_text(), re.M)
    ]
    assert len(macros) <= FUNCTION_MACROS, "\n".join(macros)


def test_the_library_never_ends_the_process():
    ending = re.compile(r"(?<![\w.>])(abort|exit|_exit|_Exit|quick_exit|terminate|assert)\s*\(")
    wrong = [
        "%s: %s" % (sources.name(path), match.group())
        for path in sources.tracked(*sources.CPP)
        if sources.name(path).startswith(("paddle/", "python/"))
        for match in ending.finditer(sources.bare_cpp(path.read_text()))
    ]
    assert not wrong, "\n".join(wrong)


def test_python_parses_as_3_8():
    for path in sources.tracked(".py"):
        ast.parse(path.read_text(), filename=sources.name(path), feature_version=(3, 8))


@pytest.mark.skipif(not shutil.which("clang-format"), reason="clang-format is not installed")
def test_clang_format_is_clean():
    files = [str(path) for path in sources.tracked(*sources.CPP)]
    done = subprocess.run(["clang-format", "--dry-run", "-Werror", *files], stderr=subprocess.PIPE, text=True)
    wrong = sorted({line for line in done.stderr.splitlines() if "error:" in line})
    assert done.returncode == 0, "run `make format`:\n" + "\n".join(wrong[:20])


def test_the_repository_speaks_of_the_product_alone():
    # Paths of a single machine, hosts of package registries, and the workshop that the sources came from.
    foreign = re.compile(
        r"/(work|root|home)/\w|\.\./shared\b|\b(pypi\.org|pythonhosted|deb\.debian)\b|\boracle/|\bissues? #?\d|\bhelpers? session\b", re.I
    )
    wrong = []
    for path in sources.tracked():
        if path.name == "test_style.py":
            continue
        try:
            text = path.read_text()
        except UnicodeDecodeError:  # binary test data
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if foreign.search(line):
                wrong.append("%s:%d: %s" % (sources.name(path), number, line.strip()[:100]))
    assert not wrong, "\n".join(wrong)
