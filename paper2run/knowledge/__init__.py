"""What is known of the world: names, headers, releases that broke others."""
