// The main job: a real Go program under the go profile.
#include <doctest/doctest.h>
#include <sys/wait.h>

#include <cstdlib>

#include "harness.h"

using namespace sbtest;

namespace {

constexpr const char* source = R"go(package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"
)

func main() {
	var group sync.WaitGroup
	sums := make(chan int, 100)
	for i := 0; i < 100; i++ {
		group.Add(1)
		go func(n int) {
			defer group.Done()
			sums <- n
		}(i)
	}
	group.Wait()
	close(sums)
	total := 0
	for n := range sums {
		total += n
	}
	fmt.Println("goroutines:", total)

	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "served ", r.URL.Path)
	}))
	defer server.Close()
	answer, err := http.Get(server.URL + "/hello")
	if err != nil {
		fmt.Println("http:", err)
		os.Exit(1)
	}
	body, _ := io.ReadAll(answer.Body)
	fmt.Println("http:", string(body))

	name := filepath.Join(os.TempDir(), "file")
	if err := os.WriteFile(name, []byte("kept in memory"), 0o644); err != nil {
		fmt.Println("file:", err)
		os.Exit(1)
	}
	content, _ := os.ReadFile(name)
	fmt.Println("file:", string(content))

	before := time.Now()
	<-time.After(50 * time.Millisecond)
	fmt.Println("timer:", time.Since(before) >= 50*time.Millisecond, runtime.NumCPU() > 0)
	for i, argument := range os.Args[1:] {
		fmt.Println("argument:", i, argument)
	}
}
)go";

constexpr const char* expected =
    "goroutines: 4950\nhttp: served /hello\nfile: kept in memory\ntimer: true true\n";

void build(const TempDirectory& directory, const std::string& settings) {
  directory.write("hello.go", source);
  const std::string command = "cd " + directory.path() + " && env HOME=" + directory.path() +
                              " GOCACHE=" + directory.path() + "/cache GOPATH=" + directory.path() +
                              "/path GOFLAGS=-mod=mod GO111MODULE=off " + settings +
                              " go build -o hello hello.go";
  // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread.
  const int status = std::system(command.c_str());
  REQUIRE(status == 0);
}

void expect_hello(const std::string& folder) {
  Options options;
  options.directory = folder;
  const Words commands[] = {{"run", "--profile", "go", "hello"},
                            {"run", "--profile", "go", "--", "./hello"}};
  for (const Words& command : commands) {
    const Run run = run_sandbox(command, options);
    expect_ok(run);
    CHECK(run.stdout_bytes() == expected);
    CHECK(run.document.at("sandbox.profile").text() == "go");
    CHECK(run.document.at("time.wall_ns").number() >= 50e6);
    CHECK(run.document.at("time.wall_ns").number() < 5e9 * slow());
    CHECK(run.document.at("memory.max_rss_bytes").number() > 1 << 20);
    CHECK(run.document.at("processes.peak").integer() >= 3);
  }
  const Run words = run_sandbox({"run", "--profile", "go", "--", "./hello", "[x,y]", ""}, options);
  expect_ok(words);
  CHECK(words.stdout_bytes() == std::string(expected) + "argument: 0 [x,y]\nargument: 1 \n");
}

}  // namespace

TEST_CASE("p37 go: goroutines loopback HTTP files and a timer static") {
  require("go");
  require("root");
  const TempDirectory directory;
  build(directory, "CGO_ENABLED=0");
  expect_hello(directory.path());
}

TEST_CASE("p37 go: the same as go builds it by itself") {
  require("go");
  require("root");
  const TempDirectory directory;
  build(directory, "");
  expect_hello(directory.path());
}
