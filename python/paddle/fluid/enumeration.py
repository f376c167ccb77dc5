"""Enumerations that print and compare as those of the compiled module do."""

import enum


class Enumeration(enum.IntEnum):
    """Named numbers: ``int(value)``, ``value == 1``, ``str(value)`` gives ``'Name.MEMBER'``."""

    def __str__(self):
        return "%s.%s" % (type(self).__name__, self.name)

    __repr__ = __str__
    __format__ = object.__format__
