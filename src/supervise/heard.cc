#include "supervise/heard.h"

#include <algorithm>
#include <limits>

#include <fmt/core.h>

#include "sys/process.h"

namespace sb::supervise {
namespace {

using inside::ControlKind;

// Limit: of what a process can have used; beyond it sums could overflow.
constexpr std::uint64_t most_cpu_ns = 1ULL << 62;
constexpr std::uint64_t most_rss_kib = 1ULL << 50;
constexpr int highest_errno = 4095;  // Kernel: MAX_ERRNO

Error out_of_turn(const char* what) {
  return {Tag::launch_protocol, fmt::format("hearing {} of init out of turn", what)};
}

Error impossible(const char* what) {
  return {Tag::launch_protocol, fmt::format("hearing of {} that can't be", what)};
}

bool is_stage(std::uint32_t stage) { return stage < inside::stage_count; }

bool is_between(std::uint64_t when_ns, std::uint64_t first_ns, std::uint64_t last_ns) {
  return when_ns <= last_ns + clock_skew_ns && when_ns + clock_skew_ns >= first_ns;
}

bool is_end(std::uint32_t status) {
  const sys::WaitStatus end(static_cast<int>(status));
  return end.exit_code() || end.fatal_signal();
}

// Of init, while the target is there. Safety: stage and index are checked as those of a report are.
bool is_failure(const inside::ControlMsg& message) {
  return message.arg > 0 && message.arg <= highest_errno &&
         message.values[0] <= static_cast<std::uint64_t>(inside::Stage::confine_self) &&
         message.values[1] <= std::numeric_limits<std::uint16_t>::max();
}

}  // namespace

inside::StageReport report_in(const inside::ControlMsg& failed) {
  return {inside::report_magic, static_cast<std::uint16_t>(failed.values[0]),
          static_cast<std::uint16_t>(failed.values[1]), static_cast<std::int32_t>(failed.arg)};
}

inside::ControlMsg exited_in(const inside::ControlMsg& ended) {
  return {ControlKind::exited, ended.arg, {ended.values[0]}};
}

inside::ControlMsg settled_in(const inside::ControlMsg& ended) {
  constexpr std::uint32_t guarded = 1;
  const std::uint64_t* const usage = ended.values + 1;
  return {ControlKind::settled, guarded, {usage[0], usage[1], usage[2], usage[3]}};
}

void Heard::asked(ControlKind what, std::uint64_t now_ns) {
  waiting_ = what;
  asked_ns_ = now_ns;
}

Result<Done> Heard::accept_answer(const inside::ControlMsg& message, ControlKind to,
                                  std::uint64_t now_ns) {
  if (waiting_ != to) {
    return out_of_turn(to == ControlKind::freeze ? "a freeze"
                       : to == ControlKind::thaw ? "a thaw"
                                                 : "a mount");
  }
  if (!is_between(message.values[0], asked_ns_, now_ns)) {
    return impossible("a time");
  }
  waiting_ = ControlKind::go;
  return Done{};
}

Result<Done> Heard::accept_exited(const inside::ControlMsg& message, std::uint64_t now_ns) {
  if (!started_ || exited_) {
    return out_of_turn("the program's end");
  }
  if (!is_end(message.arg)) {
    return impossible("an end of the program");
  }
  if (!is_between(message.values[0], created_ns_, now_ns)) {
    return impossible("a time");
  }
  exited_ = true;
  return Done{};
}

Result<Done> Heard::accept_settled(const inside::ControlMsg& message) {
  if (!exited_ || settled_) {
    return out_of_turn("the end of all");
  }
  if (message.arg > 1 || message.values[0] > most_cpu_ns || message.values[1] > most_cpu_ns ||
      message.values[2] > most_rss_kib || message.values[3] > most_rss_kib) {
    return impossible("a usage");
  }
  settled_ = true;
  return Done{};
}

Result<Done> Heard::accept(const inside::ControlMsg& message, bool with_descriptor,
                           std::uint64_t now_ns) {
  if (with_descriptor != (message.kind == ControlKind::started)) {
    return impossible("a descriptor");
  }
  switch (message.kind) {
    case ControlKind::started:
      if (started_) {
        return out_of_turn("the start");
      }
      started_ = true;
      return Done{};
    case ControlKind::exited:
      return accept_exited(message, now_ns);
    case ControlKind::failed:
      return is_failure(message) ? Result<Done>(Done{}) : impossible("a failure");
    case ControlKind::settled:
      return accept_settled(message);
    case ControlKind::ended:
      CHECK(accept_exited(exited_in(message), now_ns));
      return accept_settled(settled_in(message));
    case ControlKind::frozen:
      return accept_answer(message, ControlKind::freeze, now_ns);
    case ControlKind::thawed:
      return accept_answer(message, ControlKind::thaw, now_ns);
    case ControlKind::attached:
      return accept_answer(message, ControlKind::attach, now_ns);
    case ControlKind::go:
    case ControlKind::signal:
    case ControlKind::kill:
    case ControlKind::bye:
    case ControlKind::freeze:
    case ControlKind::thaw:
    case ControlKind::group:
    case ControlKind::attach:
      break;
  }
  return Error(Tag::launch_protocol, "reading a message that init never sends");
}

Result<LaunchFacts> read_progress(const inside::Progress& page, inside::Stage timed_by,
                                  std::uint64_t created_ns, std::uint64_t now_ns) {
  // Why once: what is read again may have changed.
  const std::uint32_t init_stage = page.init_stage;
  const std::uint32_t target_stage = page.target_stage;
  LaunchFacts facts;
  facts.exec_errno = page.exec_errno;
  facts.exec_ns = page.entered_ns[static_cast<std::size_t>(timed_by)];
  if (!is_stage(init_stage) || !is_stage(target_stage)) {
    return impossible("a stage");
  }
  facts.init_stage = static_cast<inside::Stage>(init_stage);
  facts.target_stage = static_cast<inside::Stage>(target_stage);
  if (facts.exec_errno < 0 || facts.exec_errno > highest_errno) {
    return impossible("an error of execve");
  }
  const bool executed = facts.target_stage == inside::Stage::exec && facts.exec_errno == 0;
  // Why: the wall clock starts here; a time to come would put the limit off.
  if (executed && !is_between(facts.exec_ns, created_ns, now_ns)) {
    return impossible("a time");
  }
  facts.exec_ns = std::clamp(facts.exec_ns, std::min(created_ns, now_ns), now_ns);
  return facts;
}

bool announces_filter(const inside::StageReport& report) {
  return report.magic == inside::report_magic && report.err == 0 &&
         report.stage == static_cast<std::uint16_t>(inside::Stage::hand_listener);
}

}  // namespace sb::supervise
