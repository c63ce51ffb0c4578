"""Show live state to people and take in what they report."""
