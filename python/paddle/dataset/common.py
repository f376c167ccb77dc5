"""Where the files of the data sets are."""

import glob
import hashlib
import os
import pickle

__all__ = ["DATA_HOME", "download", "md5file", "split", "cluster_files_reader"]

DATA_HOME = os.environ.get("PADDLE_DATA_HOME") or os.path.expanduser("~/.cache/paddle/dataset")


class DatasetNotFound(FileNotFoundError):
    """A file of a data set is not where it is looked for."""


def md5file(fname):
    """The MD5 sum of a file, in hexadecimal."""
    digest = hashlib.md5()
    with open(fname, "rb") as file:
        for chunk in iter(lambda: file.read(1 << 20), b""):
            digest.update(chunk)
    return digest.hexdigest()


def download(url, module_name, md5sum, save_name=None):
    """The path of a file of a data set, which must be there already.

    Args:
        url (str): where the file comes from; its last part is the file's name.
        module_name (str): the folder below ``DATA_HOME``.
        md5sum (str): of the file; None: not checked.
        save_name (str): the file's name, where it is another.

    Raises:
        FileNotFoundError: it is not there; the text says what to put where.
        ValueError: its sum is another one.
    """
    path = os.path.join(DATA_HOME, module_name, url.split("/")[-1] if save_name is None else save_name)
    if not os.path.exists(path):
        raise DatasetNotFound(
            "the data set '%s' needs the file %s; nothing is downloaded: get it from %s and put it there, or set "
            "PADDLE_DATA_HOME to the folder that holds %s/" % (module_name, path, url, module_name)
        )
    if md5sum is not None and md5file(path) != md5sum:
        raise ValueError("the file %s is damaged: its MD5 sum is %s, not %s" % (path, md5file(path), md5sum))
    return path


def find(module_name, name, source):
    """The path of a file that must be there already; see ``download``."""
    return download(source + name, module_name, None)


def split(reader, line_count, suffix="%05d.pickle", dumper=pickle.dump):
    """Write the samples of a reader to files of ``line_count`` each, named by ``suffix`` with their number.

    ``dumper(samples, file)`` writes a list of samples.
    """
    if "%" not in suffix:
        raise ValueError("suffix must hold a place for the number, such as '%%05d.pickle', got %r" % suffix)
    samples, index = [], 0
    for sample in reader():
        samples.append(sample)
        if len(samples) == line_count:
            with open(suffix % index, "wb") as file:
                dumper(samples, file)
            samples, index = [], index + 1
    if samples:
        with open(suffix % index, "wb") as file:
            dumper(samples, file)


def cluster_files_reader(files_pattern, trainer_count, trainer_id, loader=pickle.load):
    """A reader of the samples in every ``trainer_count``-th file that matches a pattern.

    ``loader(file)`` reads a list of samples. The default, pickle, runs code that a file holds: read only files that
    you wrote.
    """

    def reader():
        for i, name in enumerate(sorted(glob.glob(files_pattern))):
            if i % trainer_count == trainer_id:
                with open(name, "rb") as file:
                    yield from loader(file)

    return reader
