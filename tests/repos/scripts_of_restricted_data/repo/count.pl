open(my $cohort, "<", "cohort.csv") or die;
