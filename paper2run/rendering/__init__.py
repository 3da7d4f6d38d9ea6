"""A plan as a Dockerfile: steps, pins, site access, marks of our builds, differences between plans."""
