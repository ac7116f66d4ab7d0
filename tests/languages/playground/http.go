// A server that takes its time, a client that does not wait for ever, and one that does.
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

func slow(w http.ResponseWriter, r *http.Request) {
	time.Sleep(10 * time.Minute)
	fmt.Fprintf(w, "hello from %s", r.URL.Path)
}

func ask(client *http.Client, url string) {
	start := time.Now()
	response, err := client.Get(url)
	took := time.Since(start).Round(time.Second)
	if err != nil {
		fmt.Println("no answer after", took)
		return
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(body), "after", took)
}

func main() {
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		log.Fatal(err)
	}
	go func() { log.Fatal(http.Serve(listener, http.HandlerFunc(slow))) }()
	url := "http://" + listener.Addr().String() + "/playground"
	ask(&http.Client{Timeout: time.Minute}, url)
	ask(&http.Client{Timeout: time.Hour}, url)
	_, err = http.Get("http://192.0.2.1/")
	fmt.Println(err)
}
