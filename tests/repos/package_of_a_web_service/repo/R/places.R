names_of <- function() {
  httr::GET("https://www.tidewatch.org/names/stations.csv")
  httr::GET("https://gazetteer.wharf.org/search?kind=port")
  browseURL("https://www.tidewatch.org/about.html")
}
