setwd("C:/Users/ann/seedlings")
print(read.csv("heights.csv"))
