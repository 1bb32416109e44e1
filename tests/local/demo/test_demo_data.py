"""The people of the demo."""

from __future__ import annotations

from collections import Counter

from local_stack.demo_data import AWKWARD, COMPANIES, Scene, scenes


def emails(scene: Scene) -> set[str]:
    """All addresses of a scene, in lower case."""
    there = {item["value"] for person in scene.google for item in person.get("emailAddresses", ())}
    here = (each for record in scene.sugar for each in record.get("email", ()))
    return {
        text.lower()
        for text in there | {each if isinstance(each, str) else each["email_address"] for each in here}
    }


def test_the_people_are_the_same_every_time(demo_scenes: list[Scene]) -> None:
    assert scenes(200) == demo_scenes


def test_more_people_come_after_the_same_first_ones(demo_scenes: list[Scene]) -> None:
    assert scenes(300)[:200] == demo_scenes


def test_the_awkward_ones_are_always_there() -> None:
    assert scenes(0) == list(AWKWARD)
    assert len(scenes(200)) == 200


def test_every_awkward_contact_declares_what_becomes_of_it_under_a_title_of_its_own() -> None:
    titles = Counter(scene.title for scene in AWKWARD)
    assert set(titles.values()) == {1}
    for scene in AWKWARD:
        assert scene.expect, scene.title
        assert scene.sugar or scene.google, scene.title


def test_no_two_scenes_share_an_address(demo_scenes: list[Scene]) -> None:
    counted = Counter(address for scene in demo_scenes for address in emails(scene))
    assert [address for address, count in counted.items() if count > 1] == []


def test_people_live_on_either_side_or_on_both(demo_scenes: list[Scene]) -> None:
    homes = Counter((bool(scene.sugar), bool(scene.google)) for scene in demo_scenes)
    assert min(homes.values()) > 30
    assert len(homes) == 3


def test_companies_of_sugar_contacts_are_known(demo_scenes: list[Scene]) -> None:
    named = {
        record["account_name"] for scene in demo_scenes for record in scene.sugar if "account_name" in record
    }
    assert named <= set(COMPANIES)
    assert len(named) > 5


def test_many_writing_systems_are_there(demo_scenes: list[Scene]) -> None:
    letters = "".join(record.get("last_name", "") for scene in demo_scenes for record in scene.sugar)
    for script in ("àÿ", "а", "א", "ع", "अ", "一", "가", "α"):
        start = ord(script[0])
        assert any(start <= ord(letter) < start + 0x5200 for letter in letters), script
