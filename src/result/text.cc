#include "result/text.h"

#include <csignal>

#include <fmt/core.h>

#include "base/units.h"
#include "result/utf8.h"

namespace sb::result {
namespace {

// Limit: the most of each stream that is shown to a person.
constexpr std::size_t shown_bytes = 4096;
constexpr std::uint64_t kib = 1024;
constexpr int signal_base = 128;

std::string headline(const Outcome& outcome) {
  std::string text(name_of(outcome.status));
  if (outcome.status == Status::exited && outcome.exit_code) {
    text += fmt::format(" with code {}", *outcome.exit_code);
  }
  if (outcome.status == Status::signaled && outcome.signal) {
    text += fmt::format(" by {}", signal_name(*outcome.signal));
  }
  if (outcome.status == Status::exited || outcome.status == Status::signaled) {
    return text;  // The reason says the same.
  }
  const std::string why = outcome.error ? outcome.error->to_line() : outcome.reason;
  return why.empty() ? text : fmt::format("{}: {}", text, visible(why));
}

std::string of_limit(const std::optional<std::uint64_t>& limit, std::string_view text) {
  return limit ? fmt::format(" of {}", text) : "";
}

std::string usage_lines(const Outcome& outcome) {
  const TimeUsage& time = outcome.time;
  std::string text = fmt::format("time       {} by the clock", format_seconds(time.wall_ns));
  if (time.cpu_ns) {
    text += fmt::format(", {} of CPU", format_seconds(*time.cpu_ns));
  }
  text += '\n';
  const MemoryUsage& memory = outcome.memory;
  if (memory.peak_bytes) {
    text += fmt::format("memory     {:.1f} MiB at most{}\n",
                        static_cast<double>(*memory.peak_bytes) / (kib * kib),
                        of_limit(memory.limit_bytes, format_size(memory.limit_bytes.value_or(0))));
  }
  const ProcessUsage& processes = outcome.processes;
  if (processes.peak) {
    text += fmt::format("processes  {} at most{}\n", *processes.peak,
                        of_limit(processes.limit, fmt::format("{}", processes.limit.value_or(0))));
  }
  return text;
}

std::string stream_lines(std::string_view name, const Stream& stream) {
  if (stream.bytes == 0) {
    return "";
  }
  std::string text =
      fmt::format("{:<10} {} bytes{}\n", name, stream.bytes, stream.truncated ? ", truncated" : "");
  std::string_view data = stream.data.view().substr(0, shown_bytes);
  while (!data.empty()) {
    const std::size_t end = data.find('\n');
    text += fmt::format("  {}\n", visible(data.substr(0, end)));
    data.remove_prefix(end == std::string_view::npos ? data.size() : end + 1);
  }
  if (stream.data.size() > shown_bytes) {
    text += fmt::format("  ... {} more bytes\n", stream.data.size() - shown_bytes);
  }
  return text;
}

std::string violation_lines(const Outcome& outcome) {
  std::string text;
  for (const Violation& violation : outcome.violations) {
    text +=
        visible(fmt::format("violation  {} {}{}", violation.syscall.value_or("(unknown call)"),
                            violation.action, violation.why.empty() ? "" : ": " + violation.why)) +
        "\n";
  }
  if (outcome.violations_total > outcome.violations.size()) {
    text += fmt::format("violation  {} in all\n", outcome.violations_total);
  }
  return text;
}

std::string isolate_seconds(std::uint64_t ns) {
  return fmt::format("{}.{:03}", ns / 1'000'000'000, ns / 1'000'000 % 1'000);
}

// Two letters, as isolate's status key has them; empty for success.
std::string_view isolate_status(Status status) {
  switch (status) {
    case Status::ok:
      return "";
    case Status::exited:
      return "RE";
    case Status::wall_time_limit:
    case Status::cpu_time_limit:
    case Status::deadlock:
    case Status::virtual_time_limit:
      return "TO";
    case Status::signaled:
    case Status::memory_limit:
    case Status::output_limit:
    case Status::file_size_limit:
    case Status::syscall_violation:
    case Status::cancelled:
      return "SG";
    case Status::error:
      return "XX";
  }
  return "XX";
}

std::string isolate_message(const Outcome& outcome) {
  if (outcome.error) {
    return outcome.error->to_line();
  }
  if (outcome.reason.empty() && outcome.status == Status::exited) {
    return fmt::format("Exited with error status {}", outcome.exit_code.value_or(0));
  }
  return outcome.reason;
}

// How the program ended. Where the sandbox stopped it, `exitsig` is the signal that the exit status
// of `sandbox run` stands for, since isolate knows no other word for it.
std::string isolate_ending(const Outcome& outcome) {
  const std::string_view status = isolate_status(outcome.status);
  std::string text;
  if (outcome.status == Status::ok || status == "RE") {
    text += fmt::format("exitcode:{}\n", outcome.exit_code.value_or(0));
  } else if (status == "SG") {
    const int number = outcome.status == Status::signaled && outcome.signal
                           ? *outcome.signal
                           : exit_status(outcome) - signal_base;
    text += fmt::format("exitsig:{}\n", number);
  }
  const bool by_kernel =
      outcome.status == Status::signaled || outcome.status == Status::file_size_limit;
  if (status == "TO" || (status == "SG" && !by_kernel)) {
    text += "killed:1\n";
  }
  if (outcome.memory.oom_kills.value_or(0) > 0 || outcome.status == Status::memory_limit) {
    text += "cg-oom-killed:1\n";
  }
  if (!status.empty()) {
    text += fmt::format("status:{}\n", status);
    const std::string message = isolate_message(outcome);
    text += message.empty() ? "" : fmt::format("message:{}\n", visible(message));
  }
  return text;
}

}  // namespace

Result<Done> write_text(const Outcome& outcome, const Sink& sink) {
  std::string text = fmt::format("status     {}\n", headline(outcome));
  if (!outcome.step.empty()) {
    text += fmt::format("step       {}\n", visible(outcome.step));
  }
  text += usage_lines(outcome);
  text += violation_lines(outcome);
  for (const std::string& warning : outcome.warnings) {
    text += fmt::format("warning    {}\n", visible(warning));
  }
  if (outcome.error && !outcome.error->hint().empty()) {
    text += fmt::format("hint       {}\n", visible(outcome.error->hint()));
  }
  text += stream_lines("stdout", outcome.out);
  text += stream_lines("stderr", outcome.err);
  return sink(text);
}

Result<Done> write_isolate(const Outcome& outcome, const Sink& sink) {
  std::string text = isolate_ending(outcome);
  if (outcome.status != Status::error) {
    if (outcome.time.cpu_ns) {
      text += fmt::format("time:{}\n", isolate_seconds(*outcome.time.cpu_ns));
    }
    text += fmt::format("time-wall:{}\n", isolate_seconds(outcome.time.wall_ns));
    if (outcome.memory.max_rss_bytes) {
      text += fmt::format("max-rss:{}\n", *outcome.memory.max_rss_bytes / kib);
    }
    if (outcome.memory.peak_bytes) {
      text += fmt::format("cg-mem:{}\n", *outcome.memory.peak_bytes / kib);
    }
  }
  return sink(text);
}

}  // namespace sb::result
