package waves

import "example.org/team/waves/mean"

// Level is the mean of the squares.
func Level(values []float64) float64 {
	squares := make([]float64, len(values))
	for i, value := range values {
		squares[i] = value * value
	}
	return mean.Of(squares)
}
