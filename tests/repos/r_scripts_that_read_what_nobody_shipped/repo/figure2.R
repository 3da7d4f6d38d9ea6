# source("old/functions.R")
means <- read.csv("out/means.csv")
samples <- readRDS(file = here::here("obj/samples.rds"))
page <- read.csv("https://example.org/table.csv")
