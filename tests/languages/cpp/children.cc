// A shell through popen, another through system, and a child of fork that answers through a pipe.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

int main() {
  FILE* shell = popen("echo from a shell", "r");
  char line[100] = "";
  if (shell == nullptr || std::fgets(line, sizeof line, shell) == nullptr || pclose(shell) != 0) {
    return 1;
  }
  std::printf("%s", line);
  std::fflush(stdout);
  std::printf("status %d\n", WEXITSTATUS(std::system("exit 7")));

  int ends[2];
  if (pipe(ends) != 0) {
    return 1;
  }
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    const std::string text = "from a child";
    _exit(write(ends[1], text.data(), text.size()) == 12 ? 3 : 1);
  }
  close(ends[1]);
  char text[100] = "";
  const ssize_t size = read(ends[0], text, sizeof text - 1);
  int status = 0;
  waitpid(child, &status, 0);
  std::printf("%s, %d bytes, status %d\n", text, static_cast<int>(size), WEXITSTATUS(status));
}
