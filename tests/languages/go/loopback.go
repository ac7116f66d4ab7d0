// A server of HTTP and its client on the loopback; a socket of each kind.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
)

func must(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func main() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "served ", r.URL.Path)
	}))
	answer, err := http.Get(server.URL + "/hello")
	must(err)
	body, err := io.ReadAll(answer.Body)
	must(err)
	fmt.Println("HTTP:", answer.StatusCode, string(body))
	server.Close()

	local, err := net.Listen("unix", "/tmp/socket")
	must(err)
	go func() {
		peer, err := local.Accept()
		must(err)
		fmt.Fprint(peer, "hello")
		peer.Close()
	}()
	client, err := net.Dial("unix", "/tmp/socket")
	must(err)
	text, err := io.ReadAll(client)
	must(err)
	fmt.Println("AF_UNIX:", string(text))

	one, err := net.ListenPacket("udp", "localhost:0")
	must(err)
	other, err := net.Dial("udp", one.LocalAddr().String())
	must(err)
	fmt.Fprint(other, "datagram")
	bytes := make([]byte, 100)
	size, _, err := one.ReadFrom(bytes)
	must(err)
	fmt.Println("UDP:", string(bytes[:size]))
}
