"""Starting one module of drivebench in a new Python without what importing all of drivebench brings along.

``import drivebench`` makes environments known to gymnasium, which a policy's process has no use for: without
it, starting one takes half the time.
"""

import sys
from pathlib import Path

__all__ = ["command"]

_START = """\
import importlib, sys, types
package = types.ModuleType("drivebench")
package.__path__ = [sys.argv.pop(1)]
sys.modules["drivebench"] = package
importlib.import_module(sys.argv.pop(1)).main()
"""


def command(module: str) -> list[str]:
    """The command that calls ``main`` of a module; arguments may follow.

    Args:
        module: Its full name.
    """
    return [sys.executable, "-P", "-c", _START, str(Path(__file__).parents[1]), module]
