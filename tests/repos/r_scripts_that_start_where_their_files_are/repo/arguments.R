wanted <- commandArgs(TRUE)
print(read.csv(wanted[1]))
