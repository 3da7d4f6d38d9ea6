---- MODULE Lease ----
VARIABLE holder
Init == holder = 0
Next == holder' = 1 - holder
====
