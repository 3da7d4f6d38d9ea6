rate <- function(x) max(x$height) / max(x$day)
print("ready")
