"""Hold what each role may do by each route and event with each row, written by hand."""
