"""Hold the API to its own description, on a whole stack; `make test-contract` runs it."""
