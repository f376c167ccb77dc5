"""What an op is for, as the attribute ``op_role`` says it."""

import enum


class OpRole(enum.IntFlag):
    """Values of ``op_role``; ``Loss`` is combined with ``Forward`` or ``Backward``."""

    Forward = 0
    Backward = 1
    Optimize = 2
    RPC = 4
    Dist = 8
    LRSched = 16
    Loss = 256
