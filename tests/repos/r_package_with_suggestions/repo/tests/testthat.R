library(testthat)
library(prints)
test_check("prints")
