#!/bin/bash
# From a fresh Debian 12 to the first result: installs the packages that are missing, builds the
# release binary into build/, compiles a real program on the spot (C, and Go where there is `go`),
# runs it in the sandbox and shows the result. Asks nothing; leaves nothing outside build/ but the
# packages. Uses sudo for the packages, and for the run where the user has no cgroup of their own.
set -euo pipefail
cd "$(dirname "$0")/.."
source packaging/packages.sh

need_packages "${build_packages[@]}"
use_build_tree "$PWD/build"

say 'building build/sandbox'
cmake -S . -B build -G Ninja -DCMAKE_BUILD_TYPE=Release -DSANDBOX_TESTS=OFF >build/cmake.log || {
  cat build/cmake.log
  exit 1
}
ninja -C build --quiet sandbox

# A cgroup of one's own: root's, or one where groups can be made and memory can be limited.
has_own_cgroup() {
  local controllers path
  [[ $(id -u) == 0 ]] && return 0
  while IFS=: read -r _ controllers path; do
    if [[ -z $controllers && -w /sys/fs/cgroup$path && -w /sys/fs/cgroup$path/cgroup.procs ]] &&
      grep -qw memory "/sys/fs/cgroup$path/cgroup.controllers"; then
      return 0
    elif [[ ,$controllers, == *,memory,* && -w /sys/fs/cgroup/memory$path ]]; then
      return 0
    fi
  done </proc/self/cgroup
  return 1
}

sandbox=("$PWD/build/sandbox")
if ! has_own_cgroup; then
  if command -v sudo >/dev/null; then
    sandbox=(sudo "${sandbox[@]}")
  else
    echo "no cgroup of one's own and no sudo: limits of memory, CPU time and processes are left off"
    sandbox+=(run --best-effort)
  fi
fi
if [[ ${sandbox[-1]} != --best-effort ]]; then
  sandbox+=(run)
fi

mkdir -p build/quickstart
cd build/quickstart

# The main job: run PROGRAM under PROFILE, show the one JSON document, be sure that it says ok.
show() {
  local profile=$1 program=$2
  say "${sandbox[*]} --profile $profile -- $program"
  "${sandbox[@]}" --profile "$profile" -- "$program" | tee "$program.json"
  grep -qE '"status": ?"ok"' "$program.json"
}

say 'compiling a C program: four threads, a file in /tmp'
cat >primes.c <<'C'
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { threads = 4, limit = 2000000 };
static long found[threads];

static void *count(void *argument) {
  const long self = (long)argument;
  for (long n = 3 + 2 * self; n < limit; n += 2 * threads) {
    int prime = 1;
    for (long d = 3; d * d <= n && prime; d += 2) {
      prime = n % d != 0;
    }
    found[self] += prime;
  }
  return NULL;
}

int main(void) {
  pthread_t ids[threads];
  for (long i = 0; i < threads; i++) {
    if (pthread_create(&ids[i], NULL, count, (void *)i) != 0) {
      perror("pthread_create");
      return 1;
    }
  }
  FILE *file = fopen("/tmp/primes.txt", "w+");
  if (file == NULL) {
    perror("/tmp/primes.txt");
    return 1;
  }
  long total = 1;
  for (int i = 0; i < threads; i++) {
    pthread_join(ids[i], NULL);
    total += found[i];
    fprintf(file, "thread %d found %ld primes\n", i, found[i]);
  }
  rewind(file);
  for (int c; (c = getc(file)) != EOF;) {
    putchar(c);
  }
  printf("%ld primes below %d\n", total, limit);
  return fclose(file);
}
C
gcc -O2 -Wall -pthread -o primes primes.c
show c ./primes

if command -v go >/dev/null; then
  say 'compiling a Go program: goroutines, HTTP over loopback, a timer, a file in /tmp'
  cat >hello.go <<'GO'
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "hello, %s", r.URL.Query().Get("name"))
	}))

	var wait sync.WaitGroup
	replies := make([]string, 4)
	for i := range replies {
		wait.Add(1)
		go func(i int) {
			defer wait.Done()
			reply, err := http.Get(fmt.Sprintf("http://%s/?name=goroutine+%d", listener.Addr(), i))
			if err != nil {
				log.Fatal(err)
			}
			defer reply.Body.Close()
			body, err := io.ReadAll(reply.Body)
			if err != nil {
				log.Fatal(err)
			}
			replies[i] = string(body)
		}(i)
	}
	wait.Wait()

	<-time.After(50 * time.Millisecond)
	if err := os.WriteFile("/tmp/replies", []byte(fmt.Sprintln(replies)), 0o600); err != nil {
		log.Fatal(err)
	}
	written, err := os.ReadFile("/tmp/replies")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(string(written))
}
GO
  CGO_ENABLED=0 GO111MODULE=off GOTOOLCHAIN=local GOFLAGS="" GOCACHE=$PWD/gocache GOPATH=$PWD/gopath \
    go build -o hello hello.go
  show go ./hello
fi

say "done: build/sandbox is the program; build/sandbox --help and README.md say more"
