twice <- function(x) {
  print(x)
  2 * x
}
