"""Answer OSRM's HTTP API (version 5 and 6) for what it covers of routes, tables and nearest roads.

The answers follow OSRM's docs/http.md; what is not covered is refused, never passed over.
"""
