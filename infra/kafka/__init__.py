"""Run Apache Kafka from its jars and ask it how it is."""
