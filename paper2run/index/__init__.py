"""What a package index offers, and to which interpreter."""
