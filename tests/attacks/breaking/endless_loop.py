"""Never answer, at full load."""

STATUS, REASON, STOPPED_FROM = "timed-out", "no answer within", "process"


def attack() -> None:
    while True:
        pass
