"""Hold the commands of `harvestlane`, one module a group; `infra.cli` finds them by itself.

A module gives `COMMANDS`, a dict from a command's name to its function, and may give `GROUP`, a
pair of a name and a sentence, to put them under one word (`roads build`). Functions are plain
typer functions and import what is heavy inside, so that `harvestlane --help` answers at once.
"""
