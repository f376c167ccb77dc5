"""Whether the tests run under a sanitizer (scripts/sanitize): everything is slow there, and freed memory is kept."""

import os

ACTIVE = "san.so" in os.environ.get("LD_PRELOAD", "")
