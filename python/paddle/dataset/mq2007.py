"""MQ2007: queries, and documents with how relevant each is, as 46 numbers; for learning to rank.

Files, in the folder ``MQ2007``: the unpacked archive ``MQ2007.rar`` with ``MQ2007/Fold1/train.txt`` and ``test.txt``. Source: Qin and
Liu, "Introducing LETOR 4.0 Datasets", 2013.
"""

import functools
import random

import numpy as np

from paddle.dataset import common

__all__ = ["train", "test"]

_SOURCE = "https://www.microsoft.com/en-us/research/project/letor-learning-rank-information-retrieval/"
FEATURES = 46


class Query:
    """A document for a query: ``query_id``, ``relevance_score`` (0, 1 or 2), ``feature_vector`` (list), ``description``."""

    def __init__(self, query_id=-1, relevance_score=-1, feature_vector=None, description=""):
        self.query_id = query_id
        self.relevance_score = relevance_score
        self.feature_vector = [] if feature_vector is None else feature_vector
        self.description = description

    def __str__(self):
        return "%s %s %s" % (self.relevance_score, self.query_id, " ".join(map(str, self.feature_vector)))


class QueryList:
    """The documents of a query, the most relevant first.

    Args:
        querylist (list): of ``Query``.
    """

    def __init__(self, querylist=None):
        self.querylist = []
        self.query_id = -1
        for query in querylist or []:
            self._add_query(query)
        self._correct_ranking_()

    def __iter__(self):
        return iter(self.querylist)

    def __len__(self):
        return len(self.querylist)

    def __getitem__(self, i):
        return self.querylist[i]

    def _correct_ranking_(self):
        self.querylist.sort(key=lambda query: query.relevance_score, reverse=True)

    def _add_query(self, query):
        if self.querylist and query.query_id != self.query_id:
            raise ValueError("a list for query %s cannot hold one of query %s" % (self.query_id, query.query_id))
        self.query_id = query.query_id
        self.querylist.append(query)


def _parse(line, fill_missing):
    """``2 qid:10 1:0.5 ... 46:0.1 #docid = ...``"""
    values, _, description = line.partition("#")
    parts = values.split()
    try:
        if not parts[1].startswith("qid:"):
            raise ValueError
        vector = [float(fill_missing)] * FEATURES
        for part in parts[2:]:
            number, _, value = part.partition(":")
            vector[range(1, FEATURES + 1).index(int(number))] = float(value)
        return Query(int(parts[1][4:]), int(parts[0]), vector, description.strip())
    except (ValueError, IndexError):
        raise ValueError("no 'relevance qid:number 1:value ... 46:value #text': %r" % line) from None


def load_from_text(filepath, shuffle=False, fill_missing=-1):
    """The queries of a file below ``DATA_HOME/MQ2007``: a list of ``QueryList``.

    ``shuffle``: in random order; ``fill_missing``: for numbers that a line lacks.
    """
    queries = {}
    with open(common.download(_SOURCE, "MQ2007", None, filepath), encoding="utf-8") as file:
        for line in filter(str.strip, file):
            query = _parse(line, fill_missing)
            queries.setdefault(query.query_id, []).append(query)
    lists = [QueryList(documents) for documents in queries.values()]
    if shuffle:
        random.shuffle(lists)
    return lists


def query_filter(querylists):
    """The lists that hold a relevant document."""
    return [each for each in querylists if any(query.relevance_score > 0 for query in each)]


def gen_point(querylist):
    """(relevance, numbers) of each document."""
    for query in querylist:
        yield query.relevance_score, np.array(query.feature_vector)


def gen_plain_txt(querylist):
    """(query, relevance, numbers) of each document."""
    for query in querylist:
        yield querylist.query_id, query.relevance_score, np.array(query.feature_vector)


def gen_pair(querylist, partial_order="full"):
    """([1], numbers of a document, numbers of a less relevant one): all such pairs, or with ``partial_order``
    ``"neighbour"`` those next to each other in the ranking."""
    if partial_order not in ("full", "neighbour"):
        raise ValueError("partial_order must be 'full' or 'neighbour', got %r" % (partial_order,))
    for i, left in enumerate(querylist):
        last = len(querylist) if partial_order == "full" else min(i + 2, len(querylist))
        for right in querylist[i + 1 : last]:
            if left.relevance_score > right.relevance_score:
                yield np.array([1]), np.array(left.feature_vector), np.array(right.feature_vector)


def gen_list(querylist):
    """(relevance [documents, 1], numbers [documents, 46])."""
    yield (
        np.array([[query.relevance_score] for query in querylist]),
        np.array([query.feature_vector for query in querylist]),
    )


_FORMATS = {"pointwise": gen_point, "pairwise": gen_pair, "listwise": gen_list, "plain_txt": gen_plain_txt}


def _reader(filepath, format="pairwise", shuffle=False, fill_missing=-1):
    """The samples of a file, of the queries that have a relevant document.

    Args:
        filepath (str): below ``DATA_HOME/MQ2007``.
        format (str): ``"pointwise"``, ``"pairwise"``, ``"listwise"`` or ``"plain_txt"``; see ``gen_point`` and the others.
        shuffle (bool): queries in random order.
        fill_missing (float): for numbers that a line lacks.
    """
    if format not in _FORMATS:
        raise ValueError("format must be one of %s, got %r" % (", ".join(_FORMATS), format))
    for querylist in query_filter(load_from_text(filepath, shuffle, fill_missing)):
        yield from _FORMATS[format](querylist)


train = functools.partial(_reader, filepath="MQ2007/Fold1/train.txt")
test = functools.partial(_reader, filepath="MQ2007/Fold1/test.txt")
