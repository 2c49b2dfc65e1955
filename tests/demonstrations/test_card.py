"""The data set's card: its figures are those of the records."""

import re
from pathlib import Path

from invented_demonstrations import a_demonstration

from drivebench.demonstrations import Demonstrations, write
from drivebench.demonstrations.card import LICENCE, card


def rows(text: str, heading: str) -> list[list[str]]:
    """Cells of the table under a heading, without its head."""
    section = text.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def some() -> Demonstrations:
    one = [a_demonstration(seed, score=90.0 + seed) for seed in range(9)]
    one.append(a_demonstration(20, frames=5, score=10.0, success=False, condition="fog"))
    two = [a_demonstration(seed, driver="ada", score=50.0, scenario="merge-v1") for seed in (3, 4, 7)]
    return Demonstrations(episodes=(*one, *two))


def test_figures_are_counted_from_the_records() -> None:
    text = card(some())
    assert "13 whole episodes, 245 decisions at 5 Hz" in text
    assert some().digest in text
    assert LICENCE in text
    assert rows(text, "Drivers") == [
        ["ada", "3", "60", "100.0 %", "50.0", "50.0", "50.0", "50.0"],
        ["expert", "10", "185", "90.0 %", "85.6", "10.0", "93.5", "98.0"],
    ]
    cells = {row[0]: row for row in rows(text, "Scenarios, conditions, seeds")}
    assert cells["toy-v1 / nominal"][-1] == "0–8"
    assert cells["toy-v1 / fog"][1:4] == ["1", "5", "0.0 %"]
    assert cells["merge-v1 / nominal"][-1] == "3–4, 7"
    thirds = {(row[0], row[1]): row[2:] for row in rows(text, "Quality")}
    assert thirds["toy-v1", "better"] == ["4", "95.00", "98.00"]
    assert thirds["toy-v1", "worse"] == ["3", "10.00", "91.00"]


def test_labels_are_mentioned_where_there_are_some() -> None:
    assert "labels" not in card(some())
    labelled = Demonstrations(episodes=(*some().episodes, a_demonstration(9, frames=11, labelled=True)))
    assert "In 1 of the episodes (11 decisions) somebody else than the teacher drove." in card(labelled)


def test_every_subset_that_the_card_names_is_one() -> None:
    demonstrations = some()
    listed = rows(card(demonstrations), "Subsets")
    assert {"`train`", "`held-out`", "`expert`", "`ada`", "`better`", "`1%`", "`10%`"} <= {
        r[0] for r in listed
    }
    for name, episodes, training, frames, *_ in listed:
        part = demonstrations.subset(name.strip("`"))
        assert (len(part.episodes), part.frames) == (int(episodes), int(frames))
        learnt = {id(each) for each in demonstrations.subset("train").episodes}
        assert sum(id(each) in learnt for each in part.episodes) == int(training)


def test_the_card_lies_in_the_folder_and_its_code_runs(tmp_path: Path) -> None:
    demonstrations = Demonstrations(episodes=tuple(a_demonstration(seed) for seed in range(10)))
    write(demonstrations, tmp_path / "data")
    text = (tmp_path / "data" / "README.md").read_text()
    assert text == card(demonstrations)
    assert str(tmp_path) not in text
    code = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert code is not None
    # the invented episodes have no world to render, so that the last line, which renders, stays out
    lines = code[1].replace("DATA", str(tmp_path / "data")).splitlines()
    names: dict[str, object] = {}
    exec("\n".join(lines[:-1]), names)
    training = names["training"]
    assert isinstance(training, Demonstrations)
    assert len(training.episodes) == 1
