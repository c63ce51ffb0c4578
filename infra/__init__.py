"""Run it all: settings, the local stack, the command line, scenarios and verification."""
