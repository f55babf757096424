"""The instrument: declarative files, read and checked once, then frozen."""

from scoring.instrument.loader import InstrumentError, load, load_from
from scoring.instrument.model import Instrument, Texts

__all__ = ["Instrument", "InstrumentError", "Texts", "load", "load_from"]
