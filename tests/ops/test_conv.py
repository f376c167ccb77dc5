"""Convolutions of images, and transposed ones, written out element by element."""

import numpy as np
from harness import LodArray, Op, lod, op_tests


def first_channels(image, data_format):
    return np.moveaxis(np.asarray(image), -1, 1) if data_format == "NHWC" else np.asarray(image)


def as_format(image, data_format):
    return np.moveaxis(image, 1, -1) if data_format == "NHWC" else image


def paddings_of(algorithm, paddings, sizes, kernel, strides):
    """(before, after) of height and width. SAME: ceil(size / stride) windows, the odd row after; dilations count as 1."""
    if algorithm == "VALID":
        return [(0, 0), (0, 0)]
    if algorithm == "SAME":
        sums = [max((-(-n // s) - 1) * s + k - n, 0) for n, k, s in zip(sizes, kernel, strides)]
        return [(total // 2, total - total // 2) for total in sums]
    if len(paddings) == 2:
        return [(p, p) for p in paddings]
    return [tuple(paddings[:2]), tuple(paddings[2:])]


def window_slices(i, j, sizes, strides, dilations):
    """What the filter's element (i, j) meets in the padded image, for all positions of the window."""
    return tuple(slice(k * d, k * d + (n - 1) * s + 1, s) for k, d, n, s in zip((i, j), dilations, sizes, strides))


def conv2d(Input, Filter, Bias, ResidualData, strides, paddings, padding_algorithm, groups, dilations, data_format):
    x, w = first_channels(Input, data_format), np.asarray(Filter)
    n, c, height, width = x.shape
    m, cg, kh, kw = w.shape
    pads = paddings_of(padding_algorithm, paddings, (height, width), (kh, kw), strides)
    dilations = [1, 1] if padding_algorithm == "SAME" else dilations
    x = np.pad(x, [(0, 0), (0, 0)] + pads)
    sizes = [(x.shape[2 + d] - dilations[d] * (w.shape[2 + d] - 1) - 1) // strides[d] + 1 for d in (0, 1)]
    out = np.zeros((n, m, *sizes))
    for k in range(m):
        first = k // (m // groups) * cg
        for i in range(kh):
            for j in range(kw):
                rows, columns = window_slices(i, j, sizes, strides, dilations)
                out[:, k] += np.tensordot(x[:, first : first + cg, rows, columns], w[k, :, i, j], (1, 0))
    if Bias is not None:
        out += np.reshape(Bias, (m, 1, 1))
    out = as_format(out, data_format)
    return LodArray(out if ResidualData is None else out + np.asarray(ResidualData), Input.lengths)


def conv2d_transpose(Input, Filter, Bias, output_size, strides, paddings, padding_algorithm, groups, dilations, data_format):
    x, w = first_channels(Input, data_format), np.asarray(Filter)
    n, c, *in_sizes = x.shape
    _, mg, kh, kw = w.shape
    (top, bottom), (left, right) = paddings_of(padding_algorithm, paddings, in_sizes, (kh, kw), strides)
    dilations = [1, 1] if padding_algorithm == "SAME" else dilations
    full = [(in_sizes[d] - 1) * strides[d] + dilations[d] * (w.shape[2 + d] - 1) + 1 for d in (0, 1)]
    sizes = output_size or [full[0] - top - bottom, full[1] - left - right]
    out = np.zeros((n, mg * groups, *(max(a, b + c) for a, b, c in zip(full, sizes, (top, left)))))
    for k in range(c):
        first = k // (c // groups) * mg
        for i in range(kh):
            for j in range(kw):
                rows, columns = window_slices(i, j, in_sizes, strides, dilations)
                out[:, first : first + mg, rows, columns] += x[:, k][:, None] * w[k, :, i, j][:, None, None]
    out = out[:, :, top : top + sizes[0], left : left + sizes[1]]
    if Bias is not None:
        out += np.reshape(Bias, (-1, 1, 1))
    return as_format(out, data_format)


WINDOWS = [  # of a 3 x 2 filter over a 6 x 5 image
    dict(),
    dict(strides=[2, 3]),
    dict(paddings=[1, 2]),
    dict(paddings=[2, 0, 1, 3], strides=[3, 2]),
    dict(dilations=[2, 3]),
    dict(dilations=[2, 1], paddings=[1, 1], strides=[2, 1]),
    dict(padding_algorithm="SAME"),
    dict(padding_algorithm="SAME", strides=[2, 2], dilations=[2, 2]),
    dict(padding_algorithm="SAME", strides=[3, 4]),
    dict(padding_algorithm="VALID", paddings=[3, 3], dilations=[2, 2]),
]
SECOND = dict(grad=("Input", "Filter", "Bias", "ResidualData"), double=("Input", "Filter"))


def with_formats(cases):
    """The cases, and the same with channels last."""
    out = list(cases)
    for case in cases:
        if isinstance(case["Input"], tuple):
            n, c, h, w = case["Input"]
            out.append({**case, "Input": (n, h, w, c), "data_format": "NHWC"})
    return out


def conv_cases(c, m, groups, **more):
    filter = (m, c // groups, 3, 2)
    cases = [dict(Input=(2, c, 6, 5), Filter=filter, groups=groups, **window) for window in WINDOWS]
    cases += [dict(Input=(1, c, 6, 5), Filter=filter, groups=groups, Bias=(m,), paddings=[1, 1])]
    return with_formats(cases)


def conv_bad(c, m, groups):
    good = dict(Input=(2, c, 6, 5), Filter=(m, c // groups, 3, 2), groups=groups)
    return [
        dict(good, Input=(2, c, 6), match=rf"Input has shape \[2, {c}, 6\] of rank 3; expected rank 4: \[N, C, H, W\]"),
        dict(good, Filter=(m, c // groups, 3), match="Filter has shape .*expected rank 4"),
        dict(good, Input=(2, c + 1, 6, 5), match=rf"Input .* has {c + 1} channels, but Filter .* takes {c}"),
        dict(good, strides=[0, 1], match=r"strides is \[0, 1\]; expected two numbers of 1 or more"),
        dict(good, strides=[1], match=r"strides is \[1\]; expected two numbers"),
        dict(good, dilations=[1, -1], match=r"dilations is \[1, -1\]; expected two numbers of 1 or more"),
        dict(good, paddings=[1, 1, 1], match=r"paddings is \[1, 1, 1\]; expected two numbers .* or four"),
        dict(good, paddings=[-1, 0], match=r"paddings is \[-1, 0\]; expected no negative number"),
        dict(good, padding_algorithm="same", match="padding_algorithm is 'same'; expected EXPLICIT, SAME or VALID"),
        dict(good, data_format="NCWH", match="data format is 'NCWH'; expected NCHW or NHWC"),
        dict(good, Bias=(m + 1,), match=rf"Bias \[{m + 1}\] does not fit {m}"),
        dict(good, groups=0, match="groups"),
        dict(good, groups=-1, match="groups"),
    ]


def conv(type, cases, bad, **more):
    return Op(
        type,
        cases=cases,
        reference=conv2d,
        bad=bad
        + [
            dict(Input=(1, 2, 2, 2), Filter=(2, 2, 3, 2), match=r"a window of 3 x 2 .* does not fit into Input \[1, 2, 2, 2\].*would be empty"),
            dict(Input=(1, 4, 4, 4), Filter=(3, 2, 1, 1), groups=2, match="3 filters .*cannot be cut into 2 equal groups"),
            dict(Input=(1, 2, 4, 4), Filter=(4, 1, 1, 1), groups=2, ResidualData=(1, 3, 4, 4), match=r"input ResidualData has shape \[1, 3, 4, 4\]; expected \[1, 4, 4, 4\]"),
        ],
        **more,
    )


def transposed(type, cases, bad):
    return Op(
        type,
        cases=cases,
        reference=conv2d_transpose,
        grad=("Input", "Filter", "Bias"),
        bad=bad
        + [
            dict(Input=(1, 2, 2, 2), Filter=(2, 1, 3, 2), strides=[2, 2], output_size=[7, 4], match=r"output_size\[0\] is 7; expected 5 <= size < 7"),
            dict(Input=(1, 2, 2, 2), Filter=(2, 1, 3, 2), output_size=[4], match=r"output_size is \[4\]; expected two numbers"),
            dict(Input=(1, 2, 2, 2), Filter=(2, 1, 3, 2), output_size=[2**31 - 1, 3], match=r"output_size\[0\] is 2147483647"),
            dict(Input=(1, 2, 1, 1), Filter=(2, 1, 2, 2), paddings=[1, 1], match="leaves nothing of the output"),
        ],
    )


def transposed_cases(c, m, groups):
    filter = (c, m // groups, 3, 2)
    cases = [dict(Input=(2, c, 4, 5), Filter=filter, groups=groups, **window) for window in WINDOWS]
    cases += [
        dict(Input=(2, c, 4, 3), Filter=filter, groups=groups, strides=[2, 3], output_size=[10, 9]),
        dict(Input=(1, c, 4, 3), Filter=filter, groups=groups, strides=[3, 2], paddings=[1, 0, 0, 1], output_size=[11, 6]),
        dict(Input=(1, c, 4, 3), Filter=filter, groups=groups, Bias=(m,), paddings=[1, 1]),
    ]
    return with_formats(cases)


EDGES = [
    dict(Input=(1, 1, 1, 1), Filter=(1, 1, 1, 1)),
    dict(Input=(0, 2, 4, 4), Filter=(3, 2, 3, 3), Bias=(3,)),
    dict(Input=lod((3, 2, 4, 4), [1, 2]), Filter=(3, 2, 3, 3)),
    dict(Input=(2, 2, 4, 4), Filter=(3, 2, 1, 1), data_format="AnyLayout", is_test=True),
    dict(Input=(2, 2, 3, 3), Filter=(3, 2, 2, 2), Bias=(3,), ResidualData=(2, 3, 2, 2)),
]
TRANSPOSED_EDGES = [
    dict(Input=(1, 1, 1, 1), Filter=(1, 1, 1, 1)),
    dict(Input=(0, 2, 4, 4), Filter=(2, 3, 3, 3), Bias=(3,)),
    dict(Input=(2, 2, 4, 4), Filter=(2, 3, 1, 1), is_test=True),
]


def transposed_bad(c, m, groups):
    good = dict(Input=(2, c, 4, 3), Filter=(c, m // groups, 3, 2), groups=groups)
    swapped = [case for case in conv_bad(c, m, groups) if not case["match"].startswith(("Filter has", "Input .* has"))]
    return [{**case, "Filter": good["Filter"]} for case in swapped] + [
        dict(good, Filter=(c, m // groups, 3), match="Filter has shape .*expected rank 4"),
        dict(good, Input=(2, c + 1, 4, 3), match=rf"Input .* has {c + 1} channels, but Filter .* takes {c}"),
    ]


test = op_tests(
    conv("conv2d", conv_cases(4, 6, 1) + conv_cases(4, 6, 2) + EDGES, conv_bad(4, 6, 2), **SECOND),
    conv("depthwise_conv2d", conv_cases(3, 3, 3) + conv_cases(2, 6, 2) + EDGES, conv_bad(3, 3, 3), **SECOND),
    transposed("conv2d_transpose", transposed_cases(4, 6, 1) + transposed_cases(4, 6, 2) + TRANSPOSED_EDGES, transposed_bad(4, 6, 2)),
    transposed("depthwise_conv2d_transpose", transposed_cases(3, 3, 3) + transposed_cases(2, 6, 2) + TRANSPOSED_EDGES, transposed_bad(3, 3, 3)),
)
