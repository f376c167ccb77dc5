"""Makes the pages "How fast", docs/en/speed.md and docs/zh/speed.md, with a chart for each file of benchmarks/results/*.json.

Usage: .venv/bin/python benchmarks/page.py [FILE.json...]

The files given are what a benchmark's --json wrote; they are kept in benchmarks/results first, each under its name. The READMEs get
a link to the pages as long as there are any. Refused: a run with --quick, and one in which an implementation computed something else.
"""

import argparse
import hashlib
import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import harness  # noqa: E402

RESULTS = Path("benchmarks") / "results"
BEGIN, END = "<!-- benchmarks/page.py: begin -->\n", "<!-- benchmarks/page.py: end -->\n"
READMES = {"en": "README.md", "zh": "README_zh.md"}
MADE = "<!-- Made by benchmarks/page.py from benchmarks/results/*.json: an edit here is lost. -->"

TEXT = {
    "en": {
        "link": "[All figures](docs/en/speed.md), case by case, with machines, versions and the commands that make them again.",
        "title": "How fast",
        "intro": "Ours and other frameworks in the same tasks, on the same data, one after the other on the same cores. Rates are those "
        "of the median pass; memory is the peak of the whole process. What a case computes is said in its folder of "
        "[benchmarks](../../benchmarks); `%s [NAME.json...]` makes this page from what a run writes with `--json`.",
        "rnn": "Recurrent networks",
        "first": "The two examples",
        "book": "An encoder-decoder, trained twice",
        "executor": "The cost of an op",
        "run": "`%s`, run on %s on %s. All figures: [%s](../../%s).",
        "machine": "%(cpu)s, %(threads)d of %(cores)d cores, %(memory_gb)g GB of memory, %(system)s",
        "chart": "Speed of each implementation over ours, case by case",
        "cases": ["case", "ours, a second", "best peer", "it, a second", "ours / it", "memory of ours, MB", "least of a peer, MB"],
        "all": "Every implementation, a second",
        "case": "case",
        "bars": "Bars",
        "bar": ["bar", "figure", "aim", "met"],
        "met": {True: "yes", False: "**no**"},
        "versions": "Versions",
        "version": ["framework", "versions"],
        "units": {"word": "words", "image": "images", "token": "tokens", "op": "ops"},
    },
    "zh": {
        "link": "[全部数据](docs/zh/speed.md)：逐项列出，并附机器、版本和可重新得出这些数据的命令。",
        "title": "有多快",
        "intro": "本框架与其他框架在相同的任务中比较：数据相同，在同样的核上先后运行。速度取各遍用时的中位数，"
        "内存是整个进程的峰值。每一项计算什么，写在 [benchmarks](../../benchmarks) 的相应目录里；"
        "本页由 `%s [NAME.json...]` 根据 `--json` 写出的文件生成。",
        "rnn": "循环网络",
        "first": "两个示例",
        "book": "同一个编码器—解码器，两边各训练一次",
        "executor": "单个算子的开销",
        "run": "`%s`，%s 运行于 %s。全部数据：[%s](../../%s)。",
        "machine": "%(cpu)s，使用 %(cores)d 个核中的 %(threads)d 个，内存 %(memory_gb)g GB，%(system)s",
        "chart": "各实现的速度与本框架之比",
        "cases": ["项目", "本框架，每秒", "最快的其他框架", "后者，每秒", "前者 / 后者", "本框架内存，MB", "其他框架的最小内存，MB"],
        "all": "所有实现，每秒",
        "case": "项目",
        "bars": "目标",
        "bar": ["目标（命令打印的原文）", "数值", "要求", "达到"],
        "met": {True: "是", False: "**否**"},
        "versions": "版本",
        "version": ["框架", "版本"],
        "units": {"word": "词", "image": "张图像", "token": "个词元", "op": "个算子"},
    },
}


def number(value):
    return "{:,.0f}".format(value) if value >= 100 else "%.3g" % value


def table(head, lines):
    """A Markdown table; all columns but the first hold figures."""
    rows = [head, ["---"] + ["--:"] * (len(head) - 1), *lines]
    return "\n".join("| %s |" % " | ".join(row) for row in rows)


def by_case(rows):
    """Case -> implementation -> row, both in the order of the file."""
    out = {}
    for row in rows:
        out.setdefault(row["case"], {})[row["implementation"]] = row
    return out


def cases_table(text, rows):
    """Ours and the best peer of each case that has both."""
    lines = []
    for case, found in by_case(rows).items():
        peers = [row for row in found.values() if row["peer"] != "ours"]
        if "ours" not in found or not peers:
            continue
        ours, best = found["ours"], max(peers, key=lambda row: row["rate"])
        line = [case, "%s %s" % (number(ours["rate"]), text["units"].get(ours["unit"], ours["unit"])), best["implementation"]]
        line += [number(best["rate"]), "%.2f" % best["ours_over_this"]]
        lines.append(line + [number(row) for row in (ours["peak_rss_mb"], min(row["peak_rss_mb"] for row in peers))])
    return table(text["cases"], lines) if lines else ""


def all_table(text, rows):
    names = list(dict.fromkeys(row["implementation"] for row in rows))
    lines = [
        [case] + [number(found[name]["rate"]) if name in found else "" for name in names] for case, found in by_case(rows).items()
    ]
    return table([text["case"]] + names, lines)


def bars_table(text, bars):
    lines = [
        [bar["text"], "%.3f" % bar["figure"], "%s %g" % ("≥" if bar["at_least"] else "≤", bar["bound"]), text["met"][bar["met"]]]
        for bar in bars
    ]
    return table(text["bar"], lines)


def versions_table(text, versions):
    lines = [[peer, ", ".join("%s %s" % pair for pair in sorted(found.items()) if pair[1])] for peer, found in versions.items()]
    return table(text["version"], lines).replace("--:", "---")


def section(text, path, content):
    name, title = content["benchmark"], text.get(content["benchmark"], content["benchmark"])
    machine = text["machine"] % content["machine"] + (", %s" % content["machine"]["gpu"] if content["machine"].get("gpu") else "")
    out = ["## %s" % (title if path.stem == name else "%s (%s)" % (title, path.stem))]
    out.append(text["run"] % (content["command"], content["date"], machine, path.name, (RESULTS / path.name).as_posix()))
    out.append("![%s](../../%s)" % (text["chart"], (RESULTS / path.name).with_suffix(".png").as_posix()))
    out += [cases_table(text, content["rows"]), "### " + text["all"], all_table(text, content["rows"])]
    if content["bars"]:
        out += ["### " + text["bars"], bars_table(text, content["bars"])]
    return "\n\n".join(part for part in out + ["### " + text["versions"], versions_table(text, content["versions"])] if part)


def page(language, results):
    text = TEXT[language]
    intro = text["intro"] % ".venv/bin/python benchmarks/page.py"
    return "\n\n".join([MADE, "# " + text["title"], intro, *[section(text, *pair) for pair in results.items()]]) + "\n"


def read(root):
    """Path -> content of each result, the benchmarks in the order of TEXT."""
    found = {path: json.loads(path.read_text(encoding="utf-8")) for path in sorted((root / RESULTS).glob("*.json"))}
    order = list(TEXT["en"])
    rank = {path: order.index(content["benchmark"]) if content["benchmark"] in order else len(order) for path, content in found.items()}
    return {path: found[path] for path in sorted(found, key=rank.get)}


def texts(root):
    """Path -> what is to stand there; None: nothing."""
    results, out = read(root), {}
    for language, name in READMES.items():
        out[root / "docs" / language / "speed.md"] = page(language, results) if results else None
        readme = (root / name).read_text(encoding="utf-8")
        if readme.count(BEGIN) != 1 or readme.count(END) != 1:
            sys.exit("%s lacks the lines between which the link goes: %s" % (root / name, (BEGIN + END).split("\n")[:2]))
        link = TEXT[language]["link"] + "\n" if results else ""
        out[root / name] = re.sub(BEGIN + ".*" + END, lambda _: BEGIN + link + END, readme, flags=re.S)
    return out


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def stale(root):
    """The pages, READMEs and charts that are not what the results make."""
    wrong = [path for path, text in texts(root).items() if (path.read_text(encoding="utf-8") if path.exists() else None) != text]
    for path in read(root):
        chart = path.with_suffix(".png")
        if not chart.exists() or digest(path).encode() not in chart.read_bytes():
            wrong.append(chart)
    return wrong + [chart for chart in (root / RESULTS).glob("*.png") if not chart.with_suffix(".json").exists()]


def write(root):
    for path, text in texts(root).items():
        if text is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        elif path.exists():
            path.unlink()
    for path, content in read(root).items():
        harness.plot(content["rows"], path.with_suffix(".png"), source=digest(path))


def add(root, path):
    """Keeps a file that a benchmark wrote."""
    content = json.loads(path.read_text(encoding="utf-8"))
    if content["quick"]:
        sys.exit("%s comes from a run with --quick, whose figures say nothing" % path)
    if content["wrong"]:
        sys.exit("%s: %d implementations computed something else, so that nothing is compared" % (path, content["wrong"]))
    (root / RESULTS).mkdir(parents=True, exist_ok=True)
    (root / RESULTS / path.name).write_bytes(path.read_bytes())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE.json", help="results to keep")
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a page or chart is not what the results make")
    parser.add_argument("--root", type=Path, default=harness.ROOT, help="the repository (default: this one)")
    args = parser.parse_args()
    if args.check:
        wrong = stale(args.root)
        if wrong:
            sys.exit("not what benchmarks/page.py makes of the results: %s" % ", ".join(map(str, wrong)))
        return
    for path in args.files:
        add(args.root, path)
    write(args.root)


if __name__ == "__main__":
    main()
