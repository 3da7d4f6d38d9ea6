package waves

import "testing"

func TestLevel(t *testing.T) {
	if got := Level([]float64{1, 3}); got != 5 {
		t.Fatalf("got %v", got)
	}
}
