"""Read and prepare road networks for trucks."""
