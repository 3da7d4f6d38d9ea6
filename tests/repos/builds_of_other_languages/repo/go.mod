module example.org/x

go 1.20

require (
	gonum.org/v1/gonum v0.12.0
)
