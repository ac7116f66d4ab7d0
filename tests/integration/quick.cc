#include "quick.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace sbtest {

// The first child of a process, as a pidfd, or -1 where it ends before it has one.
static int first_child_of(pid_t parent) {
  const std::string number = std::to_string(parent);
  const std::string list = "/proc/" + number + "/task/" + number + "/children";
  siginfo_t ended = {};
  while (waitid(P_PID, static_cast<id_t>(parent), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         ended.si_pid == 0) {
    const int child = std::atoi(read_file(list).c_str());
    const int pidfd = child > 0 ? static_cast<int>(syscall(SYS_pidfd_open, child, 0)) : -1;
    // Read again: the number is still its child's, and so was that of the pidfd.
    if (pidfd >= 0 && std::atoi(read_file(list).c_str()) == child) {
      return pidfd;
    }
    close(pidfd);
  }
  return -1;
}

static void kill_later(pid_t supervisor, int delay_us, Victim victim) {
  const int init = victim == Victim::init ? first_child_of(supervisor) : -1;
  usleep(static_cast<useconds_t>(delay_us));  // The moment is what the test tries.
  if (victim == Victim::supervisor) {
    kill(supervisor, SIGKILL);
  } else if (init >= 0) {
    (void)!syscall(SYS_pidfd_send_signal, init, SIGKILL, nullptr, 0);
    close(init);
  }
}

Quick quick_run(const Words& arguments, int kill_after_us, Victim victim) {
  Words words = {binary()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) {
    argv.push_back(word.data());
  }
  argv.push_back(nullptr);
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
  pid_t pid = -1;
  const int error = posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  REQUIRE(error == 0);
  if (kill_after_us >= 0) {
    kill_later(pid, kill_after_us, victim);
  }
  // Why: first its end, then what is in the pipe: a killed one's program may hold it a little.
  Quick result;
  int status = 0;
  REQUIRE(waitpid(pid, &status, 0) == pid);
  result.exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  char block[1 << 16];
  const ssize_t n = read(ends[0], block, sizeof block);
  result.out.assign(block, n > 0 ? static_cast<std::size_t>(n) : 0);
  close(ends[0]);
  return result;
}

void expect_no_orphans() {
  const double deadline = monotonic_s() + 5 * slow();
  for (;;) {
    const pid_t pid = waitpid(-1, nullptr, WNOHANG);
    if (pid < 0 && errno == ECHILD) {
      return;
    }
    if (pid == 0) {
      REQUIRE(monotonic_s() < deadline);
      usleep(500);
    }
  }
}

}  // namespace sbtest
