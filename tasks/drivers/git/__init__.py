"""git: mirrors, commits, checkouts, logins."""
