"""The compiled module ``paddle._core`` under the name that scripts know, private names included."""

from paddle import _core as _compiled

globals().update({name: getattr(_compiled, name) for name in dir(_compiled) if not name.startswith("__")})
