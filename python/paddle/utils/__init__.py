"""Helpers for scripts."""

from paddle.utils.plot import Ploter

__all__ = ["Ploter"]
