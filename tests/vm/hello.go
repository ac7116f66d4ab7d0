// The Go program of `table`: goroutines, HTTP over loopback, a file in /tmp, a timer.
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

func main() {
	var group sync.WaitGroup
	for i := 0; i < 100; i++ {
		group.Add(1)
		go func() { defer group.Done(); time.Sleep(time.Millisecond) }()
	}
	group.Wait()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	go http.Serve(listener, http.NotFoundHandler())
	answer, err := http.Get("http://" + listener.Addr().String())
	check(err)
	check(os.WriteFile("/tmp/file", []byte("kept in memory"), 0o600))
	<-time.After(10 * time.Millisecond)
	fmt.Println("hello,", answer.Status)
}

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}
