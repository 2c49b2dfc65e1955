"""Talk to a service of the machine by a local socket."""

import socket

STOPPED_FROM = "landlock"


def attack(targets: dict[str, str]) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as connection:
        connection.sendto(b"seen", targets["local"])
