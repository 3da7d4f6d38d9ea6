"""A language model behind an endpoint: conversations, what they cost, how they fail."""
