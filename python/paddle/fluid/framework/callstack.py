"""The user's Python frames, as programs store them."""

import linecache
import os
import sys

_PACKAGE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))) + os.sep
_MAX_FRAMES = 16

_own_code = {}  # code object -> whether it belongs to this package
_texts = {}  # (code object, line number) -> its two entries


def _is_own(code):
    own = _own_code.get(code)
    if own is None:
        own = _own_code[code] = os.path.abspath(code.co_filename).startswith(_PACKAGE)
    return own


def user_callstack():
    """The frames outside this package, the innermost first: two strings a frame, where it is and its text."""
    frame = sys._getframe(1)
    entries = []
    while frame is not None and len(entries) < 2 * _MAX_FRAMES:
        code = frame.f_code
        if not _is_own(code):
            key = (code, frame.f_lineno)
            text = _texts.get(key)
            if text is None:
                source = linecache.getline(code.co_filename, frame.f_lineno, frame.f_globals).strip()
                where = '  File "%s", line %d, in %s' % (code.co_filename, frame.f_lineno, code.co_name)
                text = _texts[key] = (where, "    " + source)
            entries.extend(text)
        frame = frame.f_back
    return entries
