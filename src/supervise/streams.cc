// The supervisor's part in the target's stdin, stdout and stderr.
#include <functional>

#include <fmt/core.h>
#include <unistd.h>

#include "supervise/supervisor.h"
#include "sys/process.h"

namespace sb::supervise {
namespace {

constexpr std::uint64_t sink_patience_ns = 500'000'000;

}  // namespace

Result<Done> Supervisor::open_streams(Stdio& stdio) {
  out_ = make_capture(std::move(stdio.output), stdio.output_sink, out_, "stdout");
  CHECK(out_->start());
  if (stdio.error.valid()) {
    err_ = make_capture(std::move(stdio.error), stdio.error_sink, err_, "stderr");
    CHECK(err_->start());
  }
  hold_streams();
  if (stdio.input.valid()) {
    input_ = std::make_unique<InputPump>(
        *loop_, sys::FdRef(STDIN_FILENO), std::move(stdio.input),
        [this](int err) { fail(Error(Tag::io_stdin, "passing stdin on to the target", err)); });
  }
  return Done{};
}

// `place`: where the capture will be found by its callbacks.
std::unique_ptr<Capture> Supervisor::make_capture(sys::Fd source, sys::FdRef sink,
                                                  const std::unique_ptr<Capture>& place,
                                                  const char* name) {
  const bool kept = !sink.valid();
  Capture::Hooks hooks{
      .on_limit = [this, &place, name] { on_output_limit(place->bytes(), name); },
      .on_error =
          [this, kept, name](int err) {
            const char* const doing = kept ? "keeping" : "writing";
            fail(Error(Tag::io_output, fmt::format("{} the target's {}", doing, name), err));
          }};
  add_events(hooks, name);
  return std::make_unique<Capture>(*loop_, std::move(source), sink, spec_.limits.output_bytes,
                                   std::move(hooks));
}

void Supervisor::on_output_limit(std::uint64_t written, const char* name) {
  if (spec_.limits.on_output_limit == policy::OnOutputLimit::stop) {
    stop({.kind = StopKind::output,
          .limit = *spec_.limits.output_bytes,
          .observed = written,
          .mechanism = "pipe",
          .detail = name});
  }
}

bool Supervisor::finished() const {
  // Why: once all inside are dead the pipes hold a bounded rest, so reading to their ends is safe.
  return ((settled_ && !init_must_have_lived_) || init_ended_) && drained();
}

bool Supervisor::drained() const {
  return out_->finished() && (err_ == nullptr || err_->finished()) &&
         (events_ == nullptr || events_->is_drained());
}

// Why: a reader that stopped reading must not carry a run past its limit or its cancellation
// (pitfall 38). Where the program ended by itself, its reader may take its time.
void Supervisor::hurry_readers() {
  if (sink_deadline_ns_ == 0) {
    sink_deadline_ns_ = sys::monotonic_ns() + sink_patience_ns;
  }
}

void Supervisor::abandon_streams() {
  if (late_signal_ != 0 && !drained()) {
    // Why: what the program wrote is lost by the caller's wish, whatever it returned.
    (void)seen_.record_stop({.kind = StopKind::cancelled,
                             .mechanism = "signal",
                             .detail = result::signal_name(late_signal_)});
  }
  if (events_ != nullptr) {
    events_->abandon();
    hold_streams();
  }
  for (const auto& stream : {std::cref(out_), std::cref(err_)}) {
    // Why: what is kept here waits for no reader, and is at its end as soon as it is read.
    if (stream.get() != nullptr && !stream.get()->is_kept()) {
      stream.get()->abandon();
    }
  }
}

void Supervisor::collect_streams() {
  input_.reset();
  if (out_ != nullptr) {
    seen_.out = out_->take_facts();
  }
  if (err_ != nullptr) {
    seen_.err = err_->take_facts();
  } else {
    seen_.err.captured = !spec_.stdio.error_to_output;
  }
  if (events_ != nullptr && events_->err() != 0) {
    seen_.warnings.push_back(fmt::format(
        "events end early: {}", Error(Tag::io_result, "writing", events_->err()).message()));
  }
  if (events_ != nullptr && events_->dropped() != 0) {
    seen_.warnings.push_back(
        fmt::format("events: {} dropped for a slow reader", events_->dropped()));
  }
}

}  // namespace sb::supervise
