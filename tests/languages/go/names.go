// Names, by the resolver of Go's own and by that of the C library where the program has it.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
)

func main() {
	for _, own := range []bool{true, false} {
		resolver := &net.Resolver{PreferGo: own}
		for _, name := range []string{"localhost", "example.com"} {
			found, err := resolver.LookupHost(context.Background(), name)
			var why *net.DNSError
			if errors.As(err, &why) {
				fmt.Println(name, "temporary", why.IsTemporary, "timeout", why.IsTimeout)
			} else {
				fmt.Println(name, found[0], err)
			}
		}
	}
}
