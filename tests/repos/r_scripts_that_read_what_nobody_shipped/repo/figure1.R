library(ggplot2)
source("code/functions.R")
cells <- readRDS("obj/cells.rds")  # 3 GB
scores <- read.table("scores.txt", header = TRUE)
means <- summarise_cells(cells)
write.csv(means, file.path("out", "means.csv"))
