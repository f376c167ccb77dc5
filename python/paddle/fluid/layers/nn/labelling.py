"""Layers that label sequences, and measure how well."""

from paddle.fluid.layer_helper import LayerHelper
from paddle.fluid.layers._op import append_op, check_variable
from paddle.fluid.param_attr import ParamAttr


def linear_chain_crf(input, label, param_attr=None, length=None):
    """The cost of a conditional random field: -log of the probability of the tags, for each sequence.

    Args:
        input (Variable): scores of the tags of each token, float32 or float64, (tokens, tags) with a LoD; with
            ``length`` (N, T, tags).
        label (Variable): the tags, int64, (tokens, 1) with the same LoD; with ``length`` (N, T) or (N, T, 1).
        param_attr (ParamAttr): of the transitions, (tags + 2, tags): row 0 scores the first tag of a sequence, row 1
            the last, row 2 + i the tags behind tag i. Its name is what ``crf_decoding`` takes.
        length (Variable): lengths of padded sequences, int64, (N,) or (N, 1).

    Returns:
        Variable: (N, 1), the log-likelihood with its sign changed: what is to be minimized.

    Raises:
        TypeError: an input is not a Variable.
        ValueError: shapes or element types do not fit; at run time, a tag is outside, or the LoDs differ.

    Source: Lafferty et al., "Conditional Random Fields", 2001.

    Example:
        ``cost = fluid.layers.linear_chain_crf(scores, tags, fluid.ParamAttr(name='crfw'))``
    """
    check_variable(input, "input of linear_chain_crf")
    helper = LayerHelper("linear_chain_crf", input=input, param_attr=param_attr)
    size = input.shape[1 if length is None else 2] if len(input.shape) > (1 if length is None else 2) else -1
    if size <= 0:
        raise ValueError(
            "linear_chain_crf needs to know the number of tags, the last size of its input; '%s' has shape %s"
            % (input.name, input.shape)
        )
    transition = helper.create_parameter(attr=helper.param_attr, shape=[size + 2, size], dtype=helper.input_dtype())
    inputs = {"Emission": input, "Transition": transition, "Label": label, "Length": length}
    outputs = {slot: "Emission" for slot in ("Alpha", "EmissionExps", "TransitionExps", "LogLikelihood")}
    return append_op("linear_chain_crf", inputs, outputs, helper=helper)[3]


def crf_decoding(input, param_attr, label=None, length=None):
    """The best path of tags in a conditional random field.

    Args:
        input (Variable): scores of the tags, as for ``linear_chain_crf``.
        param_attr (ParamAttr): with the name of the transitions that ``linear_chain_crf`` made.
        label (Variable): the true tags, as for ``linear_chain_crf``.
        length (Variable): lengths of padded sequences, int64, (N,) or (N, 1).

    Returns:
        Variable: int64, the tags, (tokens, 1) with the LoD of ``input``; with ``length`` (N, T). With ``label`` 1 where
        the tag is right and 0 where it is not.

    Raises:
        TypeError: an input is not a Variable.
        ValueError: there is no such parameter, or shapes do not fit.

    Example:
        ``path = fluid.layers.crf_decoding(scores, fluid.ParamAttr(name='crfw'))``
    """
    check_variable(input, "input of crf_decoding")
    helper = LayerHelper("crf_decoding", param_attr=param_attr)
    attr = helper.param_attr
    if not isinstance(attr, ParamAttr) or attr.name is None:
        raise ValueError("param_attr of crf_decoding must name the transitions of linear_chain_crf, got %r" % (param_attr,))
    inputs = {"Emission": input, "Transition": helper.get_parameter(attr.name), "Label": label, "Length": length}
    return append_op("crf_decoding", inputs, {"ViterbiPath": "int64"}, helper=helper)


def chunk_eval(input, label, chunk_scheme, num_chunk_types, excluded_chunk_types=None, seq_length=None):
    """Precision, recall and F1 of the chunks that tags mark; for ``fluid.metrics.ChunkEvaluator``.

    A tag is ``type * tags of a type + part``, where the parts are numbered in the order of the scheme: IOB B, I; IOE
    I, E; IOBES B, I, E, S; plain one. The tag behind those of all types is that of tokens outside.

    Args:
        input (Variable): the tags found, int64, (tokens, 1) with a LoD; with ``seq_length`` (N, T) or (N, T, 1).
        label (Variable): the true tags, likewise.
        chunk_scheme (str): ``'IOB'``, ``'IOE'``, ``'IOBES'`` or ``'plain'``.
        num_chunk_types (int): number of types.
        excluded_chunk_types (list): types that do not count.
        seq_length (Variable): lengths of padded sequences, int64, (N,) or (N, 1).

    Returns:
        A tuple of variables of shape (1,): precision, recall, F1, float32; the numbers of chunks found, of true ones and
        of those found that are right, int64.

    Raises:
        TypeError: an input is not a Variable.
        ValueError: another scheme, or shapes do not fit; at run time, a tag is outside, or the LoDs differ.
    """
    floats = {slot: "float32" for slot in ("Precision", "Recall", "F1-Score")}
    counts = {slot: "int64" for slot in ("NumInferChunks", "NumLabelChunks", "NumCorrectChunks")}
    attrs = {
        "num_chunk_types": num_chunk_types,
        "chunk_scheme": chunk_scheme,
        "excluded_chunk_types": excluded_chunk_types or [],
    }
    inputs = {"Inference": input, "Label": label, "SeqLength": seq_length}
    return tuple(append_op("chunk_eval", inputs, {**floats, **counts}, attrs))


def ctc_greedy_decoder(input, blank, input_length=None, padding_value=0, name=None):
    """The labels of the best class of each time step, with equal neighbours merged and blanks left out.

    Args:
        input (Variable): scores of the classes, float32 or float64, (time steps, classes) with a LoD; with
            ``input_length`` (N, T, classes).
        blank (int): the class that stands for nothing.
        input_length (Variable): numbers of time steps of padded sequences, int64, (N,) or (N, 1).
        padding_value (int): what padded results are filled up with.
        name (str): name of the layer.

    Returns:
        Variable: int64, the labels, (labels, 1) with a LoD; a sequence may be empty. With ``input_length`` a pair:
        (N, T), and the numbers of labels, (N, 1).

    Raises:
        TypeError: an input is not a Variable.
        ValueError: shapes do not fit.
    """
    check_variable(input, "input of ctc_greedy_decoder")
    from paddle.fluid.layers.nn import squeeze, topk

    helper = LayerHelper("ctc_greedy_decoder", name=name)
    best = topk(input, k=1)[1]
    attrs = {"merge_repeated": True, "blank": blank, "padding_value": padding_value}
    if input_length is None:
        return append_op("ctc_align", {"Input": best}, {"Output": "int64"}, attrs, helper=helper)
    inputs = {"Input": squeeze(best, [2]), "InputLength": input_length}
    outputs = {"Output": "int64", "OutputLength": "int64"}
    return tuple(append_op("ctc_align", inputs, outputs, attrs, helper=helper))
