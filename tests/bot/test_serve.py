"""`stemwise serve` through the real python-telegram-bot against a local Bot API that checks and misbehaves."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from support.bot_api import BotApi
from support.intake import new_case, screen, tap_through, wait_for
from support.people import Person
from support.serving import Serving

from scoring.case import read_case
from scoring.instrument import load
from scoring.result import assess, profile_json

People = Callable[..., Person]


def results_stand(person: Person) -> None:
    person.wait_until(lambda: "Report (PDF)" in person.buttons(), 60, "the results")


def exported(serving: Serving, label: str, folder: Path) -> dict[str, object]:
    folder.mkdir(exist_ok=True)
    serving.command("export", label, "--format", "json", "--out", str(folder / "case.json"))
    return json.loads((folder / "case.json").read_text())


def test_a_typical_intake_takes_at_most_65_taps_and_ends_with_map_and_summary(
    api: BotApi, serving: Serving, clinician: Person, folder: Path
) -> None:
    start = clinician.taps
    new_case(clinician, "Typical One")
    clinician.tap("Start now")
    wait_for(clinician, "A few facts")
    tap_through(clinician, "Finish")
    clinician.tap("Finish")
    results_stand(clinician)
    assert clinician.taps - start <= 65
    assert len(clinician.photos()) == 1
    caption = clinician.photos()[0].caption
    assert caption
    assert len(caption) <= 1024
    assert "Not validated" in caption
    assert clinician.photos()[0].protect_content
    assert any("Safety first" in (m.text or "") for m in clinician.messages())
    api.assert_all_answered()

    record = exported(serving, "Typical One", folder)
    responses = [r for e in record["encounters"] for i in e["interviews"] for r in i["responses"]]
    ratings = [r for r in responses if r["item"].startswith("functions.")]
    assert [r["label"] for r in ratings] == ["As expected for age"] * 32
    assert [r["at"] for r in responses] == sorted(r["at"] for r in responses)
    mine = profile_json(assess(read_case(json.dumps(record), load()), load()))
    kept = record["encounters"][0]["results"][0]["case"]
    assert mine == profile_json(assess(read_case(json.dumps(kept), load()), load()))
    assert {d["percent"] for d in mine["domains"].values()} == {100.0}


def test_eight_hard_factors_and_six_not_held_take_at_most_90_taps(clinician: Person) -> None:
    start = clinician.taps
    new_case(clinician, "Hard Eight")
    clinician.tap("Start now")
    wait_for(clinician, "A few facts")
    left = {"hard": 8, "held": 6}

    def choose(heading: str, buttons: list[str]) -> str | None:
        kind = "hard" if "what was hard" in heading else "held" if "what held" in heading else None
        if kind and left[kind] and "Childhood" not in heading:
            wanted = "marked" if kind == "hard" else "hardly"
            numbered = [b for b in buttons if re.match(r"\d+\. ", b)]
            # the list's first two factors of each period, to marked or hardly
            for button in numbered[:2]:
                if not button.endswith(wanted):
                    if button.endswith(("some", "sometimes")) and kind == "hard":
                        left[kind] -= 1
                    if button.endswith("sometimes") and kind == "held":
                        left[kind] -= 1
                    return button
        return None

    tap_through(clinician, "Finish", choose=choose)
    clinician.tap("Finish")
    results_stand(clinician)
    assert left["hard"] == 0
    assert left["held"] == 0
    assert clinician.taps - start <= 90


def test_a_crash_at_any_moment_loses_nothing_and_shows_the_same_screen(
    api: BotApi, person: People, folder: Path
) -> None:
    with BotApi(token="777777:" + "x" * 35, username="crash_bot") as own:
        serving = Serving(own, folder)
        folder.mkdir()
        serving.start()
        ann = Person(own, 42, "Ann")
        ann.say(serving.code())
        new_case(ann, "Crash")
        ann.tap("Start now")
        wait_for(ann, "A few facts")
        seed = random.Random(7)
        tapped = 0
        while "Finish" not in ann.buttons():
            before = (screen(ann), ann.buttons())
            wanted = next(
                w
                for w in ("As expected for age", "None of these", "All steady", "All checked", "Next")
                if w in before[1]
            )
            ann.tap(wanted)
            tapped += 1
            if seed.random() < 0.12:
                serving.kill()
                serving.start()
            ann.wait_until(lambda b=before: (screen(ann), ann.buttons()) != b, 30, "the next screen")
        record = exported(serving, "Crash", folder / "out")
        responses = [r for e in record["encounters"] for i in e["interviews"] for r in i["responses"]]
        assert len([r for r in responses if r["item"].startswith("functions.")]) == 32
        assert not [r for r in responses if r["superseded"]]
        serving.stop()


def test_two_rapid_taps_count_once_and_an_old_screen_says_so(api: BotApi, clinician: Person) -> None:
    new_case(clinician, "Rapid")
    clinician.tap("Start now")
    wait_for(clinician, "A few facts")
    live = clinician.live()
    clinician.tap("Next")
    wait_for(clinician, "what was hard")
    query = clinician.tap_old(live.message_id, live_data(api, clinician, live.message_id))
    clinician.wait_until(lambda: api.callback_queries[query].state == "answered", 15, "an answer")
    assert "moved on" in api.callback_queries[query].text


def live_data(api: BotApi, person: Person, message_id: int) -> str:
    """Callback data that stood under an earlier screen of the live message."""
    keyboards = api.chats[person.chat_id].messages[message_id].keyboards
    return keyboards[0][-1][-1]["callback_data"]


def test_strangers_get_one_polite_screen_and_nothing_more(api: BotApi, serving: Serving, person: People) -> None:
    bob = person("Bob")
    for words in ("hello", "/cases", "/start c_wrong", "who are you"):
        bob.say(words)
    bob.wait_until(lambda: any("Stemwise" in (m.text or "") for m in bob.messages()), 15, "a screen")
    api.settled(20, quiet=0.5)
    assert not any(bob.buttons() for _ in (0,) if bob.last().labels())
    assert all("case" not in (m.text or "").casefold() for m in bob.messages())
    query = bob.forge("1.new")
    bob.wait_until(lambda: api.callback_queries[query].state == "answered", 15, "an answer")


def test_other_kinds_of_message_get_one_line(api: BotApi, clinician: Person) -> None:
    clinician.send_voice()
    wait_for(clinician, "not read")
    clinician.send_sticker()
    clinician.edit_message("something else")
    api.settled(20, quiet=0.5)
    assert "New case" in clinician.buttons()


@pytest.mark.usefixtures("serving")
def test_in_a_group_it_says_so_once_and_leaves(api: BotApi, person: People) -> None:
    there = person("Carl").in_group(-77001, "Family")
    there.say("hello")
    api.wait_until(lambda: len(api.calls("leaveChat")) > 0, 15, "leaving")
    assert len(list(api.calls("sendMessage", chat=-77001))) == 1


@pytest.mark.parametrize("kind", ["429", "502", "drop", "applied_but_dropped", "bad_json"])
def test_a_misbehaving_api_does_not_stop_the_conversation(api: BotApi, clinician: Person, kind: str) -> None:
    new_case(clinician, f"F {kind}")
    fault = api.fault(method="editMessageText", kind=kind, times=2, chat=clinician.chat_id)
    clinician.tap("Start now")
    clinician.wait_until(lambda: "All checked" in clinician.buttons(), 30, "the facts")
    assert fault.hits >= 1
    fault.cancel()
    clinician.tap("All checked")
    clinician.wait_until(lambda: any("checked: yes" in b for b in clinician.buttons()), 30, "both checked")


def test_a_cleared_chat_gets_its_live_message_again(clinician: Person) -> None:
    new_case(clinician, "Cleared")
    message = clinician.live().message_id
    clinician.delete_message(message)
    clinician.say("/cases")
    wait_for(clinician, "My cases")


def test_a_second_poller_ends_serving_with_exit_1_and_a_clear_word(folder: Path) -> None:
    """As on the real server, the newer poll is let through and the older one is told of the conflict."""
    with BotApi(token="888888:" + "y" * 35, username="twice_bot") as own:
        folder.mkdir()
        first, second = Serving(own, folder), Serving(own, folder)
        first.start()
        second.start()
        assert first.wait(30) == 1
        log = (folder / "serve.log").read_text()
        assert "another program is polling" in log
        assert own.token not in log
        second.stop()


def test_a_suspended_clinician_is_refused_at_the_next_tap(api: BotApi, serving: Serving, clinician: Person) -> None:
    new_case(clinician, "Suspended")
    serving.command("clinician", "suspend", f"Dr {clinician.user_id}")
    query = clinician.tap("Start now")
    clinician.wait_until(lambda: api.callback_queries[query].state == "answered", 15, "an answer")
    assert "not for this account" in api.callback_queries[query].text
    clinician.wait_until(lambda: "Suspended" not in (clinician.last().text or ""), 15, "a neutral screen")


def test_no_token_stands_in_the_log(serving: Serving) -> None:
    assert serving.api.token not in (serving.folder / "serve.log").read_text()
