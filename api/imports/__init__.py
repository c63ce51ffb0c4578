"""Take in trucks, permits, lots and slots from files as provinces keep them."""
