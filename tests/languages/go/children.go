// Commands: output, a pipe to stdin, a status, one that is killed in time.
package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

func main() {
	shell := exec.Command("sh", "-c", "echo from $NAME; exit 7")
	shell.Env = []string{"NAME=a shell"}
	shell.Stdout = os.Stdout
	fmt.Println("status", shell.Run().(*exec.ExitError).ExitCode())

	sort := exec.Command("sort")
	sort.Stdin = strings.NewReader("pear\napple\n")
	sorted, _ := sort.Output()
	fmt.Print(string(sorted))

	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	late := exec.CommandContext(ctx, "sleep", "60").Run().(*exec.ExitError)
	fmt.Println("signal", late.Sys().(syscall.WaitStatus).Signal())
	_, err := exec.LookPath("no-such-program")
	fmt.Println("missing", err != nil)
}
