"""Small data in the formats of public sets that come with no package; what is to be learned of it is simple."""

import gzip
import io
import tarfile
import zipfile

import numpy as np

NOUNS = ["cat", "dog", "bird", "child", "horse", "fish"]
VERBS = ["see", "chase", "hear", "follow"]


def write_conll05(home, count=1600):
    """Sentences such as ``the cat chase a dog .``: before the verb stands who does it, behind it to whom."""
    random = np.random.RandomState(1)
    words, props = [], []
    for _ in range(count):
        verb = random.choice(VERBS)
        who, whom = [[random.choice(["the", "a"]), random.choice(NOUNS)] for _ in range(2)]
        words += who + [verb] + whom + [".", ""]
        props += ["- (A0*", "- *)", verb + " (V*)", "- (A1*", "- *)", "- *", ""]
    folder = home / "conll05st"
    folder.mkdir()
    with tarfile.open(folder / "conll05st-tests.tar.gz", "w:gz") as archive:
        for kind, lines in (("words", words), ("props", props)):
            data = gzip.compress("\n".join(lines).encode())
            member = tarfile.TarInfo("conll05st-release/test.wsj/%s/test.wsj.%s.gz" % (kind, kind))
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    known = ["<unk>", "bos", "eos", ".", "the", "a"] + NOUNS + VERBS
    (folder / "wordDict.txt").write_text("\n".join(known))
    (folder / "verbDict.txt").write_text("\n".join(VERBS))
    (folder / "targetDict.txt").write_text("B-A0\nI-A0\nB-A1\nI-A1\nB-V\nI-V\nO\n")
    vectors = random.uniform(-1, 1, [len(known), 32]).astype("float32")
    (folder / "emb").write_bytes(bytes(16) + vectors.tobytes())


def write_movielens(home, count=20000):
    """Ratings of 60 films by 40 people: women like comedies, men like westerns."""
    random = np.random.RandomState(1)
    kinds = ["Comedy", "Western"]
    movies = ["%d::The Film %d (19%02d)::%s|Drama\n" % (n, n // 10, n, kinds[n % 2]) for n in range(1, 61)]
    users = ["%d::%s::%d::%d::0\n" % (n, "FM"[n % 2], [18, 25, 56][n % 3], n % 5) for n in range(1, 41)]
    pairs = zip(random.randint(1, 41, count), random.randint(1, 61, count))
    ratings = ["%d::%d::%d::0\n" % (user, film, 5 if user % 2 == film % 2 else 1) for user, film in pairs]
    folder = home / "movielens"
    folder.mkdir()
    with zipfile.ZipFile(folder / "ml-1m.zip", "w") as archive:
        for name, lines in (("movies", movies), ("users", users), ("ratings", ratings)):
            archive.writestr("ml-1m/%s.dat" % name, "".join(lines))
