"""Carers, a clinician and a stranger on phones of their own, through the local Bot API."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from pathlib import Path

from support.bot_api import BotApi
from support.intake import Choose, new_case, screen, tap_through, wait_for
from support.people import Person
from support.serving import Serving

from scoring.instrument import load

People = Callable[..., Person]
CALM = (
    "I agree",
    "Parent",
    "Since the start",
    "About the same",
    "None of these",
    "All of these, nearly always",
    "No",
    "Next",
)
FORBIDDEN = re.compile(r"\b(score|scores|rating|ratings|percent|map|map's)\b|\d+ ?%", re.IGNORECASE)


def invite(clinician: Person, relation: str, must_not_learn: str | None = None) -> str:
    """Invite a carer from the case's screen; the link's token."""
    before = len(links(clinician))
    clinician.tap("A carer", within=15)
    wait_for(clinician, "Who are they")
    clinician.say(relation)
    clinician.tap("Yes", within=15)
    clinician.see("Nobody")
    if must_not_learn:
        clinician.say(must_not_learn)
    else:
        clinician.tap("Nobody")
    clinician.wait_until(lambda: len(links(clinician)) > before, 15, "the link")
    clinician.see("Invite another")
    return links(clinician)[-1]


def links(person: Person) -> list[str]:
    found = [re.search(r"start=(i_\w+)", m.text or "") for m in person.messages()]
    return [match.group(1) for match in found if match]


def opened(carer: Person, token: str) -> None:
    carer.say(f"/start {token}")
    carer.see("I agree")


def answer_all(carer: Person, word: str, choose: Choose | None = None) -> int:
    """From the agreement to the last look; how many taps."""
    start = carer.taps
    carer.tap("I agree")
    wait_for(carer, "Who is it about?")
    carer.say(word)
    wait_for(carer, "Who are you to them?")

    def pick(text: str, buttons: list[str]) -> str | None:
        if choose and (wanted := choose(text, buttons)):
            return wanted
        return "Yes" if "live with them" in text or "answer alone" in text else None

    tap_through(carer, "Send", CALM, pick)
    return carer.taps - start


def test_two_carers_learn_nothing_of_each_other_and_the_clinician_starts_from_their_answers(
    api: BotApi, serving: Serving, clinician: Person, person: People, tmp_path: Path
) -> None:
    new_case(clinician, "Two Homes")
    clinician.tap("Invite a carer first")
    first_token = invite(clinician, "mother")
    clinician.tap("Invite another")
    second_token = invite(clinician, "father", must_not_learn="grandparents")
    mother, father, stranger = person("Mia"), person("Fred"), person("Stan")
    opened(mother, first_token)
    opened(father, second_token)

    stranger.say(f"/start {first_token}")
    stranger.wait_until(lambda: stranger.messages() != [], 15, "a polite screen")
    assert "I agree" not in stranger.buttons() if stranger.last().labels() else True

    harder = iter(["Harder"] * 2 + ["Much harder"])
    taps = answer_all(mother, "K", lambda _, b: next(harder, None) if "Harder" in b else None)
    assert taps <= 90
    answer_all(father, "K")
    mother.say("He sleeps badly since June")
    wait_for(mother, "Nobody is reading this now")
    typed = [m for m in mother.messages(everybody=True) if m.text == "He sleeps badly since June"]
    api.wait_until(lambda: all(m.deleted for m in typed), 15, "the typed note to be taken away")
    mother.tap("Send")
    wait_for(mother, "Thank you")
    clinician.wait_until(
        lambda: any("questionnaire is back" in (m.text or "") for m in clinician.messages()), 15, "the news"
    )

    father.tap("Send")
    wait_for(father, "Thank you")
    for carer, other in ((mother, "father"), (father, "mother")):
        everything = "\n".join(str(c) for m in carer.messages() for c in m.contents)
        assert not FORBIDDEN.search(everything)
        assert other not in everything.casefold()
        assert "Two Homes" not in everything
        assert "grandparents" not in everything

    start = clinician.taps
    clinician.tap("Open", within=15)
    clinician.tap("Start", within=15)
    wait_for(clinician, "A few facts")
    seen = set()

    def choose(text: str, buttons: list[str]) -> str | None:
        if "suggests" in text:
            seen.add("suggested")
        return "As they said" if "As they said" in buttons else None

    tap_through(clinician, "Finish", choose=choose)
    assert clinician.taps - start <= 60  # two informants: what they differ on is asked one by one
    assert "suggested" in seen
    clinician.tap("Finish")
    wait_for(clinician, "Open them first")
    clinician.tap(next(b for b in clinician.buttons() if b.startswith("Notes from others")))
    wait_for(clinician, "sleeps badly")
    clinician.tap("‹ Back")
    clinician.tap("Finish", within=15)
    clinician.wait_until(lambda: "Report (PDF)" in clinician.buttons(), 60, "the results")
    serving.command("export", "Two Homes", "--format", "json", "--out", str(tmp_path / "case.json"))
    record = json.loads((tmp_path / "case.json").read_text())
    assert [i["informant"]["role"] for i in record["encounters"][0]["interviews"]] == ["carer", "carer", "clinician"]
    api.assert_all_answered()


def test_a_typical_intake_after_a_carers_takes_at_most_45_taps(clinician: Person, person: People) -> None:
    new_case(clinician, "After One")
    clinician.tap("Invite a carer first")
    token = invite(clinician, "mother")
    mother = person("Mona")
    opened(mother, token)
    answer_all(mother, "M")
    mother.tap("Send")
    wait_for(mother, "Thank you")
    start = clinician.taps
    clinician.tap("Open", within=15)
    clinician.tap("Start", within=15)
    wait_for(clinician, "A few facts")
    tap_through(clinician, "Finish", choose=lambda _, b: "As they said" if "As they said" in b else None)
    clinician.tap("Finish")
    clinician.wait_until(lambda: "Report (PDF)" in clinician.buttons(), 60, "the results")
    assert clinician.taps - start <= 45


def test_a_danger_answer_shows_what_to_do_waits_for_a_word_and_alerts_without_content(
    api: BotApi, serving: Serving, clinician: Person, person: People
) -> None:
    new_case(clinician, "Danger")
    clinician.tap("Invite a carer first")
    token = invite(clinician, "aunt")
    aunt = person("Ada")
    opened(aunt, token)
    question = load().words.safety["danger_at_home_now"].carer.question

    def choose(text: str, buttons: list[str]) -> str | None:
        is_yes = question in text or "live with" in text or "alone now" in text
        return "Yes" if is_yes and "Yes" in buttons else None

    aunt.tap("I agree")
    wait_for(aunt, "Who is it about?")
    aunt.say("D")
    wait_for(aunt, "Who are you")
    tap_through(aunt, "Yes, it is so", CALM, choose)
    assert "999" in screen(aunt)
    assert "Do not wait for us" in screen(aunt)
    alerts = lambda: [m for m in clinician.messages() if m.text == "A case needs you now."]  # noqa: E731
    assert not alerts()
    aunt.tap("A slip")
    aunt.see("No")
    assert question in screen(aunt)
    aunt.tap("Yes")
    aunt.see("Yes, it is so")
    aunt.tap("Hide")
    wait_for(aunt, "Nothing to see here")
    assert [m.text for m in aunt.messages()] == ["Nothing to see here just now."]
    clinician.wait_until(lambda: len(alerts()) == 1, 15, "an alert")
    alert = alerts()[0]
    assert not alert.silent
    assert alert.labels() == ["Open"]
    assert aunt.buttons() == [] if not aunt.last().labels() else True

    clinician.tap("Open", message=alert.message_id)
    wait_for(clinician, "Open danger flags: 1")
    found = serving.command("flags").stdout
    assert "Danger" in found
    assert "carer" in found

    aunt.say("/start")
    aunt.tap("Go on", within=15)
    aunt.wait_until(lambda: "Pause" in aunt.buttons(), 15, "the question")


def test_refusing_is_one_tap_and_nothing_is_asked_any_more(clinician: Person, person: People) -> None:
    new_case(clinician, "Refused")
    clinician.tap("Invite a carer first")
    token = invite(clinician, "uncle")
    uncle = person("Uwe")
    opened(uncle, token)
    uncle.tap("No thanks")
    wait_for(uncle, "That is fine")


def test_used_withdrawn_and_made_up_links_show_the_same_screen(
    api: BotApi, serving: Serving, clinician: Person, person: People
) -> None:
    new_case(clinician, "Links")
    clinician.tap("Invite a carer first")
    token = invite(clinician, "mother")
    listed = serving.command("invite", "Links", "--list").stdout
    serving.command("invite", "--withdraw", listed.split()[0])
    said = []
    for text in (f"/start {token}", "/start i_" + "a" * 32):
        someone = person("Sam")
        someone.say(text)
        someone.wait_until(lambda s=someone: bool(s.messages()), 15, "a screen")
        api.settled(20, quiet=0.4)
        said.append(someone.last().text)
    assert said[0] == said[1]


def test_random_walks_of_carers_never_show_a_result_or_another(api: BotApi, clinician: Person, person: People) -> None:
    """A bounded share, through the Bot API."""
    new_case(clinician, "Walks")
    clinician.tap("Invite a carer first")
    seed = random.Random(3)
    for number in range(3):
        token = invite(clinician, f"carer {number}")
        carer = person(f"W{number}")
        opened(carer, token)
        carer.tap("I agree")
        for _ in range(25):
            api.settled(20, quiet=0.1)
            if "Who is it about" in screen(carer):
                carer.say("W")
                continue
            choices = [b for b in carer.buttons() if b not in ("Hide", "Language")]
            if not choices:
                break
            carer.tap(seed.choice(choices))
        everything = "\n".join(str(c) for m in carer.messages() for c in m.contents)
        assert not FORBIDDEN.search(everything)
        assert "Walks" not in everything
        clinician.tap("Invite another")
    api.settled(20, quiet=0.3)
    api.assert_all_answered()
