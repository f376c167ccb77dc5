"""Loggers."""

import logging

__all__ = ["get_logger"]


def get_logger(name, level, fmt=None):
    """A logger of this name and level that writes to standard error, and nowhere else."""
    logger = logging.getLogger(name)
    logger.setLevel(level)
    if not logger.handlers:
        handler = logging.StreamHandler()
        if fmt:
            handler.setFormatter(logging.Formatter(fmt=fmt))
        logger.addHandler(handler)
    logger.propagate = False
    return logger
