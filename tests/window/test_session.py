"""Driving without a window: phases, what is kept, and that it is what `collect` would have written."""

from pathlib import Path

import numpy as np
import pytest

from drivebench.demonstrations import read
from drivebench.demonstrations.fixed_point import encode
from drivebench.demonstrations.redrive import driven_again
from drivebench.errors import ConfigurationError, DataError
from drivebench.scenario import DEV, load_scenario
from drivebench.window.keyboard import Keys
from drivebench.window.scene import Layout, scene
from drivebench.window.session import Order, Phase, Seat, Session

FRAME_S = 1 / 30
OFF = Keys(faster=True, right=True)


def sit(folder: Path, seed: int | None = None, driver: str = "ada") -> Session:
    scenario = load_scenario("lane-keeping-v1")
    return Session(
        Seat(scenario=scenario, condition="nominal", driver=driver, folder=folder, first_seed=seed)
    )


def drive_to_the_end(session: Session, keys: Keys = OFF) -> None:
    session.touch()
    for _ in range(3000):
        session.tick(FRAME_S, keys)
        if session.phase is Phase.ENDED:
            return
    raise AssertionError("the episode does not end")


def test_what_is_saved_replays_and_is_what_was_shown(tmp_path: Path) -> None:
    session = sit(tmp_path / "data")
    drive_to_the_end(session)
    live = session.live
    assert session.result is not None
    shown = [encode(live.states(0.2 * decision)) for decision in range(live.decisions)]
    assert np.array_equal(session.result.states, np.stack(shown))
    assert session.time_s == pytest.approx(live.measurement.duration_s)
    session.obey([Order.GO_ON])
    assert session.phase is Phase.READY
    assert session.seed == 1
    (kept,) = read(tmp_path / "data").episodes
    assert (kept.driver, kept.seed) == ("ada", 0)
    (again,), _ = driven_again([live.log("ada")], lambda episodes: None)
    assert again.digest == kept.digest


def test_a_folder_is_added_to_and_what_it_has_is_not_driven_again(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    for _ in range(2):
        session = sit(folder)
        drive_to_the_end(session)
        session.close()
    assert [episode.seed for episode in read(folder).episodes] == [0, 1]
    assert sit(folder).seed == 2
    assert sit(folder, driver="bob").seed == 0
    with pytest.raises(ConfigurationError, match="by ada already"):
        sit(folder, seed=1)
    assert [each.name for each in tmp_path.iterdir()] == ["data"]


def test_what_is_discarded_or_left_is_not_kept(tmp_path: Path) -> None:
    session = sit(tmp_path / "data", seed=5)
    drive_to_the_end(session)
    session.obey([Order.NEXT])
    assert session.phase is Phase.ENDED, "nothing that has ended is lost by a slip"
    session.obey([Order.DISCARD])
    assert (session.phase, session.seed) == (Phase.READY, 6)
    session.touch()
    session.tick(FRAME_S, OFF)
    session.obey([Order.RESTART])
    assert (session.phase, session.seed, session.time_s) == (Phase.READY, 6, 0.0)
    session.touch()
    session.tick(FRAME_S, OFF)
    session.close()
    assert not (tmp_path / "data").exists()


def test_time_stands_still_while_paused(tmp_path: Path) -> None:
    session = sit(tmp_path / "data")
    session.tick(1.0, OFF)
    assert session.phase is Phase.READY
    session.touch()
    session.tick(FRAME_S, OFF)
    session.pause()
    before = session.time_s
    session.tick(1.0, OFF)
    assert (session.time_s, session.phase) == (before, Phase.PAUSED)
    session.obey([Order.GO_ON])
    session.tick(5.0, OFF)
    assert session.time_s == pytest.approx(before + 0.1), "a slow frame slows the world down"
    session.obey([Order.HELP])
    assert session.help_shown
    session.obey([Order.RESTART])
    assert not session.help_shown, "any key closes the list, and does nothing else"
    assert session.time_s > 0.0
    session.obey([Order.QUIT])
    assert session.over


def test_a_short_touch_of_a_key_is_not_lost(tmp_path: Path) -> None:
    session = sit(tmp_path / "data")
    session.touch()
    session.tick(FRAME_S, Keys())
    session.tick(FRAME_S, Keys(left=True))
    for _ in range(6):
        session.tick(FRAME_S, Keys())
    assert len(session.live.actions) == 2
    assert session.live.actions[1][1] < 0


def test_between_two_steps_everybody_moves_in_a_straight_line(tmp_path: Path) -> None:
    session = sit(tmp_path / "data")
    session.touch()
    session.tick(FRAME_S, Keys())
    live = session.live
    start, end = live.states(0.0), live.states(1 / 15)
    assert np.allclose(live.states(1 / 30), (start + end) / 2)
    assert live.states(99.0)[live.ego, 0] == live.states(0.2)[live.ego, 0]


def test_bad_seats_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="expected a training seed"):
        sit(tmp_path / "data", seed=DEV.start)
    with pytest.raises(DataError, match="means another subset"):
        sit(tmp_path / "data", driver="held-out")


@pytest.mark.parametrize("layout", list(Layout))
def test_pictures_keep_their_size(tmp_path: Path, layout: Layout) -> None:
    session = sit(tmp_path / "data")
    shapes = {scene(session, layout).shape}
    session.obey([Order.HELP])
    shapes.add(scene(session, layout).shape)
    session.obey([Order.GO_ON])
    session.touch()
    session.tick(FRAME_S, OFF)
    picture = scene(session, layout)
    assert len(shapes | {picture.shape}) == 1
    assert picture.std() > 20
