"""Search for routes that serve requests: one engine under dispatch and under problem files."""
