"""Hold typed clients made of the API's description; `make clients` writes them anew."""
