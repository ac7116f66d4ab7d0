// The loopback network: servers and clients inside work, and every other address fails at once.
#include <doctest/doctest.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <unistd.h>

#include <cstdlib>

#include "harness.h"

using namespace sbtest;

namespace {

// Those of this machine's other interfaces: a run must not reach them either.
Words own_addresses() {
  Words addresses;
  ifaddrs* all = nullptr;
  if (getifaddrs(&all) != 0) {
    return addresses;
  }
  for (const ifaddrs* one = all; one != nullptr; one = one->ifa_next) {
    char text[NI_MAXHOST] = {};
    if (one->ifa_addr != nullptr && one->ifa_addr->sa_family == AF_INET &&
        getnameinfo(one->ifa_addr, sizeof(sockaddr_in), text, sizeof text, nullptr, 0,
                    NI_NUMERICHOST) == 0 &&
        std::string(text).rfind("127.", 0) != 0) {
      addresses.push_back(text);
    }
  }
  freeifaddrs(all);
  return addresses;
}

}  // namespace

// Red: leave `if (plan.loopback)` with what it guards out of launch/inside/init.cc, as with --net
// none.
TEST_CASE("loopback: servers and clients of both families and nothing else") {
  // Why asked: a kernel may be booted without.
  const bool has_six = access("/proc/net/if_inet6", F_OK) == 0;
  Words outside = {"1.1.1.1",     "10.0.0.1",  "169.254.169.254",
                   "192.168.0.1", "224.0.0.1", "255.255.255.255"};
  if (has_six) {
    outside.insert(outside.end(), {"2001:4860:4860::8888", "fc00::1", "::ffff:1.1.1.1"});
  }
  const Words own = own_addresses();
  outside.insert(outside.end(), own.begin(), own.end());
  for (const char* profile : {"default", "go", "python"}) {
    INFO(profile);
    Words command = {probe("loopback"), has_six ? "6" : "4"};
    command.insert(command.end(), outside.begin(), outside.end());
    const Run run = run_target({"--profile", profile}, command);
    INFO(run.describe());
    expect_ok(run);
    const Words lines = lines_of(run.stdout_bytes());
    std::size_t served = 0;
    for (const std::string& line : lines) {
      INFO(line);
      if (line.find(" at ") != std::string::npos) {
        CHECK(line.substr(line.size() - 7) == ": hello");
        ++served;
      } else if (line.rfind("abstract", 0) == 0) {
        CHECK(line == "abstract connected");
      } else {
        CHECK(contains(line, " ENETUNREACH"));
      }
    }
    CHECK(served == (has_six ? 8 : 4));
    CHECK(lines.size() == served + 1 + 2 * outside.size());
    CHECK(run.elapsed_s < 10 * slow());
  }
}

TEST_CASE("loopback: names fail at once but its own") {
  if (access("/usr/bin/python3", X_OK) != 0) {
    MESSAGE("skipped: no /usr/bin/python3");
    std::exit(77);
  }
  constexpr const char* program = R"python(
import socket
for name in ("localhost", "sandbox", "example.com", "example.com."):
    try:
        found = socket.getaddrinfo(name, 80, socket.AF_INET, socket.SOCK_STREAM)
        print(name, found[0][4][0])
    except socket.gaierror as error:
        print(name, "EAI_AGAIN" if error.errno == socket.EAI_AGAIN else error)
)python";
  const Run run = run_target({"--profile", "python"}, {"/usr/bin/python3", "-c", program});
  expect_ok(run);
  CHECK(run.stdout_bytes() ==
        "localhost 127.0.0.1\nsandbox 127.0.0.1\nexample.com EAI_AGAIN\nexample.com. EAI_AGAIN\n");
}

// One process serves, three others ask at the same time; by a virtual clock each answer takes an
// hour.
// Red: leave `if (plan.loopback)` with what it guards out of launch/inside/init.cc.
TEST_CASE("loopback: HTTP between processes by both clocks") {
  if (access("/usr/bin/python3", X_OK) != 0) {
    MESSAGE("skipped: no /usr/bin/python3");
    std::exit(77);
  }
  constexpr const char* program = R"python(
import http.server, os, subprocess, sys, time

class Slow(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(float(sys.argv[1]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.path.encode())

    def log_message(self, *_):
        pass

server = http.server.ThreadingHTTPServer(("localhost", 0), Slow)
pid = os.fork()
if pid == 0:
    server.serve_forever()
ask = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1]).read().decode())"
address = f"http://localhost:{server.server_port}/"
start = time.monotonic()
askers = [subprocess.Popen([sys.executable, "-c", ask, address + name], stdout=subprocess.PIPE)
          for name in ("one", "two", "three")]
print(*(asker.communicate()[0].decode().strip() for asker in askers),
      int((time.monotonic() - start) // 3600))
os.kill(pid, 9)
)python";
  for (const char* clock : {"real", "virtual"}) {
    INFO(clock);
    const bool is_virtual = std::string(clock) == "virtual";
    const Run run = run_target({"--profile", "python", "--clock", clock},
                               {"/usr/bin/python3", "-c", program, is_virtual ? "3600" : "0"});
    expect_ok(run);
    CHECK(run.stdout_bytes() == (is_virtual ? "/one /two /three 1\n" : "/one /two /three 0\n"));
  }
}
