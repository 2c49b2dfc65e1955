"""The score of a run and its parts, with what each of them is."""

from leaderboard.board import Board
from leaderboard.rows import Cell, Column

__all__ = ["measured_of"]

_GROUPS: dict[str, tuple[tuple[str, str, str, str], ...]] = {
    "headline": (
        ("dbs", "DBS", "", "unweighted mean over families; 100 · gates · EP · (0.6 + 0.4 · Q), per episode"),
        ("success", "success", "%", "episodes in which the task was done without an infraction"),
        ("off_road", "off road", "%", "episodes that left the drivable area for longer than the gate allows"),
    ),
    "gates: any that closes makes an episode 0": (
        ("nc", "NC", "%", "no at-fault collision"),
        ("dac", "DAC", "%", "on the drivable area"),
        ("ddc", "DDC", "%", "in the direction of travel; half for a little against it"),
        ("rc", "RC", "%", "on the assigned route"),
        ("mp", "MP", "%", "making progress"),
    ),
    "parts of an open episode's score": (
        ("ep", "EP", "%", "progress relative to the expert's on the same seed"),
        ("ttc", "TTC", "%", "share of time with a time to collision above 0.95 s"),
        ("sl", "SL", "%", "compliance with the speed limit"),
        ("c", "C", "%", "share of time in comfort"),
    ),
    "for comparison: formulas of other boards on our events": (
        ("c_nuplan", "C (nuPlan)", "%", "share of time within nuPlan's bounds of comfort"),
        ("carla", "CARLA 2.1", "", "driving score"),
        ("nuplan", "nuPlan", "", "closed-loop score"),
    ),
}

Measured = tuple[str, Column, Cell, str]


def measured_of(board: Board, place: int) -> list[tuple[str, list[Measured]]]:
    """All measures of a run by group: head, column, cell, and what it is.

    Args:
        board: Where the run stands.
        place: Its place there.
    """
    found = []
    for group, measures in _GROUPS.items():
        rows: list[Measured] = []
        for key, head, unit, words in measures:
            column = Column(key=key, head=head, unit=unit, measure=key)
            rows.append((head, column, board.scored(key).estimates[place], words))
        if group == "headline":
            unit = "/100 km"
            column = Column(key="at_fault_per_100_km", head="at-fault collisions", unit=unit)
            words = "collisions that were the policy's fault, per 100 km driven"
            rows.append((f"{column.head} {unit}", column, board.at_fault(place), words))
        found.append((group, rows))
    return found
