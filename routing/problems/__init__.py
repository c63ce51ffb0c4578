"""Read problem files in the JSON of VROOM's API, solve them, write solutions, check them."""
