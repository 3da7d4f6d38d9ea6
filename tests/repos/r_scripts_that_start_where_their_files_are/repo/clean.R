heights <- read.csv("analysis/heights.csv")
write.csv(heights[heights$day > 0, ], "clean.csv")
