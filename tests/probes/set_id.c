// set_id: tries every call that could give a file of the working directory a set-user-ID or
// set-group-ID bit; prints for each "NAME BIT errno=E" (0: the call worked) and at the end the
// number of files that have such a bit: "set=N".
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "common.h"

static char path[64];
static int number;

static const char* fresh(int make) {
  snprintf(path, sizeof path, "f%d", number++);
  if (make) {
    close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  }
  return path;
}

static void report(const char* name, long bit, long result) {
  say("%s %lo errno=%d\n", name, bit, result < 0 ? errno : 0);
}

int main(void) {
  const long bits[] = {04000, 02000, 06000};
  for (size_t i = 0; i < sizeof bits / sizeof *bits; ++i) {
    // Kernel: of a mode only the low half counts; a rule on all 64 bits would be passed by.
    const long bit = bits[i];
    const long modes[] = {0755 | bit, (long)(0xdead00000000 | 0755 | (unsigned long)bit)};
    for (size_t k = 0; k < 2; ++k) {
      const long mode = modes[k];
      report("chmod", bit, syscall(SYS_chmod, fresh(1), mode));
      int fd = open(fresh(1), O_RDWR | O_CLOEXEC);
      report("fchmod", bit, syscall(SYS_fchmod, fd, mode));
      report("fchmodat", bit, syscall(SYS_fchmodat, AT_FDCWD, fresh(1), mode));
      report("fchmodat2", bit, syscall(452, AT_FDCWD, fresh(1), mode, 0));
      report("creat", bit, syscall(SYS_creat, fresh(0), mode));
      report("open", bit, syscall(SYS_open, fresh(0), O_RDWR | O_CREAT, mode));
      report("openat", bit, syscall(SYS_openat, AT_FDCWD, fresh(0), O_RDWR | O_CREAT, mode));
      report("tmpfile", bit, syscall(SYS_openat, AT_FDCWD, ".", O_RDWR | O_TMPFILE, mode));
      report("mknod", bit, syscall(SYS_mknod, fresh(0), S_IFREG | mode, 0));
      report("mknodat", bit, syscall(SYS_mknodat, AT_FDCWD, fresh(0), S_IFREG | mode, 0));
    }
    struct {
      uint64_t flags, mode, resolve;
    } how = {O_RDWR | O_CREAT, (uint64_t)(0755 | bit), 0};
    report("openat2", bit, syscall(437, AT_FDCWD, fresh(0), &how, sizeof how));
  }
  int set = 0;
  DIR* directory = opendir(".");
  for (struct dirent* entry; directory != NULL && (entry = readdir(directory)) != NULL;) {
    struct stat info;
    if (lstat(entry->d_name, &info) == 0 && S_ISREG(info.st_mode) && (info.st_mode & 06000) != 0) {
      ++set;
    }
  }
  say("set=%d\n", set);
  return 0;
}
