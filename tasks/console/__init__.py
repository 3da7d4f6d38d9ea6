"""What commands show: progress, a run's folder, the state of this machine."""
