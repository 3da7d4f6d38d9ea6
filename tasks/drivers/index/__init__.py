"""Package indexes and Debian's lists: pages, archives, what is in them."""
