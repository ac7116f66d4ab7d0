// Package part is the second package of the program.
package part

import "strings"

// Name is what the program prints.
func Name() string {
	return strings.Repeat("part ", 2)
}
