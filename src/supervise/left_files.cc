// What the supervisor does with the files inside, once nothing runs there any more.
#include "files/disk.h"
#include "supervise/supervisor.h"

namespace sb::supervise {

// Why between the end of everything inside and that of init: before, the program could still change
// what is read; after, its mounts are gone.
void Supervisor::look_at_files() {
  const Result<result::DiskUsage> disk = files::disk_usage(scratch_.ref());
  if (disk) {
    seen_.disk = files::difference(*disk, empty_disk_);
  } else {
    seen_.record_failure(disk.error());
  }
  scratch_.reset();
  if (collector_ != nullptr && seen_.executed && !seen_.failure) {
    files::Collector::Collected collected = collector_->collect(root_.ref());
    seen_.files = std::move(collected.files);
    seen_.warnings.insert(seen_.warnings.end(), collected.warnings.begin(),
                          collected.warnings.end());
  }
  // Why now: who holds the last of it takes the file system down, which init is to do.
  root_.reset();
}

}  // namespace sb::supervise
