# The interface: "https://api.commented.example.org/v1/heights"
heights <- function(station) {
  answer <- httr::GET("https://api.tidewatch.org/v2/heights", query = list(station = station))
  httr::content(answer)
}
