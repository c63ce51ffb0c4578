"""Write down who does what, from where, when and why, before it is done."""

from api.audit.chronicle import chronicle, chronicle_events, note
from api.audit.chronicler import Chronicler

__all__ = ["Chronicler", "chronicle", "chronicle_events", "note"]
