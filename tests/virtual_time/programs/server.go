// An HTTP server that sleeps, and its clients, on the loopback. server UNIT
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

func main() {
	unit := time.Second
	if len(os.Args) > 1 && os.Args[1] == "0" {
		unit = time.Nanosecond
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(2 * unit)
		fmt.Fprintf(w, "hello from %s", r.URL.Path)
	}))
	for i := 0; i < 3; i++ {
		response, err := http.Get(fmt.Sprintf("http://%s/%d", listener.Addr(), i))
		if err != nil {
			panic(err)
		}
		body, _ := io.ReadAll(response.Body)
		response.Body.Close()
		fmt.Println(string(body))
	}
	time.Sleep(unit / 2)
}
