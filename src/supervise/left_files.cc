// What the supervisor does with the files inside, before anything runs there and afterwards.
#include "files/disk.h"
#include "files/work_archive.h"
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

void Supervisor::keep_work() {
  if (!spec_.files.keep_work || !seen_.executed || seen_.failure || !seen_.main_status ||
      seen_.main_status->exit_code() != 0) {
    return;
  }
  // Limit: as much as there is room for, and as much again for names and holes.
  constexpr std::uint64_t unlimited = 1ULL << 30;
  work_.emplace(files::archive_of_work(
      root_.ref(), "workspace",
      collector_ != nullptr ? collector_->reader() : std::optional<policy::Owner>(),
      2 * spec_.limits.disk_bytes.value_or(unlimited)));
}

Result<sys::Fd> Supervisor::take_work() {
  if (!work_) {
    return Error(Tag::files_put, "keeping the work directory of a step that did not run");
  }
  return std::move(*work_);
}

// Why between the end of everything inside and that of init: before, the program could still change
// what is read; after, its mounts are gone.
void Supervisor::look_at_files() {
  // Why not without a program: whether init comes so far then is a matter of time.
  if (seen_.executed) {
    const Result<result::DiskUsage> disk = files::disk_usage(scratch_.ref());
    if (disk) {
      seen_.disk = files::difference(*disk, empty_disk_);
    } else {
      seen_.record_failure(disk.error());
    }
  }
  scratch_.reset();
  uptime_.reset();
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
  keep_work();
  init_must_have_lived_ = (collector_ != nullptr && !seen_.files.empty()) || work_;
  // Why now: who holds the last of it takes the file system down, which init is to do.
  root_.reset();
}

// Why: with init its mounts go, and what is read then is an empty directory, not what was there.
// Kernel: they go before anybody can see that it has ended, so that only its status tells: init
// ends by itself once it is told to, after the files were read.
void Supervisor::check_that_init_lived() {
  const std::optional<sys::WaitStatus> end = running_.init().end();
  if (init_must_have_lived_ && (!end || end->exit_code() != 0)) {
    seen_.record_failure(
        Error(Tag::launch_died, "reading the files of a sandbox, whose init was killed"));
  }
}

}  // namespace sb::supervise
