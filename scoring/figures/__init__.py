"""Pictures of a result and their text twins; matplotlib is loaded when something is drawn, and not before.

A picture is PNG, 1080 pixels wide, made to be read on a phone at a third of that. Each has a twin in words that says all the
picture says; where that is long there is a caption as well, short enough for a photo in a chat.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoring.figures.alt_text import comparison_alt, history_alt, map_alt, trend_alt
from scoring.figures.caption import comparison_caption, map_caption, trend_caption

if TYPE_CHECKING:
    from scoring.compare import Comparison
    from scoring.result import Result
    from scoring.trend import Trend

__all__ = [
    "comparison_alt",
    "comparison_caption",
    "draw_comparison",
    "draw_history",
    "draw_map",
    "draw_trend",
    "history_alt",
    "map_alt",
    "map_caption",
    "trend_alt",
    "trend_caption",
]


def draw_map(result: Result) -> bytes:
    """The functional map of a result, for a phone.

    Returns
    -------
    bytes
        PNG, 1080 × 1350 pixels. The same result gives the same bytes.

    Examples
    --------
    >>> from datetime import date
    >>> from scoring.case import Case
    >>> from scoring.instrument import load
    >>> from scoring.result import assess
    >>> result = assess(Case(label="Sample", born=date(2018, 3, 14), assessed=date(2026, 4, 1)), load())
    >>> draw_map(result)[1:4]
    b'PNG'
    """
    from scoring.figures import brain_map, canvas

    return canvas.png(brain_map.figure(result))


def draw_history(result: Result) -> bytes:
    """What was heavy and what held in each period that has begun, with the load of both.

    Returns
    -------
    bytes
        PNG, 1080 pixels wide, at most 1350 high.
    """
    from scoring.figures import canvas, history

    return canvas.png(history.figure(result))


def draw_comparison(comparison: Comparison) -> bytes:
    """Two assessments of one person in one map, what moved beyond noise marked.

    Returns
    -------
    bytes
        PNG, 1080 × 1350 pixels.
    """
    from scoring.figures import canvas, compare

    return canvas.png(compare.figure(comparison))


def draw_trend(course: Trend) -> bytes:
    """Each domain's percent over three or more encounters of one person; of more than twelve the latest twelve.

    Returns
    -------
    bytes
        PNG, 1080 × 1350 pixels.
    """
    from scoring.figures import canvas, trend

    return canvas.png(trend.figure(course))
