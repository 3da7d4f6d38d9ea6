package main

import (
	"fmt"

	"example.org/team/waves"
)

func main() {
	fmt.Println(waves.Level([]float64{1, 3}))
}
