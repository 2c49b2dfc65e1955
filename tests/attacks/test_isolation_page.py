"""The page about isolation says of every attack which tier stops it."""

from attack_files import HERE, table

PAGE = HERE.parents[1] / "docs" / "isolation.md"


def test_the_table_is_of_the_attacks_there_are() -> None:
    assert table() in PAGE.read_text(encoding="utf-8"), (
        f"the table in {PAGE.name} is stale: put there what `python tests/attacks/attack_files.py` prints"
    )
