"""Take back that the process dies with the harness."""

import ctypes

STOPPED_FROM = "landlock"
PR_SET_PDEATHSIG, SIGKILL = 1, 9


def attack(targets: dict[str, str]) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0:
        raise PermissionError
