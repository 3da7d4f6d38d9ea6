package stats

func TestMean(t *testing.T) {}
