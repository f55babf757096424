"""Compare on a phone: both maps, and from three encounters on the course, each as one protected photo with its words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from support.bot_api import BotApi
from support.intake import new_case, tap_through, wait_for
from support.people import Person
from support.serving import Serving

from scoring.documents.comparison import NOT_TO_BE_READ_AS
from scoring.instrument import load

NOTICE = load().words.notice.short


def encounter(person: Person) -> None:
    """Tap through an interview from where it begins to its results."""
    wait_for(person, "A few facts")
    tap_through(person, "Finish")
    sent = len(person.photos())
    person.tap("Finish")
    person.wait_until(lambda: "Report (PDF)" in person.buttons() and len(person.photos()) > sent, 60, "the results")


def again(person: Person) -> None:
    person.tap("‹ Back")
    person.wait_until(lambda: "Reassess" in person.buttons(), 30, "the case")
    person.tap("Reassess")
    encounter(person)


def compared(person: Person, photos: int) -> list[str]:
    """The captions of the photos that a tap on Compare brings, once the live message stands below them again."""
    sent = len(person.photos())
    person.tap("Compare")
    person.wait_until(lambda: len(person.photos()) >= sent + photos, 60, "the pictures")
    person.settled(60)
    person.wait_until(lambda: person.last().message_id == person.live().message_id, 30, "the screen below the pictures")
    new = person.photos()[sent:]
    assert all(m.protect_content for m in new)
    return [m.caption or "" for m in new]


def test_three_encounters_bring_the_course_with_its_words_and_it_survives_a_crash(folder: Path) -> None:
    folder.mkdir()
    born = (datetime.now(UTC) - timedelta(days=60)).date()
    with BotApi(token="777778:" + "y" * 35, username="course_bot") as own, Serving(own, folder) as serving:
        ann = Person(own, 43, "Ann")
        ann.say(serving.code())
        new_case(ann, "Course", born.isoformat())
        ann.tap("Start now")
        encounter(ann)
        again(ann)
        (only,) = compared(ann, 1)
        texts = [m for m in ann.messages() if m.message_id > ann.photos()[-1].message_id and not m.keyboard()]
        assert all(m.protect_content for m in texts)
        said = "\n".join(m.content for m in texts)
        assert all(sentence in said for sentence in NOT_TO_BE_READ_AS)
        assert "no percent before" in said, "at two months no domain is compared, and it is said why"
        assert only.startswith("Comparison of Course")
        assert only.endswith(NOTICE)

        again(ann)
        first, second = compared(ann, 2)
        assert first.startswith("Comparison of Course")
        assert second.startswith("Course · 3 encounters")
        assert all(len(caption) <= 1024 and caption.endswith(NOTICE) for caption in (first, second))

        sent = len(ann.photos())
        ann.tap("Compare")
        ann.wait_until(lambda: not ann.unanswered(), 30, "the tap is taken")
        serving.kill()
        serving.start()
        ann.wait_until(lambda: len(ann.photos()) >= sent + 2, 60, "the pictures after the crash")
        own.assert_all_answered()
        serving.stop()
        assert [(m.caption or "").split(" ·")[0] for m in ann.photos()[-1:]] == ["Course"]
        assert len(ann.photos()) <= sent + 3, "at most the one whose answer was lost comes twice"
