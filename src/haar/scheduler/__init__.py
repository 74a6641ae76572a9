"""Everything that happens without being asked for: due tasks, expiry, reconcilers, waits that end."""
