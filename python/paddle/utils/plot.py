"""Curves of what a training script measures."""

import os

__all__ = ["Ploter"]


class Ploter:
    """Curves in one picture, drawn with Matplotlib, which must be installed.

    With ``DISABLE_PLOT=True`` in the environment nothing is drawn.

    Args:
        args (str): the titles of the curves.

    Example:
        ::

            curves = Ploter("train", "test")
            for step in range(10):
                curves.append("train", step, loss)
            curves.plot("loss.png")
    """

    def __init__(self, *args):
        self._curves = {title: ([], []) for title in args}

    def append(self, title, step, value):
        """Add a point to a curve.

        Raises:
            ValueError: there is no curve of that title.
        """
        if title not in self._curves:
            raise ValueError("there is no curve '%s'; there are: %s" % (title, ", ".join(self._curves)))
        steps, values = self._curves[title]
        steps.append(step)
        values.append(value)

    def plot(self, path=None):
        """Draw the curves into the file ``path``, or where there is none show them.

        Raises:
            ImportError: Matplotlib is not installed.
        """
        if os.environ.get("DISABLE_PLOT") == "True":
            return
        try:
            from matplotlib import pyplot
        except ImportError:
            raise ImportError("Ploter draws with Matplotlib, which is not installed: pip install matplotlib") from None
        figure = pyplot.figure()
        try:
            axes = figure.add_subplot()
            for title, (steps, values) in self._curves.items():
                if steps:
                    axes.plot(steps, values, label=title)
            if axes.lines:
                axes.legend(loc="upper left")
            if path is None:
                pyplot.show()
            else:
                figure.savefig(path)
        finally:
            pyplot.close(figure)

    def reset(self):
        """Forget all points."""
        for steps, values in self._curves.values():
            steps.clear()
            values.clear()
