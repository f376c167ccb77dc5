"""Images scaled to another size."""

import numpy as np
from harness import Op, ints, lod, op_tests


def positions(size, out, align_corners, half):
    """Where each output pixel lies in the input, in float32 as Fluid defines it: the ratio decides which pixel is hit."""
    ratio = np.float32(0)
    if out > 1:
        ratio = np.float32(size - 1) / np.float32(out - 1) if align_corners else np.float32(size) / np.float32(out)
    i = np.arange(out, dtype="float32")
    return np.maximum(ratio * (i + np.float32(0.5)) - np.float32(0.5), np.float32(0)) if half else ratio * i


def matrix(size, out, nearest, align_corners, align_mode):
    """The [out, size] matrix that scales one dimension."""
    m = np.zeros((out, size))
    at = positions(size, out, align_corners, not nearest and not align_corners and align_mode == 0)
    for i, p in enumerate(at):
        if nearest:
            m[i, min(int(p + np.float32(0.5 if align_corners else 0)), size - 1)] = 1
            continue
        low = min(int(p), size - 1)
        weight = float(p - np.float32(low))
        m[i, low] += 1 - weight
        m[i, min(low + 1, size - 1)] += weight
    return m


def interpolate(X, OutSize, SizeTensor, Scale, data_layout, out_h, out_w, scale, interp_method, align_corners, align_mode):
    h, w = X.shape[1:3] if data_layout == "NHWC" else X.shape[2:]
    if Scale is not None:
        scale = float(np.asarray(Scale)[0])
    sizes = (int(np.float32(h) * np.float32(scale)), int(np.float32(w) * np.float32(scale))) if scale > 0 else (out_h, out_w)
    if OutSize is not None:
        sizes = tuple(np.asarray(OutSize))
    if SizeTensor:
        sizes = tuple(int(np.asarray(s)[0]) for s in SizeTensor)
    rows, columns = (matrix(n, out, interp_method == "nearest", align_corners, align_mode) for n, out in zip((h, w), sizes))
    axes = "nhwc,ih,jw->nijc" if data_layout == "NHWC" else "nchw,ih,jw->ncij"
    out = np.einsum(axes, np.asarray(X, "float64"), rows, columns)
    return np.floor(out + 1e-4) if np.asarray(X).dtype == "uint8" else out


F32 = np.float32
MODES = [dict(), dict(align_corners=False, align_mode=0), dict(align_corners=False, align_mode=1)]
SIZES = [
    dict(out_h=2, out_w=4),
    dict(out_h=5, out_w=7),
    dict(out_h=1, out_w=1),
    dict(out_h=3, out_w=5),
    dict(scale=1.75),
    dict(scale=0.5, out_h=9, out_w=9),
    dict(Scale=np.array([2.0], F32), scale=0.5),
    dict(Scale=np.array([0.0], F32), scale=2.0, out_h=4, out_w=2),
    dict(OutSize=np.array([2, 6], "int32"), scale=2.0),
    dict(OutSize=np.array([2, 6], "int64"), Scale=np.array([2.0], F32), out_h=3),
    dict(SizeTensor=[np.array([4], "int32"), np.array([2], "int32")], OutSize=np.array([2, 6], "int32"), scale=2.0),
]


def interpolation(type, method):
    method_cases = [dict(X=(2, 2, 3, 5), interp_method=method, **size, **mode) for size in SIZES for mode in MODES]
    layouts = [
        dict(X=(2, 3, 5, 2), interp_method=method, data_layout="NHWC", out_h=4, out_w=3, **mode) for mode in MODES
    ]
    other = "bilinear" if method == "nearest" else "nearest"
    edges = [
        dict(X=(1, 1, 1, 1), interp_method=method, out_h=2, out_w=2),
        dict(X=(0, 2, 3, 3), interp_method=method, out_h=2, out_w=2),
        dict(X=(2, 1, 3, 3), interp_method=other, out_h=2, out_w=4, out_d=7),
        dict(X=lod((2, 1, 3, 3), [1, 1]), interp_method=method, out_h=2, out_w=4),
        dict(X=ints(2, 1, 3, 3, high=256, dtype="uint8"), interp_method=method, out_h=2, out_w=5, case_dtype="uint8"),
    ]
    good = dict(X=(2, 2, 3, 5), interp_method=method, out_h=2, out_w=2)
    return Op(
        type,
        cases=method_cases + layouts + edges,
        reference=interpolate,
        grad="X",
        bad=[
            dict(good, X=(2, 3, 5), match="rank"),
            dict(good, out_h=0, match="the height of Out would be 0; expected 1 to 16777216"),
            dict(good, out_w=-3, match="the width of Out would be -3; expected 1 to 16777216"),
            dict(good, scale=0.25, match="the height of Out would be 0"),
            dict(good, interp_method="cubic", match="interp_method is 'cubic'; expected nearest or bilinear"),
            dict(good, data_layout="CHW", match="data_layout is 'CHW'; expected NCHW or NHWC"),
            dict(good, align_mode=2, match="align_mode is 2; expected 0 or 1"),
            dict(good, OutSize=np.array([2, 3, 4], "int32"), match="OutSize has 3 elements; expected two"),
            dict(good, OutSize=np.array([2, -1], "int32"), match="the width of Out would be -1; expected 1 to 16777216"),
            dict(good, OutSize=np.array([2**62, 2**62]), match="the height of Out would be 4611686018427387904; expected 1 to 16777216"),
            dict(good, SizeTensor=[np.array([4], "int32"), np.array([0], "int32")], match="the width of Out would be 0"),
            dict(good, SizeTensor=[np.array([4], "int32")], match="SizeTensor has 1 tensors; expected two"),
            dict(good, SizeTensor=[np.array([4, 4], "int32"), np.array([2], "int32")], match=r"SizeTensor\[0\] has 2 elements"),
            dict(good, Scale=np.array([2.0, 1.0], F32), match=r"Scale has shape \[2\]; expected one number"),
            dict(good, Scale=np.array([np.nan], F32), match="Scale is nan"),
            dict(good, Scale=np.array([1e30], F32), match="the height of Out would be .*; expected 1 to 16777216"),
            dict(good, X=(2, 2, 0, 5), match="without pixels"),
        ],
    )


test = op_tests(interpolation("bilinear_interp", "bilinear"), interpolation("nearest_interp", "nearest"))
