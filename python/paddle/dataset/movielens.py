"""MovieLens 1M: a million ratings of films by 6,040 people.

File, in the folder ``movielens``: ``ml-1m.zip``. Source: Harper and Konstan, "The MovieLens Datasets", 2015.
"""

import functools
import random
import re
import zipfile

from paddle.dataset import common

__all__ = (
    "train test get_movie_title_dict max_movie_id max_user_id age_table movie_categories max_job_id user_info "
    "movie_info"
).split()

_SOURCE = "http://files.grouplens.org/datasets/movielens/"

age_table = [1, 18, 25, 35, 45, 50, 56]


class MovieInfo:
    """Number, title and categories of a film."""

    def __init__(self, index, categories, title):
        self.index = int(index)
        self.categories = categories
        self.title = title

    def value(self):
        """[number, numbers of the categories, numbers of the words of the title]."""
        words = get_movie_title_dict()
        kinds = movie_categories()
        return [self.index, [kinds[c] for c in self.categories], [words[w.lower()] for w in self.title.split()]]

    def __repr__(self):
        return "<MovieInfo id(%d), title(%s), categories(%s)>" % (self.index, self.title, self.categories)


class UserInfo:
    """Number, sex, age class and job of a person."""

    def __init__(self, index, gender, age, job_id):
        self.index = int(index)
        self.is_male = gender == "M"
        self.age = age_table.index(int(age))
        self.job_id = int(job_id)

    def value(self):
        """[number, 0 for a man or 1 for a woman, age class, job]."""
        return [self.index, 0 if self.is_male else 1, self.age, self.job_id]

    def __repr__(self):
        sex = "M" if self.is_male else "F"
        return "<UserInfo id(%d), gender(%s), age(%d), job(%d)>" % (self.index, sex, age_table[self.age], self.job_id)


def _lines(name):
    path = common.find("movielens", "ml-1m.zip", _SOURCE)
    with zipfile.ZipFile(path) as archive, archive.open("ml-1m/" + name) as file:
        for line in file:
            yield line.decode("latin1").strip().split("::")


@functools.lru_cache(maxsize=None)
def _meta():
    pattern = re.compile(r"^(.*)\((\d+)\)$")
    movies, words, kinds = {}, set(), set()
    for number, title, categories in _lines("movies.dat"):
        categories = categories.split("|")
        kinds.update(categories)
        match = pattern.match(title)
        title = match.group(1) if match else title
        movies[int(number)] = MovieInfo(number, categories, title)
        words.update(word.lower() for word in title.split())
    users = {int(row[0]): UserInfo(*row[:4]) for row in _lines("users.dat")}
    return movies, users, {w: i for i, w in enumerate(sorted(words))}, {k: i for i, k in enumerate(sorted(kinds))}


def _reader(is_test, rand_seed=0, test_ratio=0.1):
    def reader():
        generator = random.Random(rand_seed)
        movies, users = _meta()[:2]
        for user, movie, rating, _ in _lines("ratings.dat"):
            if (generator.random() < test_ratio) == is_test:
                yield users[int(user)].value() + movies[int(movie)].value() + [[float(rating) * 2 - 5.0]]

    return reader


def train():
    """A reader of nine tenths of the ratings: the values of person and film, and the rating from -3 to 5."""
    return _reader(is_test=False)


def test():
    """A reader of the other tenth; see ``train``."""
    return _reader(is_test=True)


def get_movie_title_dict():
    """Numbers for the words of the titles."""
    return _meta()[2]


def max_movie_id():
    """The greatest number of a film."""
    return max(_meta()[0])


def max_user_id():
    """The greatest number of a person."""
    return max(_meta()[1])


def max_job_id():
    """The greatest number of a job."""
    return max(user.job_id for user in _meta()[1].values())


def movie_categories():
    """Numbers for the categories."""
    return _meta()[3]


def user_info():
    """A dict of all people by number."""
    return _meta()[1]


def movie_info():
    """A dict of all films by number."""
    return _meta()[0]
