"""What shows that an environment works, rung by rung."""
