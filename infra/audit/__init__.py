"""Judge and export the audit log of a stack."""
