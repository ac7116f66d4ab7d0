package main

import (
	"fmt"

	"example.org/program/part"
)

func main() {
	fmt.Println(part.Name())
}
