// Sleep, After, Ticker. sleeps UNIT
package main

import (
	"fmt"
	"os"
	"time"
)

func main() {
	unit := time.Second
	if len(os.Args) > 1 && os.Args[1] == "0" {
		unit = time.Nanosecond
	}
	time.Sleep(3600 * unit)
	fmt.Println("slept")
	select {
	case <-time.After(10 * unit):
		fmt.Println("after")
	case <-time.After(20 * unit):
	}
	ticker := time.NewTicker(unit / 1)
	for i := 0; i < 5; i++ {
		<-ticker.C
		fmt.Println("tick", i)
	}
}
