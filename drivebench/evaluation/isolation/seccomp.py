"""Seccomp: a process gives up all system calls but those that computing needs, for good.

The filter is a list of what is allowed. All else fails with "operation not permitted"; calls that came with
Linux 5.1 or later fail as if the kernel did not know them, so that the C library falls back to an older one
that is allowed or refused by name. The numbers are those of x86-64; on other processors there is no filter,
and none of the tiers that need it.

What an attacker would do with what is left out: ``socket`` and its like (the network), ``fork``, ``clone``
of processes and ``execve`` (programs), ``ptrace`` and ``process_vm_readv`` (other processes' memory),
``memfd_create`` and ``shmget`` (memory that no watch sees), ``io_uring`` (all of them by another road),
signals and ``fcntl``'s ``F_SETOWN`` (to kill the harness), ``flock`` (to make others wait), ``prctl`` (to
outlive it).
"""

import ctypes
import os
import platform
import struct
from collections.abc import Iterator, Mapping, Sequence

from drivebench.evaluation.isolation.kernel import ConfinementError, call

__all__ = ["ARCHITECTURE", "install", "program"]

ARCHITECTURE = "x86_64"
_AUDIT_ARCHITECTURE = 0xC000003E
_SECCOMP, _SET_FILTER, _ALL_THREADS = 317, 1, 1
_FIRST_OF_OTHER_INTERFACE = 0x40000000
"""Numbers from here on belong to the x32 interface, which would be a way around the list."""
_LAST_OLD_CALL = 334
"""``rseq``, the last call of x86-64 before numbers became the same on all architectures (Linux 5.1)."""

_ALLOW, _KILL, _FAIL = 0x7FFF0000, 0x80000000, 0x00050000
_NOT_PERMITTED, _UNKNOWN = 1, 38
_LOAD, _EQUAL, _AT_LEAST, _ABOVE, _RETURN = 0x20, 0x15, 0x35, 0x25, 0x06
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
"""Offsets in ``struct seccomp_data``."""

_FILES = (
    0, 1, 2, 3, 4, 5, 6, 7, 8,  # read write open close stat fstat lstat poll lseek
    17, 18, 19, 20, 21, 22, 23,  # pread64 pwrite64 readv writev access pipe select
    32, 33, 74, 78, 79, 80, 81, 89, 95,  # dup dup2 fsync getdents getcwd chdir fchdir readlink umask
    137, 138, 213, 217, 221,  # statfs fstatfs epoll_create getdents64 fadvise64
    232, 233, 257, 262, 267, 269,  # epoll_wait epoll_ctl openat newfstatat readlinkat faccessat
    270, 271, 281, 290, 291, 292, 293,  # pselect6 ppoll epoll_pwait eventfd2 epoll_create1 dup3 pipe2
    295, 296, 327, 328, 332, 439, 441,  # preadv pwritev preadv2 pwritev2 statx faccessat2 epoll_pwait2
)  # fmt: skip
_MEMORY = (9, 10, 11, 12, 25, 26, 27, 28, 239)
"""mmap mprotect munmap brk mremap msync mincore madvise get_mempolicy"""
_SIGNALS = (13, 14, 15, 34, 36, 37, 38, 127, 128, 130, 131)
"""rt_sigaction rt_sigprocmask rt_sigreturn pause getitimer alarm setitimer rt_sigpending rt_sigtimedwait
rt_sigsuspend sigaltstack"""
_INHERITED_SOCKET = (44, 45, 48, 51, 52, 55)
"""sendto recvfrom shutdown getsockname getpeername getsockopt"""
_ITSELF = (
    39, 63, 97, 98, 99, 100, 102, 104,  # getpid uname getrlimit getrusage sysinfo times getuid getgid
    107, 108, 110, 111, 115, 118, 120, 121,  # geteuid getegid getppid getpgrp getgroups getresuid … getpgid
    124, 125, 140, 158, 186,  # getsid capget getpriority arch_prctl gettid
)  # fmt: skip
_THREADS = (
    24, 60, 143, 145, 146, 147, 202, 204,  # sched_yield exit sched_get… futex sched_getaffinity
    218, 219, 231, 273, 274, 309, 324, 334,  # set_tid_address restart_syscall exit_group … membarrier rseq
)  # fmt: skip
_TIME_AND_CHANCE = (35, 96, 201, 228, 229, 230, 318)
"""nanosleep gettimeofday time clock_gettime clock_getres clock_nanosleep getrandom"""
_ALWAYS = (
    *_FILES, *_MEMORY, *_SIGNALS, *_INHERITED_SOCKET, *_ITSELF, *_THREADS, *_TIME_AND_CHANCE,
)  # fmt: skip

_IOCTL, _CLONE, _KILL_CALL, _FCNTL, _PRCTL, _TGKILL, _PRLIMIT = 16, 56, 62, 72, 157, 234, 302
_TERMINAL_QUESTIONS = (0x5401, 0x5413, 0x5421, 0x541B, 0x5450, 0x5451)
"""TCGETS TIOCGWINSZ FIONBIO FIONREAD FIONCLEX FIOCLEX"""
_OF_A_THREAD = (0x3D0F00, 0x7D0F00)
"""Flags with which the C libraries glibc and musl start a thread; a process has others."""
_DESCRIPTOR_COMMANDS = (0, 1, 2, 3, 4, 1030, 1034)
"""F_DUPFD F_GETFD F_SETFD F_GETFL F_SETFL F_DUPFD_CLOEXEC F_GET_SEALS"""
_NAMES_AND_QUESTIONS = (2, 3, 15, 16, 21, 23, 30, 39, 0x53564D41)
"""PR_GET_PDEATHSIG PR_GET_DUMPABLE PR_SET_NAME PR_GET_NAME PR_GET_SECCOMP PR_CAPBSET_READ PR_GET_TIMERSLACK
PR_GET_NO_NEW_PRIVS PR_SET_VMA"""

Condition = tuple[int, Sequence[int]]
"""Which 32-bit word of the arguments (an argument has two, the low one first), and what it may be."""


class _Program(ctypes.Structure):
    """``struct sock_fprog``."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def install() -> None:
    """From now on all threads of this process make only the system calls that are allowed.

    ``no_new_privs`` must be set.

    Raises:
        ConfinementError: The kernel refuses, or the processor is not one that the list is for.
    """
    if platform.machine() != ARCHITECTURE:
        raise ConfinementError(
            f"system calls are listed for {ARCHITECTURE}, and this is {platform.machine()}"
        )
    instructions = program(os.getpid())
    loaded = _Program(len(instructions) // 8, instructions)
    left_out = call(
        "the kernel takes no filter of system calls",
        _SECCOMP,
        _SET_FILTER,
        _ALL_THREADS,
        ctypes.byref(loaded),
    )
    if left_out:
        raise ConfinementError(f"thread {left_out} has another filter of system calls")


def program(process: int) -> bytes:
    """The filter, as the kernel's classic BPF: 8 bytes an instruction.

    Args:
        process: Number of the process, the only one to which it may send signals.
    """
    conditional: Mapping[int, Sequence[Condition]] = {
        _IOCTL: [(2, _TERMINAL_QUESTIONS)],
        _CLONE: [(0, _OF_A_THREAD)],
        _KILL_CALL: [(0, (process,))],
        _FCNTL: [(2, _DESCRIPTOR_COMMANDS)],
        _PRCTL: [(0, _NAMES_AND_QUESTIONS)],
        _TGKILL: [(0, (process,))],
        _PRLIMIT: [(0, (0, process)), (4, (0,)), (5, (0,))],  # to ask, not to set
    }
    instructions = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, _AUDIT_ARCHITECTURE),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, _FIRST_OF_OTHER_INTERFACE),
        (_RETURN, 0, 0, _KILL),
    ]
    for number in _ALWAYS:
        instructions += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ALLOW)]
    for number, conditions in conditional.items():
        body = list(_allow_if(conditions))
        instructions += [(_EQUAL, 0, len(body), number), *body]
    instructions += [
        (_ABOVE, 0, 1, _LAST_OLD_CALL),
        (_RETURN, 0, 0, _FAIL | _UNKNOWN),
        (_RETURN, 0, 0, _FAIL | _NOT_PERMITTED),
    ]
    return b"".join(struct.pack("<HBBI", *instruction) for instruction in instructions)


def _allow_if(conditions: Sequence[Condition]) -> Iterator[tuple[int, int, int, int]]:
    """Instructions that allow a call if all conditions hold, and refuse it otherwise."""
    for word, values in conditions:
        yield _LOAD, 0, 0, _ARGUMENTS + 4 * word
        for position, value in enumerate(values):
            yield _EQUAL, len(values) - position, 0, value
        yield _RETURN, 0, 0, _FAIL | _NOT_PERMITTED
    yield _RETURN, 0, 0, _ALLOW
