"""What carries stages: caches, records, locks, slots, the server, what is swept up."""
