test_that("it is short", expect_equal(nchar(fingerprint(1)), 8))
