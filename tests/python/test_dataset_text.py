"""Data sets of text from small files in the original formats: conll05, mq2007, sentiment."""

import gzip
import io
import tarfile
import zipfile

import numpy as np
import pytest

import paddle
from paddle.dataset import common, conll05, mq2007, sentiment


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setattr(common, "DATA_HOME", str(tmp_path))
    return tmp_path


WORDS = "The\ncat\nsat\n.\n\nDogs\nbark\nand\ncats\nrun\n\n"
PROPS = "-  (A0*\n-  *)\nsit  (V*)\n-  *\n\n-  (A0*)  *\nbark  (V*)  *\n-  *  *\n-  *  (A0*)\nrun  *  (V*)\n\n"


def write_conll05(home, words=WORDS, props=PROPS):
    at = home / "conll05st"
    at.mkdir()
    with tarfile.open(at / "conll05st-tests.tar.gz", "w:gz") as archive:
        for kind, text in (("words", words), ("props", props)):
            data = gzip.compress(text.encode())
            info = tarfile.TarInfo("conll05st-release/test.wsj/%s/test.wsj.%s.gz" % (kind, kind))
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    (at / "wordDict.txt").write_text("<unk>\nthe\ncat\nsat\n.\nThe\nDogs\nbos\neos\ncats\n")
    (at / "verbDict.txt").write_text("sit\nbark\nrun\n")
    (at / "targetDict.txt").write_text("B-A0\nI-A0\nB-V\nI-V\nO\n")
    (at / "emb").write_bytes(b"x")


def test_conll05(home):
    write_conll05(home)
    words, verbs, tags = conll05.get_dict()
    assert words["cat"] == 2 and verbs == {"sit": 0, "bark": 1, "run": 2}
    assert tags == {"B-A0": 0, "I-A0": 1, "B-V": 2, "I-V": 3, "O": 4}
    assert conll05.get_embedding() == str(home / "conll05st" / "emb")
    samples = list(conll05.test()())
    assert len(samples) == 3  # a sentence with one verb, one with two
    assert samples[0] == (
        [5, 2, 3, 4],
        [5] * 4,
        [2] * 4,
        [3] * 4,
        [4] * 4,
        [8] * 4,
        [0] * 4,
        [1, 1, 1, 1],
        [0, 1, 2, 4],
    )
    assert samples[1][1] == [7] * 5 and samples[1][6] == [1] * 5 and samples[1][7] == [1, 1, 1, 1, 0]
    assert samples[2][4] == [8] * 5 and samples[2][8] == [4, 4, 4, 0, 2]


def test_conll05_of_an_unknown_verb(home):
    write_conll05(home, "Go\n\n", "go (V*)\n\n")
    with pytest.raises(ValueError, match="its verb 'go' is not in verbDict.txt"):
        next(conll05.test()())
    with pytest.raises(ValueError, match="1 verbs and 2 columns"):
        list(conll05._sample(*next(_columns_of("Go\n\n", "go (V*) *\n\n", home)), conll05.get_dict()))


def _columns_of(words, props, home):
    for file in (home / "conll05st").iterdir():
        file.unlink()
    (home / "conll05st").rmdir()
    write_conll05(home, words, props)
    return conll05._corpus()


def document(relevance, query, value, text="docid = a"):
    return "%d qid:%d %s #%s\n" % (relevance, query, " ".join("%d:%g" % (i + 1, value) for i in range(46)), text)


@pytest.fixture
def ranking(home):
    at = home / "MQ2007" / "MQ2007" / "Fold1"
    at.mkdir(parents=True)
    lines = [document(0, 10, 1), document(2, 10, 2), document(1, 10, 3), document(0, 11, 4)]
    lines += ["1 qid:12 2:0.5 46:7 # docid = sparse\n", document(1, 12, 5)]
    for name in ("train.txt", "test.txt"):
        (at / name).write_text("".join(lines))


def test_mq2007(ranking):
    lists = mq2007.load_from_text("MQ2007/Fold1/train.txt", fill_missing=-7)
    assert [(each.query_id, len(each)) for each in lists] == [(10, 3), (11, 1), (12, 2)]
    assert [query.relevance_score for query in lists[0]] == [2, 1, 0]
    sparse = lists[2][0]
    assert sparse.description == "docid = sparse" and sparse.feature_vector[:3] == [-7, 0.5, -7]
    assert len(sparse.feature_vector) == 46 and sparse.feature_vector[45] == 7
    assert str(sparse).startswith("1 12 -7.0 0.5")
    pairs = [(left[0], right[0]) for _, left, right in mq2007.train()]
    assert pairs == [(2, 3), (2, 1), (3, 1)]  # query 11 has nothing relevant, query 12 no less relevant one
    assert [left[0] for _, left, _ in mq2007.gen_pair(lists[0], "neighbour")] == [2, 3]
    points = list(mq2007.test(format="pointwise"))
    assert [relevance for relevance, _ in points] == [2, 1, 0, 1, 1]
    assert [query for query, _, _ in mq2007.test(format="plain_txt")] == [10, 10, 10, 12, 12]
    relevance, features = next(mq2007.test(format="listwise"))
    np.testing.assert_array_equal(relevance, [[2], [1], [0]])
    assert features.shape == (3, 46)
    with pytest.raises(ValueError, match="format must be one of"):
        next(mq2007.test(format="pairs"))
    with pytest.raises(ValueError, match="query 10 cannot hold one of query 11"):
        mq2007.QueryList([lists[0][0], lists[1][0]])


def test_mq2007_of_a_damaged_file(home, ranking):
    path = home / "MQ2007" / "MQ2007" / "Fold1" / "train.txt"
    for line in ("1 2:0.5\n", "1 qid:1 47:0.5\n", "x qid:1 1:0.5\n", "1 qid:1 1:y\n"):
        path.write_text(line)
        with pytest.raises(ValueError, match="no 'relevance qid:number"):
            mq2007.load_from_text("MQ2007/Fold1/train.txt")


def test_sentiment(home, monkeypatch):
    (home / "corpora").mkdir()
    with zipfile.ZipFile(home / "corpora" / "movie_reviews.zip", "w") as archive:
        for i in range(3):
            archive.writestr("movie_reviews/neg/cv%03d_1.txt" % i, "bad film , don't see it . " + "awful " * i)
            archive.writestr("movie_reviews/pos/cv%03d_2.txt" % i, "a good film ; see it ! " + "great " * i)
        archive.writestr("movie_reviews/README", "no review")
    words = sentiment.get_word_dict()
    assert [word for word, _ in words[:5]] == ["film", "see", "it", "bad", ","]
    assert ("awful", 9) in words and ("a", 10) in words
    data = sentiment.load_sentiment_data()
    assert [label for _, label in data] == [0, 1, 0, 1, 0, 1]
    assert data[2] == ([3, 0, 4, 5, 6, 7, 1, 2, 8, 9], 0)
    monkeypatch.setattr(sentiment, "NUM_TRAINING_INSTANCES", 4)
    assert list(sentiment.train()) == data[:4] and list(sentiment.test()) == data[4:]
    assert [len(batch) for batch in paddle.batch(sentiment.train, 3)()] == [3, 1]


@pytest.mark.parametrize("read", [lambda: next(conll05.test()()), lambda: next(mq2007.train()), sentiment.get_word_dict])
def test_missing_files(home, read):
    with pytest.raises(FileNotFoundError, match="nothing is downloaded"):
        read()
