"""Hold scenarios, their files and their trucks against what they promise."""
