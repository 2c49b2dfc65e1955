"""Send what was seen to somebody on the network."""

import socket

STOPPED_FROM = "landlock"


def attack(targets: dict[str, str]) -> None:
    with socket.create_connection(("127.0.0.1", int(targets["port"])), timeout=5.0) as connection:
        connection.sendall(b"seen")
