// Eight goroutines behind a channel; a lock of each kind; more threads than CPUs.
package main

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
)

func main() {
	numbers := make(chan int)
	var lock sync.RWMutex
	var taken int64
	total := 0
	var group sync.WaitGroup
	for i := 0; i < 8; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			runtime.LockOSThread()
			for number := range numbers {
				atomic.AddInt64(&taken, 1)
				lock.Lock()
				total += number
				lock.Unlock()
			}
		}()
	}
	for i := 1; i <= 1000; i++ {
		numbers <- i
	}
	close(numbers)
	group.Wait()
	lock.RLock()
	fmt.Printf("%d taken, sum %d\n", taken, total)
	lock.RUnlock()
}
