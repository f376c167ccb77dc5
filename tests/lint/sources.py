"""The files that the lint tests look at, and C++ text without comments, literals and preprocessor lines."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CPP = (".h", ".cc", ".cu", ".cuh")


def tracked(*suffixes):
    """Paths of all files that git tracks or would track, with one of these suffixes (all files when none is given)."""
    out = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"], cwd=ROOT, stdout=subprocess.PIPE, check=True
    ).stdout.decode()
    paths = sorted({ROOT / name for name in out.split("\0") if name})
    return [path for path in paths if path.is_file() and (not suffixes or path.suffix in suffixes)]


def name(path):
    return path.relative_to(ROOT).as_posix()


def includes(path):
    """(line number, header) of each #include, with its quotes or brackets."""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*([<"][^>"]+[>"])', line)
        if match:
            yield number, match.group(1)


_NOISE = re.compile(
    r"""(?P<raw>R"(?P<tag>[^(\s]*)\(.*?\)(?P=tag)") | //[^\n]* | /\*.*?\*/ | "(?:\\.|[^"\\\n])*" | (?<![0-9a-fA-F])'(?:\\.|[^'\\\n])*'
      | ^[ \t]*\#(?:\\\n|[^\n])*""",
    re.S | re.M | re.X,
)


def bare_cpp(text):
    """`text` with comments, literals and preprocessor lines blanked; positions and lines stay."""
    return _NOISE.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)


def _closing(text, at):
    """Position of the bracket that closes the one at `at`."""
    depth = 0
    for position in range(at, len(text)):
        if text[position] in "({[":
            depth += 1
        elif text[position] in ")}]":
            depth -= 1
            if depth == 0:
                return position
    raise ValueError("unbalanced brackets")


def cpp_functions(text):
    """(name, first line, last line) of each function body at namespace or class level; lambdas belong to their function."""
    text = bare_cpp(text)
    found, start, at = [], 0, 0
    while at < len(text):
        mark = text[at]
        if mark in ";}":
            start = at + 1
        elif mark in "([":
            at = _closing(text, at)
        elif mark == "{":
            head = text[start:at].strip()
            head = re.sub(r"^(public|private|protected)\s*:", "", head).strip()
            if re.match(r"(inline\s+)?namespace\b|extern\b(?!.*\()", head) or _is_class(head):
                start = at + 1
            else:
                end = _closing(text, at)
                if _is_body(head):
                    first = text.count("\n", 0, start + len(text[start:at]) - len(text[start:at].lstrip())) + 1
                    found.append((_function_name(head), first, text.count("\n", 0, end) + 1))
                    start = end + 1
                at = end
        at += 1
    return found


def _is_class(head):
    head = re.sub(r"template\s*<.*?>\s*(?=(class|struct|union)\b)", "", head, flags=re.S)
    return re.match(r"(class|struct|union)\b", head) and not re.search(r"\)\s*(const|noexcept|override|->.*)?$", head)


def _is_body(head):
    """Whether a brace after this text opens a function body: not an initialiser, not a member of a constructor's list."""
    if "(" not in head or re.search(r"(?<![=!<>])=(?!=)\s*$", re.sub(r"operator\s*=", "", head)):
        return False
    if re.search(r"\)\s*(noexcept\s*)?:(?!:)", head):  # constructor with a list: `a_(1), b_{2} {`
        return bool(re.search(r"[)}]\s*$", head))
    return not re.match(r"(enum|using|return)\b", head) and bool(
        re.search(r"\)\s*(const|noexcept|override|final|mutable|&&?|try|requires[^;]*|->[^;]*|\s)*$", head, re.S)
    )


def _function_name(head):
    match = re.search(r"((?:[\w:]+::)?operator\s*(?:\(\)|[^\s(]+)|[~\w:]+)\s*\(", head)
    return match.group(1) if match else head[:40]
