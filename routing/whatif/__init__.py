"""Say what closing a road, a checkpoint or a gate would do, before anybody does it."""
