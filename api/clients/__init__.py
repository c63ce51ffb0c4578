"""Hold the typed clients that are made of the API's description; `make clients` writes them anew."""
