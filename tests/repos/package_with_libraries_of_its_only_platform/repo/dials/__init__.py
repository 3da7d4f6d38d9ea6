import clr

clr.AddReference("dials/reader")
