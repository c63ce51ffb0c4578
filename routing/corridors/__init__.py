"""Judge what trucks do on corridors: pure, without a clock."""
