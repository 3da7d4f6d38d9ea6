fingerprint <- function(value) substr(digest(value), 1, 8)
