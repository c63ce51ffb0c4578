"""Know the dated regimes: what they ask of vehicles, where and when, and what localities add."""
