"""The op reference that scripts/reference writes has every op, and every text in both languages."""

import importlib.machinery
import importlib.util
import pathlib
import re

import pytest
from paddle import _core as core

SCRIPT = pathlib.Path(__file__).parents[2] / "scripts" / "reference"


@pytest.fixture(scope="module")
def reference():
    loader = importlib.machinery.SourceFileLoader("reference", str(SCRIPT))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("reference", loader))
    loader.exec_module(module)
    return module


def test_texts_are_translated(reference):
    missing = ["%s: %s" % (where, text) for text, where in reference.missing()]
    assert not missing, (
        "append the output of `PYTHONPATH=build/release/python scripts/reference --missing` to docs/zh/ops.po, "
        "and fill in the Chinese of\n" + "\n".join(missing)
    )


def names_in(text):
    """Names that a translation leaves alone: `code`, and words with a capital or an underscore inside, or a digit behind."""
    plain = re.sub(r"\([^()]*\bet al\b.*|[A-Z][a-z]+ (et al|and) .*", "", text)
    return set(re.findall(r"`[^`]+`|[A-Za-z]\w*_\w+|[A-Z][a-z0-9]+[A-Z]\w*|arXiv:\d+.\d+", plain))


def test_translations_keep_names(reference):
    lost = {}
    for english, chinese in reference.read_catalogue().items():
        names = {name for name in names_in(english) if name.rstrip("s") not in chinese}
        if names:
            lost[english] = names
    assert not lost


def test_pages(reference, tmp_path):
    reference.write(tmp_path)
    ops = set(reference.forward_ops())
    for language in ("en", "zh"):
        folder = tmp_path / language / "ops"
        pages = {page.name: page.read_text(encoding="utf-8") for page in folder.glob("*.md")}
        index = pages.pop("README.md")
        headings = re.findall(r"^## (\w+)$", "\n".join(pages.values()), re.M)
        assert sorted(headings) == sorted(ops)
        assert {op for page, op in re.findall(r"\((\w+\.md)#(\w+)\)", index) if "## %s\n" % op in pages[page]} == ops
        named = set(re.findall(r"`(\w+)`", "\n".join(pages.values())))
        assert {op for op in core.op_types() if op not in ops} <= named, "a gradient op is listed with no op"


def test_one_op(reference):
    page = "\n".join(reference.Pages().op("log_loss"))
    assert "- `epsilon` (float, required): Added to the arguments of the logarithms." in page
    assert "Gradient: `log_loss_grad`" in page and "Layer functions: `fluid.layers.log_loss`" in page
    assert reference.family("log_loss") == "loss"
    assert reference.devices("relu") == "CPU, CUDA" and reference.devices("log_loss") == "CPU"
    assert reference.gradient_ops("sum") == ["scale"], "from the op's rule: there is no sum_grad"
