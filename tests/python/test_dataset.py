"""Data sets from small files in the original formats."""

import gzip
import io
import pickle
import re
import struct
import tarfile
import zipfile

import numpy as np
import pytest

from paddle.dataset import cifar, common, imdb, imikolov, mnist, movielens, uci_housing, wmt14, wmt16


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setattr(common, "DATA_HOME", str(tmp_path))
    movielens._meta.cache_clear()
    return tmp_path


def folder(home, name):
    (home / name).mkdir()
    return home / name


def tar(path, files):
    with tarfile.open(path, "w:gz") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


@pytest.mark.parametrize(
    "reader, name",
    [
        (mnist.train(), "train-images-idx3-ubyte.gz"),
        (cifar.train10(), "cifar-10-python.tar.gz"),
        (uci_housing.train(), "housing.data"),
        (imdb.train({"<unk>": 0}), "aclImdb_v1.tar.gz"),
        (imikolov.train({"<unk>": 0}, 2), "simple-examples.tgz"),
        (movielens.train(), "ml-1m.zip"),
    ],
)
def test_missing_files_say_what_to_put_where(home, reader, name):
    with pytest.raises(FileNotFoundError, match=re.escape(name)) as raised:
        next(reader())
    assert str(home) in str(raised.value) and "nothing is downloaded" in str(raised.value)


def test_mnist(home):
    at = folder(home, "mnist")
    pixels = np.arange(2 * 784, dtype="uint32").astype("uint8")
    for prefix in ("train", "t10k"):
        with gzip.open(at / (prefix + "-images-idx3-ubyte.gz"), "wb") as file:
            file.write(struct.pack(">4I", 2051, 2, 28, 28) + pixels.tobytes())
        with gzip.open(at / (prefix + "-labels-idx1-ubyte.gz"), "wb") as file:
            file.write(struct.pack(">2I", 2049, 2) + bytes([3, 9]))
    samples = list(mnist.train()())
    assert [label for _, label in samples] == [3, 9]
    assert samples[0][0].shape == (784,) and samples[0][0].dtype == np.float32
    np.testing.assert_allclose(samples[0][0][:3], np.array([0, 1, 2]) / 255.0 * 2 - 1, rtol=1e-6)
    with gzip.open(at / "t10k-labels-idx1-ubyte.gz", "wb") as file:
        file.write(struct.pack(">2I", 2049, 3) + bytes([3, 9]))
    with pytest.raises(ValueError, match="should hold 3"):
        next(mnist.test()())


def test_cifar(home):
    at = folder(home, "cifar")
    data = np.arange(2 * 3072, dtype="uint32").astype("uint8").reshape(2, 3072)
    files = {
        "cifar-10-batches-py/data_batch_1": pickle.dumps({"data": data, "labels": [1, 7]}, 2),
        "cifar-10-batches-py/test_batch": pickle.dumps({"data": data, "labels": [2, 4]}, 2),
    }
    tar(at / "cifar-10-python.tar.gz", files)
    samples = list(cifar.train10()())
    assert [label for _, label in samples] == [1, 7] and samples[0][0].max() <= 1.0
    endless = cifar.test10(cycle=True)()
    assert [next(endless)[1] for _ in range(5)] == [2, 4, 2, 4, 2]


def test_uci_housing(home):
    rows = np.random.RandomState(0).rand(10, 14)
    np.savetxt(folder(home, "uci_housing") / "housing.data", rows)
    train, test = list(uci_housing.train()()), list(uci_housing.test()())
    assert (len(train), len(test)) == (8, 2)
    features = np.stack([f for f, _ in train + test])
    np.testing.assert_allclose(features.mean(0), 0, atol=1e-9)
    np.testing.assert_allclose(np.ptp(features, axis=0), 1)
    np.testing.assert_allclose([p[0] for _, p in train + test], rows[:, -1])


def test_imdb(home):
    texts = {
        "aclImdb/train/pos/1.txt": b"Good, good film!",
        "aclImdb/train/neg/1.txt": b"Bad film.",
        "aclImdb/test/pos/1.txt": b"good unknown",
    }
    tar(folder(home, "imdb") / "aclImdb_v1.tar.gz", texts)
    words = imdb.build_dict(re.compile(r"aclImdb/train/.*\.txt$"), 0)
    assert words == {"film": 0, "good": 1, "bad": 2, "<unk>": 3}
    assert list(imdb.train(words)()) == [([1, 1, 0], 0), ([2, 0], 1)]
    assert list(imdb.test(words)()) == [([1, 3], 0)]


def test_imikolov(home):
    text = {"./simple-examples/data/ptb.train.txt": b"a b a\n", "./simple-examples/data/ptb.valid.txt": b"b\n"}
    tar(folder(home, "imikolov") / "simple-examples.tgz", text)
    words = imikolov.build_dict(0)
    assert set(words) == {"a", "b", "<s>", "<e>", "<unk>"} and words["<unk>"] == 4
    s, e, a, b = (words[w] for w in ("<s>", "<e>", "a", "b"))
    assert list(imikolov.train(words, 3)()) == [(s, a, b), (a, b, a), (b, a, e)]
    assert list(imikolov.test(words, 0, imikolov.DataType.SEQ)()) == [([s, b], [b, e])]


def test_movielens(home):
    with zipfile.ZipFile(folder(home, "movielens") / "ml-1m.zip", "w") as archive:
        archive.writestr("ml-1m/movies.dat", "1::Toy Story (1995)::Animation|Comedy\n2::Heat (1995)::Action\n")
        archive.writestr("ml-1m/users.dat", "1::F::1::10::48067\n2::M::56::16::70072\n")
        archive.writestr("ml-1m/ratings.dat", "".join("%d::%d::4::0\n" % (u, m) for u in (1, 2) for m in (1, 2)) * 10)
    train, test = list(movielens.train()()), list(movielens.test()())
    assert len(train) + len(test) == 40 and train[0][-1] == [3.0]
    assert movielens.max_movie_id() == movielens.max_user_id() == 2 and movielens.max_job_id() == 16
    assert movielens.movie_categories() == {"Action": 0, "Animation": 1, "Comedy": 2}
    assert movielens.movie_info()[1].value()[1:] == [[1, 2], [2, 1]]


def test_wmt14(home):
    words = b"<s>\n<e>\n<unk>\na\nb\n"
    pairs = b"a b\tb x\nno pair\n"
    tar(
        folder(home, "wmt14") / "wmt14.tgz",
        {"wmt14/src.dict": words, "wmt14/trg.dict": words, "wmt14/train/train": pairs, "wmt14/test/test": pairs},
    )
    assert list(wmt14.train(5)()) == [([0, 3, 4, 1], [0, 4, 2], [4, 2, 1])]
    assert wmt14.get_dict(4)[0] == {0: "<s>", 1: "<e>", 2: "<unk>", 3: "a"}


def test_wmt16(home):
    pairs = b"a b a\tx y\n"
    tar(folder(home, "wmt16") / "wmt16.tar.gz", {"wmt16/" + part: pairs for part in ("train", "test", "val")})
    assert wmt16.get_dict("en", 5) == {"<s>": 0, "<e>": 1, "<unk>": 2, "a": 3, "b": 4}
    assert list(wmt16.train(5, 4)()) == [([0, 3, 4, 3, 1], [0, 3, 2], [3, 2, 1])]
    assert list(wmt16.test(5, 5, "de")()) == [([0, 3, 4, 1], [0, 3, 4, 3], [3, 4, 3, 1])]
    with pytest.raises(ValueError):
        wmt16.get_dict("fr", 5)


def test_download_checks_the_sum(home):
    (folder(home, "x") / "file").write_bytes(b"data")
    assert common.download("http://somewhere/file", "x", common.md5file(home / "x" / "file")).endswith("file")
    with pytest.raises(ValueError, match="damaged"):
        common.download("http://somewhere/file", "x", "0" * 32)
