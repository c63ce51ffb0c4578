"""Say what a pass is and whether one holds: signed, short, checked offline (docs/passes.md)."""
