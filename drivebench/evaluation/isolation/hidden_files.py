"""Files of a submission that a policy cannot read once its process has become somebody else."""

from pathlib import Path

from drivebench.evaluation.isolation.kernel import ConfinementError

__all__ = ["NOBODY", "hidden_files"]

NOBODY = 65534
"""Number of the user whom no file belongs to."""


def hidden_files(directory: Path) -> list[Path]:
    """Files that only their owner may read, as safetensors writes them; copies can be shown instead.

    Args:
        directory: The submission.

    Raises:
        ConfinementError: A folder may be entered by its owner only.
    """
    paths = [directory, *directory.rglob("*")]
    for folder in filter(Path.is_dir, paths):
        if folder.stat().st_mode & 0o005 != 0o005:
            raise ConfinementError(
                f"{folder} can be entered by its owner only, and a policy becomes 'nobody' in there. "
                f"`chmod -R go+rX {directory}`, or take a weaker tier"
            )
    return sorted(path for path in paths if path.is_file() and not path.stat().st_mode & 0o004)
