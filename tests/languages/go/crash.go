// crash panic | overflow | deadlock | null | exit: the usual ends of a Go program.
package main

import "os"

type node struct{ next *node }

func depth(below int) int {
	return depth(below+1) + 1
}

func main() {
	switch os.Args[1] {
	case "panic":
		panic("nobody catches this")
	case "overflow":
		os.Exit(depth(0))
	case "deadlock":
		<-make(chan int)
	case "null":
		var nothing *node
		nothing = nothing.next
	}
	os.Exit(3)
}
