// Sorts by sleeping, a minute for each unit, as nobody would by a real clock.
package main

import (
	"fmt"
	"time"
)

func main() {
	start := time.Now()
	fmt.Println("It is", start.UTC().Format(time.Kitchen))
	sorted := make(chan int)
	numbers := []int{45, 7, 30, 120, 1}
	for _, number := range numbers {
		go func(number int) {
			time.Sleep(time.Duration(number) * time.Minute)
			sorted <- number
		}(number)
	}
	for range numbers {
		fmt.Println(<-sorted, "after", time.Since(start).Round(time.Second))
	}
}
