"""What shell commands of people are for, and the facts in them."""
