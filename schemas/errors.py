"""Name the errors of the project in one tree.

```
HarvestlaneError            anything we raise on purpose; the command line prints it as one line
└── StackError              the local stack could not do what was asked (infra)
    └── SettingsError       a setting is missing or wrong (infra)
```
"""


class HarvestlaneError(Exception):
    """Say in one line what went wrong and what to do about it."""


class StackError(HarvestlaneError):
    """The local stack could not start, stop or answer."""


class SettingsError(StackError):
    """A setting is missing or wrong."""
