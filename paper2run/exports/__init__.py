"""A finished run in the standards of archives and journals: crates, bills of materials, schemas."""
