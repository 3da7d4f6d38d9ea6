"""Which releases fit together, from metadata alone."""
