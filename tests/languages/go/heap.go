// heap MEBIBYTES: keeps as much.
package main

import (
	"fmt"
	"os"
	"strconv"
)

func main() {
	count, _ := strconv.Atoi(os.Args[1])
	var blocks [][]byte
	for i := 0; i < count; i++ {
		block := make([]byte, 1<<20)
		for j := 0; j < len(block); j += 1024 {
			block[j] = 'x'
		}
		blocks = append(blocks, block)
	}
	fmt.Println(len(blocks), "MiB")
}
