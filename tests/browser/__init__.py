"""Drive the pages with Debian's Chromium."""
