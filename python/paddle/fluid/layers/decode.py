"""Beam search: the best continuations of each step, and the sentences that they make up."""

from paddle.fluid.layers._op import append_op, check_variable

__all__ = ["beam_search", "beam_search_decode"]


def beam_search(
    pre_ids,
    pre_scores,
    ids,
    scores,
    beam_size,
    end_id,
    level=0,
    is_accumulated=True,
    name=None,
    return_parent_idx=False,
):
    """One step of beam search: the best continuations for each source sentence.

    Args:
        pre_ids (Variable): int64, (n, 1): the last words of the n beams.
        pre_scores (Variable): (n, 1): the scores of the n beams.
        ids (Variable): int64, (n, k): k candidates for each beam; None: their numbers, counted from 0.
        scores (Variable): (n, k), ``lod_level`` 2: the candidates' scores. Level 0 says which beams belong to a source.
        beam_size (int): how many continuations each source keeps.
        end_id (int): the word that ends a sentence. A beam that ended goes on as itself; a source all of whose beams
            ended is done, and keeps none.
        level (int): the level of ``scores`` whose sequences are sources.
        is_accumulated (bool): ``scores`` are those of the whole sentences; else probabilities of the words, whose
            logarithms are added to ``pre_scores``.
        name (str): name of the layer.
        return_parent_idx (bool): return the beams that were continued too.

    Returns:
        (Variable, Variable): words (m, 1) and scores (m, 1), both with sources, and the beams they continue, as
        ``lod_level`` 2; with ``return_parent_idx`` also the number of that beam, int32 (m,).

    Raises:
        TypeError: an argument is not a Variable.
        ValueError: shapes, types or ``beam_size`` do not fit.

    Source: Graves, "Sequence Transduction with Recurrent Neural Networks", 2012.
    """
    check_variable(pre_scores, "pre_scores of beam_search")
    inputs = {"pre_ids": pre_ids, "pre_scores": pre_scores, "ids": ids, "scores": scores}
    outputs = {"selected_scores": pre_scores.dtype, "selected_ids": "int64", "parent_idx": "int32"}
    attrs = {"level": level, "beam_size": beam_size, "end_id": end_id, "is_accumulated": is_accumulated}
    selected_scores, selected_ids, parents = append_op("beam_search", inputs, outputs, attrs, name=name)
    return (selected_ids, selected_scores, parents) if return_parent_idx else (selected_ids, selected_scores)


def beam_search_decode(ids, scores, beam_size, end_id, name=None):
    """The sentences that the steps of a beam search make up, best first.

    Args:
        ids (Variable): array of what ``beam_search`` selected in each step, behind the first words.
        scores (Variable): array of the scores, like ``ids``.
        beam_size (int): how many sentences a source may have.
        end_id (int): the word that ends a sentence.
        name (str): name of the layer.

    Returns:
        (Variable, Variable): words and scores of all sentences, (total,), ``lod_level`` 2: sources, then sentences.

    Raises:
        TypeError: an argument is not a Variable.
        ValueError: an argument is not an array; when the program runs: the steps do not continue each other.
    """
    outputs = {"SentenceIds": "Ids", "SentenceScores": "Scores"}
    attrs = {"beam_size": beam_size, "end_id": end_id}
    return tuple(append_op("beam_search_decode", {"Ids": ids, "Scores": scores}, outputs, attrs, name=name))


def gather_tree(ids, parents):
    """The sentences that the steps of a beam search of fixed length make up.

    Args:
        ids (Variable): int32 or int64, (steps, batch, beams): the words selected in each step.
        parents (Variable): like ``ids``: the beam of the step before that each continues.

    Returns:
        Variable: like ``ids``: all words of the sentences.

    Raises:
        TypeError: an argument is not a Variable.
        ValueError: shapes or types do not fit; when the program runs: there is no such beam.
    """
    return append_op("gather_tree", {"Ids": ids, "Parents": parents}, {"Out": "Ids"})
