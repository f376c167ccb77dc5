"""Weighted means."""

import numpy as np

__all__ = ["WeightedAverage"]


class WeightedAverage:
    """The mean of numbers or arrays, each with a weight."""

    def __init__(self):
        self.reset()

    def reset(self):
        """Forget everything."""
        self.numerator = None
        self.denominator = None

    def add(self, value, weight):
        """Add a number or array and its weight.

        Raises:
            ValueError: they are no numbers.
        """
        for what, given in (("value", value), ("weight", weight)):
            is_array = what == "value" and isinstance(given, np.ndarray)
            if not is_array and not isinstance(given, (int, float, np.number, np.ndarray)):
                raise ValueError("%s must be a number, got %r" % (what, given))
        if self.numerator is None:
            self.numerator, self.denominator = value * weight, weight
        else:
            self.numerator = self.numerator + value * weight
            self.denominator = self.denominator + weight

    def eval(self):
        """The mean.

        Raises:
            ValueError: nothing was added yet.
        """
        if self.numerator is None:
            raise ValueError("there is no data yet, call add first")
        return self.numerator / self.denominator
