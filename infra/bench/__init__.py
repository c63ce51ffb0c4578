"""Measure harvestlane against goals and rivals: seeded, repeatable, apart from the tests."""
