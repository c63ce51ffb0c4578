"""Take in positions from machines: gateways in batches and streams, trackers in their own forms."""
