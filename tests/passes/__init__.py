"""Hold passes to docs/passes.md."""
