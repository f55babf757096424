"""Three accounts at once, with kills: no answer of a carer is lost or doubled, and the clinician's screen is right."""

from __future__ import annotations

import json
import random
from pathlib import Path

from support.bot_api import BotApi
from support.intake import new_case, shown, wait_for
from support.people import Person
from support.serving import Serving

CALM = ("Parent", "Since the start", "About the same", "None of these", "All of these, nearly always", "No", "Next")


def next_button(text: str, buttons: list[str]) -> str | None:
    if "live with them" in text or "answer alone" in text:
        return "Yes"
    return next((w for w in CALM if w in buttons), None)


def test_two_carers_and_a_clinician_through_kills(folder: Path) -> None:
    with BotApi(token="999999:" + "z" * 35, username="three_bot") as own:
        folder.mkdir()
        serving = Serving(own, folder)
        serving.start()
        ann = Person(own, 1, "Ann")
        ann.say(serving.code())
        new_case(ann, "Three")
        tokens = [
            next(line for line in serving.command("invite", "Three").stdout.split() if "start=i_" in line).partition(
                "="
            )[2]
            for _ in range(2)
        ]
        carers = [Person(own, 10 + number, f"C{number}") for number in range(2)]
        for carer, token in zip(carers, tokens, strict=True):
            carer.say(f"/start {token}")
            carer.tap("I agree", within=20)
            wait_for(carer, "Who is it about?")
            carer.say("K")
            wait_for(carer, "Who are you")
        seed, steps = random.Random(11), 0
        while any("Send" not in shown(c)[1] for c in carers) and steps < 160:
            carer = seed.choice([c for c in carers if "Send" not in shown(c)[1]])
            before = shown(carer)
            wanted = next_button(*before)
            assert wanted is not None, before
            carer.tap(wanted)
            if seed.random() < 0.15:
                carer.tap_old(carer.live().message_id, wanted)  # a double tap
            if seed.random() < 0.06:
                serving.kill()
                serving.start()
            carer.wait_until(lambda c=carer, b=before: shown(c) != b, 30, f"what follows {wanted}")
            steps += 1
        for carer in carers:
            carer.tap("Send")
            wait_for(carer, "Thank you")
        out = folder / "case.json"
        serving.command("export", "Three", "--format", "json", "--out", str(out))
        for interview in json.loads(out.read_text())["encounters"][0]["interviews"]:
            functions = [r for r in interview["responses"] if r["item"].startswith("functions.")]
            assert len(functions) == 29
            assert not [r for r in functions if r["superseded"]]
        ann.wait_until(
            lambda: sum("questionnaire is back" in (m.text or "") for m in ann.messages()) in (2, 3, 4), 30, "the news"
        )
        serving.stop()
