"""Fold events into live state with faust-streaming and announce what was decided."""
