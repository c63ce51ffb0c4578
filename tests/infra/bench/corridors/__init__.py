"""Tests of the corridors benchmark."""
