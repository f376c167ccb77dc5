"""The code of the documents runs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(ROOT.glob("docs/*/guide.md")) + [ROOT / "README.md", ROOT / "README_zh.md"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_page(page, tmp_path):
    blocks = re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S)
    assert blocks, "the page has no code"
    script = tmp_path / "page.py"
    script.write_text("\n".join(blocks), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(script)], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert done.returncode == 0, done.stdout


def code(page):
    """The blocks of code of a page, without comments."""
    blocks = re.findall(r"^```(\w+)\n(.*?)^```", (ROOT / page).read_text(encoding="utf-8"), re.M | re.S)
    return [(language, re.sub(r"\s*#(?!include).*", "", text)) for language, text in blocks]


@pytest.mark.parametrize("pages", [("README.md", "README_zh.md"), ("docs/en/guide.md", "docs/zh/guide.md")])
def test_languages_have_the_same_code(pages):
    assert code(pages[0]) == code(pages[1])


def test_commands_and_links_exist():
    targets = set(re.findall(r"^(\S+):", (ROOT / "Makefile").read_text(), re.M))
    for page in PAGES + [ROOT / "CONTRIBUTING.md"]:
        text = page.read_text(encoding="utf-8")
        made = set(re.findall(r"\bmake ([a-z][a-z-]*)", "\n".join(re.findall(r"`[^`\n]+`|^    .*$", text, re.M))))
        assert made <= targets, page
        named = set(re.findall(r"\b(?:scripts|benchmarks)/\w[\w-]*(?=[\s`])", text))
        named |= set(re.findall(r"\]\(([^)#:]+)\)", text))
        missing = [name for name in named if not (ROOT / name).exists() and not (page.parent / name).exists()]
        assert not missing, page
