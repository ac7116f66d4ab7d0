// Prints "PID COMM" for each process that /proc shows.
#include <ctype.h>
#include <dirent.h>

#include "common.h"

int main(void) {
  DIR* directory = opendir("/proc");
  for (struct dirent* entry = directory != NULL ? readdir(directory) : NULL; entry != NULL;
       entry = readdir(directory)) {
    if (!isdigit((unsigned char)entry->d_name[0])) {
      continue;
    }
    char path[300];
    char comm[64] = "?\n";
    snprintf(path, sizeof path, "/proc/%s/comm", entry->d_name);
    FILE* file = fopen(path, "re");
    if (file != NULL) {
      if (fgets(comm, sizeof comm, file) == NULL) {
        strcpy(comm, "?\n");
      }
      fclose(file);
    }
    say("%s %s", entry->d_name, comm);
  }
  return 0;
}
