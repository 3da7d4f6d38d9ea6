"""The container engine: connection, builds, runs, disk, registry."""
