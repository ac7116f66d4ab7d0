// What the supervisor does with the files inside, before anything runs there and afterwards.
#include "files/disk.h"
#include "launch/stages.h"
#include "supervise/supervisor.h"
#include "sys/process.h"

namespace sb::supervise {

Result<Done> Supervisor::start_feeding() {
  if (feeding_ == nullptr) {
    return Done{};
  }
  // Why: a launch is given up when it hangs, not when there is much to put in.
  const auto on_progress = [this] {
    if (start_deadline_ns_ != 0) {
      start_deadline_ns_ = sys::monotonic_ns() + launch_patience_ns;
    }
  };
  return feeding_->start(*loop_, on_progress, [this](Error error) { fail(std::move(error)); });
}

Result<Done> Supervisor::look_at_empty_disk() {
  empty_disk_ = TRY(files::disk_usage(scratch_.ref()));
  return Done{};
}

// The helper knows better why it gave up than the target that started it.
Error Supervisor::put_error(Error error) const {
  if (feeding_ == nullptr || error.stage() != launch::stage_name(inside::Stage::put)) {
    return error;
  }
  return feeding_->failure().with_stage(error.stage());
}

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
  if (feeding_ != nullptr) {
    seen_.warnings.insert(seen_.warnings.end(), feeding_->warnings().begin(),
                          feeding_->warnings().end());
  }
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
