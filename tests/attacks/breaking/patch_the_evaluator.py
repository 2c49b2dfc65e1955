"""Patch the evaluator's code, as it finds it in its process, and reply with more than is allowed."""

import os
import socket

from drivebench.evaluation import protocol

STATUS, REASON, STOPPED_FROM = "protocol", "announced a message of", "process"


def attack() -> None:
    protocol.LONGEST_MESSAGE = 1 << 30
    with socket.socket(fileno=os.dup(protocol.CONNECTION)) as connection:
        protocol.send(connection, {"dtype": "float64", "shape": [1, 2], "data": bytes(1 << 21)})
