"""State facts and commands: the catalogue of events, their fields, their topics; no behaviour."""
