// Heard: what init says and what the progress page shows, checked before it is believed.
// Must not act on it: the supervisor does.
//
// Why: init is our code, but it lives with the program. Whoever got hold of it could stop the
// clock, invent an end or a time, or talk without end. A word that is out of turn or out of range
// ends the run as launch.protocol and is no verdict.
#pragma once

#include <cstdint>

#include "base/error.h"
#include "launch/inside/protocol.h"

namespace sb::supervise {

// Why: CPUs of a virtual machine may differ a little in what they read as one time.
inline constexpr std::uint64_t clock_skew_ns = 10'000'000;

// What a `failed` says.
inside::StageReport report_in(const inside::ControlMsg& failed);

// What an `ended` says: the two words that it is in the place of.
inside::ControlMsg exited_in(const inside::ControlMsg& ended);
inside::ControlMsg settled_in(const inside::ControlMsg& ended);

class Heard {
 public:
  // `created_ns`: nothing inside happened before.
  explicit Heard(std::uint64_t created_ns) : created_ns_(created_ns) {}

  // The supervisor has sent freeze, thaw or attach.
  void asked(inside::ControlKind what, std::uint64_t now_ns);

  // Whether init can say this now; `with_descriptor`: one came with it. Times are of
  // CLOCK_MONOTONIC. Errors: launch.protocol.
  Result<Done> accept(const inside::ControlMsg& message, bool with_descriptor,
                      std::uint64_t now_ns);

 private:
  Result<Done> accept_answer(const inside::ControlMsg& message, inside::ControlKind to,
                             std::uint64_t now_ns);
  Result<Done> accept_exited(const inside::ControlMsg& message, std::uint64_t now_ns);
  Result<Done> accept_settled(const inside::ControlMsg& message);

  std::uint64_t created_ns_;
  bool started_ = false;
  bool exited_ = false;
  bool settled_ = false;
  inside::ControlKind waiting_ = inside::ControlKind::go;  // as asked; else for no answer
  std::uint64_t asked_ns_ = 0;
};

// How far a launch came, read off the page once.
struct LaunchFacts {
  inside::Stage init_stage = inside::Stage::none;
  inside::Stage target_stage = inside::Stage::none;
  int exec_errno = 0;
  std::uint64_t exec_ns = 0;  // the program began, never after now; only where it did
};

// `timed_by`: the stage whose time is that of the program's start. Errors: launch.protocol for what
// no stage of ours writes there.
Result<LaunchFacts> read_progress(const inside::Progress& page, inside::Stage timed_by,
                                  std::uint64_t created_ns, std::uint64_t now_ns);

// Whether a report says that the target is about to load its filter.
bool announces_filter(const inside::StageReport& report);

}  // namespace sb::supervise
