"""A finished run in the standards of archives and journals: research objects, bills of materials, schemas."""
