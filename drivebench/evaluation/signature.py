"""Signing a run with an ordinary SSH key, and checking who signed it, by OpenSSH's own ``ssh-keygen -Y``.

What is signed is ``checksums.json``, which covers every other file of the run. The signature lies beside it
as ``checksums.json.sig`` and is no part of the results.
"""

import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from drivebench.errors import ConfigurationError
from drivebench.evaluation.archive import pack
from drivebench.evaluation.record import CHECKSUMS, Run
from drivebench.evaluation.run_directory import write_atomically
from drivebench.evaluation.run_files import SIGNATURE

__all__ = ["Signed", "check_key", "check_signature", "sign_run"]

NAMESPACE = "drivebench-run"
"""Keeps a signature of a run from being taken for one of something else, and the other way round."""
_GOOD = f'Good "{NAMESPACE}" signature '


@dataclass(frozen=True, kw_only=True)
class Signed:
    """What is known of a run's signature.

    Attributes:
        good: Whether it fits the run, and the signer is one of those who were expected, if any were.
        key: Kind and fingerprint of the key; empty when it does not fit.
        signer: Who that is, by the list of those who were expected; empty without such a list.
        problem: Why it is not good.
    """

    good: bool
    key: str = ""
    signer: str = ""
    problem: str = ""


def check_key(key: Path) -> None:
    """Find out before the work whether a run can be signed.

    Args:
        key: A private key, or the public one of a key that an agent holds.

    Raises:
        ConfigurationError: There is no such file, or it is no key, or OpenSSH is not installed.
    """
    if not key.is_file():
        raise ConfigurationError(
            f"there is no key {key}. Expected an SSH key, such as `ssh-keygen -t ed25519 -f KEY` makes."
        )
    asked = _ssh_keygen(["-l", "-f", str(key)])
    if asked.returncode != 0:
        raise ConfigurationError(f"{key} is not an SSH key: {_said(asked)}")


def sign_run(run: Run, key: Path) -> None:
    """Sign a run; a signature that it has is replaced. Asks for the key's passphrase if it has one.

    Args:
        run: A finished run, in a directory or packed.
        key: A private key, or the public one of a key that an agent holds.

    Raises:
        ConfigurationError: It cannot be signed with this key.
    """
    check_key(key)
    made = _ssh_keygen(["-Y", "sign", "-f", str(key), "-n", NAMESPACE], run.files[CHECKSUMS])
    if made.returncode != 0:
        raise ConfigurationError(f"{run.path} was not signed with {key}: {_said(made)}")
    if run.path.is_file():
        write_atomically(run.path, pack({**run.files, SIGNATURE: made.stdout}))
    else:
        write_atomically(run.path / SIGNATURE, made.stdout)


def check_signature(run: Run, signers: Path | None = None) -> Signed | None:
    """Check the signature of a run.

    Args:
        run: The run.
        signers: Who may have signed it: a file as ``ssh-keygen`` has it (``ALLOWED SIGNERS`` in its manual),
            each line a name and a public key. None accepts any key and leaves open whose it is.

    Returns:
        None when the run is not signed.

    Raises:
        ConfigurationError: There is no such file of signers, or OpenSSH is not installed.
    """
    if signers is not None and not signers.is_file():
        raise ConfigurationError(f"there is no file {signers}; expected lines of a name and a public key")
    if SIGNATURE not in run.files:
        return None
    with tempfile.TemporaryDirectory(prefix="drivebench-") as folder:
        signature = Path(folder) / SIGNATURE
        signature.write_bytes(run.files[SIGNATURE])
        about = ["-n", NAMESPACE, "-s", str(signature)]
        checked = _ssh_keygen(["-Y", "check-novalidate", *about], run.files[CHECKSUMS])
        if checked.returncode != 0:
            return Signed(good=False, problem=f"it does not fit the run: {_said(checked)}")
        key = checked.stdout.decode().strip().removeprefix(_GOOD).removeprefix("with ")
        if signers is None:
            return Signed(good=True, key=key)
        found = _ssh_keygen(["-Y", "find-principals", "-s", str(signature), "-f", str(signers)])
        for name in found.stdout.decode().splitlines():
            checked = _ssh_keygen(
                ["-Y", "verify", "-I", name, "-f", str(signers), *about], run.files[CHECKSUMS]
            )
            if checked.returncode == 0:
                return Signed(good=True, key=key, signer=name)
    return Signed(good=False, key=key, problem=f"the key is of nobody in {signers}")


def _ssh_keygen(arguments: Sequence[str], content: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(["ssh-keygen", *arguments], input=content, capture_output=True, check=False)
    except FileNotFoundError as error:
        raise ConfigurationError(
            "signatures need OpenSSH's ssh-keygen (8.1 or later), which is not installed"
        ) from error


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    text = (done.stderr or done.stdout).decode(errors="replace").strip()
    return text.splitlines()[-1] if text else f"ssh-keygen ended with code {done.returncode}"
