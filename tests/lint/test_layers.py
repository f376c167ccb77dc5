"""Which folder may include which, and what may be included where."""

import re

import sources

# Left to right; folders of one entry do not include each other.
LAYERS = [
    {"base"},
    {"device"},
    {"tensor"},
    {"math", "program"},
    {"op"},
    {"ops", "autodiff", "pass"},
    {"runtime"},
    {"io", "distributed"},
    {"bindings"},
]
RANK = {folder: rank for rank, folders in enumerate(LAYERS) for folder in folders}
FORBIDDEN = {"runtime": {"ops", "autodiff"}}  # the runtime names no op, whatever its rank
CUDA_HEADER = re.compile(r"[<\"](cuda|cublas|cudnn|curand|cusparse|cusolver|nccl|nvrtc|nvtx|cub/|thrust/|cooperative_groups)")
CUDA_PLACES = re.compile(r"\.cuh?$|^paddle/(device|math)/cuda/")


def folder_of(name):
    if name.startswith("python/bindings/"):
        return "bindings"
    match = re.match(r"paddle/(\w+)/", name)
    return match.group(1) if match else None


def test_every_folder_has_a_layer():
    folders = {folder_of(sources.name(path)) for path in sources.tracked(*sources.CPP)} - {None}
    assert folders <= set(RANK), "folders without a layer: %s" % sorted(folders - set(RANK))


def test_includes_point_to_lower_layers():
    wrong = []
    for path in sources.tracked(*sources.CPP):
        user = folder_of(sources.name(path))
        for line, header in sources.includes(path) if user else ():
            used = folder_of(header.strip('<>"'))
            if used is None or used == user:
                continue
            if RANK[used] >= RANK[user] or used in FORBIDDEN.get(user, ()):
                wrong.append("%s:%d: %s must not include %s" % (sources.name(path), line, user, header))
    assert not wrong, "\n".join(wrong)


def test_cuda_headers_stay_in_their_places():
    wrong = [
        "%s:%d: %s" % (sources.name(path), line, header)
        for path in sources.tracked(*sources.CPP)
        if not CUDA_PLACES.search(sources.name(path))
        for line, header in sources.includes(path)
        if CUDA_HEADER.match(header)
    ]
    assert not wrong, "\n".join(wrong)


def test_installed_headers_include_only_the_standard_library_and_each_other():
    wrong = []
    for path in sources.tracked(".h"):
        if not re.match(r"paddle/(?!ops/|math/)", sources.name(path)) or "/cuda/" in sources.name(path):
            continue
        for line, header in sources.includes(path):
            if not re.match(r'<[a-z_0-9]+>$|<std(def|int)\.h>$|"paddle/(?!ops/|math/)', header):
                wrong.append("%s:%d: %s" % (sources.name(path), line, header))
    assert not wrong, "\n".join(wrong)
