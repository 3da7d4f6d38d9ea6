*! replication
use "data/survey.dta", clear
regress income schooling
