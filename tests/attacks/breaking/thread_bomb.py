"""Start as many threads as the machine has room for."""

import threading
import time

STATUS, REASON, STOPPED_FROM = "processes", "more than 512 processes and threads", "process"


def attack() -> None:
    for _ in range(1000):
        threading.Thread(target=time.sleep, args=(3600.0,), daemon=True).start()
    time.sleep(3600.0)
