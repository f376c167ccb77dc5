"""Film reviews, 1,000 in favour and 1,000 against.

File, in the folder ``corpora``: ``movie_reviews.zip``, with ``movie_reviews/neg/*.txt`` and ``movie_reviews/pos/*.txt``. Source:
Pang and Lee, "A Sentimental Education: Sentiment Analysis Using Subjectivity Summarization Based on Minimum Cuts", 2004.
"""

import collections
import re
import zipfile

from paddle.dataset import common

__all__ = ["train", "test", "get_word_dict"]

_SOURCE = "https://corpora.bj.bcebos.com/"
_WORD = re.compile(r"\w+|[^\w\s]+")
NUM_TRAINING_INSTANCES = 1600
NUM_TOTAL_INSTANCES = 2000


def _reviews():
    """(words, 0 against or 1 in favour), one of each kind by turns."""
    with zipfile.ZipFile(common.find("corpora", "movie_reviews.zip", _SOURCE)) as archive:
        names = sorted(archive.namelist())
        against, favour = (
            [name for name in names if "/%s/" % kind in name and name.endswith(".txt")] for kind in ("neg", "pos")
        )
        for pair in zip(against, favour):
            for label, name in enumerate(pair):
                yield _WORD.findall(archive.read(name).decode("utf-8")), label


def _numbers(reviews):
    """A dict from words to numbers, the most frequent first."""
    counts = collections.Counter(word for words, _ in sorted(reviews, key=lambda review: review[1]) for word in words)
    return {word: i for i, (word, _) in enumerate(counts.most_common())}


def get_word_dict():
    """A list of (word, number), the most frequent word first."""
    return list(_numbers(_reviews()).items())


def load_sentiment_data():
    """All samples, a list of (numbers of the words, 0 against or 1 in favour), one of each kind by turns."""
    reviews = list(_reviews())
    numbers = _numbers(reviews)
    return [([numbers[word] for word in words], label) for words, label in reviews]


def train():
    """The first 1,600 samples: numbers of the words, and 0 against or 1 in favour. It is a reader itself:
    ``paddle.batch(paddle.dataset.sentiment.train, 32)``."""
    yield from load_sentiment_data()[:NUM_TRAINING_INSTANCES]


def test():
    """The last 400 samples; see ``train``."""
    yield from load_sentiment_data()[NUM_TRAINING_INSTANCES:]
