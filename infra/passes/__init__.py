"""Keep what passes need on disk, and print them."""
