#include "cli/replay_command.h"

#include <cerrno>
#include <charconv>
#include <csignal>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include "base/units.h"
#include "cli/option_table.h"
#include "cli/patience.h"
#include "cli/print.h"
#include "policy/words.h"
#include "replay/asciicast.h"
#include "replay/player.h"
#include "replay/recording.h"
#include "replay/schedule.h"
#include "sys/files.h"
#include "sys/process.h"

namespace sb::cli {
namespace {

constexpr mode_t asciicast_mode = 0644;

Error bad_value(std::string_view option, const std::string& text, std::string_view form) {
  return Error(Tag::usage,
               fmt::format("{} {}: expected {}", option, policy::in_quotes(text), form));
}

// Options may also follow FILE.
Result<Done> take_file(ParsedArguments& parsed, std::string& file) {
  if (parsed.rest.empty()) {
    return Error(Tag::usage, "no recording given: sandbox replay [OPTION...] FILE");
  }
  file = parsed.rest.front();
  const std::vector<std::string> words(parsed.rest.begin() + 1, parsed.rest.end());
  ParsedArguments more = TRY(parse_arguments(find_command("replay")->options, words, true));
  if (!more.rest.empty()) {
    return Error(Tag::usage, fmt::format("replay plays one file; what is {}?",
                                         policy::in_quotes(more.rest.front())));
  }
  for (auto& [name, values] : more.options) {
    parsed.options[name] = std::move(values);
  }
  return Done{};
}

Result<replay::Pace> pace_of(const ParsedArguments& parsed) {
  // Limit: what is played faster or slower is not looked at any more.
  constexpr double slowest = 0.001;
  constexpr double fastest = 1'000'000;
  replay::Pace pace;
  if (parsed.has("--speed")) {
    const std::string text = parsed.value_of("--speed");
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pace.speed,
                                              std::chars_format::fixed);
    const bool is_number = error == std::errc() && end == text.data() + text.size();
    // Why so: a NaN compares with nothing.
    if (!is_number || !(pace.speed >= slowest && pace.speed <= fastest)) {
      return bad_value("--speed", text, "a number from 0.001 to 1000000, such as 2 or 0.5");
    }
  }
  if (parsed.has("--max-delay")) {
    const std::string text = parsed.value_of("--max-delay");
    pace.longest_delay_ns = parse_duration_ns(text);
    if (!pace.longest_delay_ns) {
      return bad_value("--max-delay", text, "a duration such as 2s or 500ms");
    }
  }
  return pace;
}

Result<replay::Recording> read_file(const std::string& file) {
  const std::string name = file == "-" ? "stdin" : file;
  sys::ReadResult read;
  if (file == "-") {
    read = sys::read_all(sys::FdRef(STDIN_FILENO), replay::longest_recording + 1);
  } else {
    const sys::OpenResult opened = sys::open_path(file, O_RDONLY | O_NOCTTY);
    read.err = opened.err;
    if (opened.err == 0) {
      read = sys::read_all(opened.fd.ref(), replay::longest_recording + 1);
    }
  }
  if (read.err != 0) {
    return Error(Tag::usage, fmt::format("reading the recording {}", policy::in_quotes(name)),
                 read.err);
  }
  if (read.data.size() > replay::longest_recording) {
    return Error(Tag::usage,
                 fmt::format("{}: more than {}", name, format_size(replay::longest_recording)));
  }
  return replay::read_recording(read.data, name);
}

// Why as a last piece: it is what a reader of the Playground's page sees at the end.
void add_ending(replay::Recording& recording) {
  if (recording.ending.empty()) {
    return;
  }
  const bool has_pieces = !recording.pieces.empty();
  const bool in_line = has_pieces && !recording.pieces.back().bytes.ends_with('\n');
  const std::uint64_t at_ns = has_pieces ? recording.pieces.back().at_ns : 0;
  const bool has_end = recording.ending.ends_with('\n');
  recording.pieces.push_back(
      {at_ns, true,
       fmt::format("{}{}{}", in_line ? "\n" : "", recording.ending, has_end ? "" : "\n")});
}

Result<Done> write_cast(const std::string& destination, const replay::Recording& recording,
                        const std::vector<std::uint64_t>& due_ns, const replay::Look& look) {
  sys::Fd file;
  sys::FdRef fd(STDOUT_FILENO);
  if (destination != "-") {
    sys::OpenResult opened = sys::open_for_writing(sys::current_directory, destination,
                                                   O_CREAT | O_TRUNC, asciicast_mode);
    if (opened.err != 0) {
      return Error(Tag::io_result, fmt::format("opening {}", policy::in_quotes(destination)),
                   opened.err);
    }
    file = std::move(opened.fd);
    fd = file.ref();
  }
  return replay::write_asciicast(recording, due_ns, look,
                                 [&](std::string_view text) -> Result<Done> {
                                   if (const int err = sys::write_all(fd, text); err != 0) {
                                     return Error(Tag::io_result, "writing the asciicast", err);
                                   }
                                   return Done{};
                                 });
}

}  // namespace

Result<int> replay_command(ParsedArguments&& parsed) {
  std::string file;
  CHECK(take_file(parsed, file));
  const replay::Pace pace = TRY(pace_of(parsed));
  const replay::Look look = {.colors = !parsed.has("--no-color"), .raw = parsed.has("--raw")};
  replay::Recording recording = TRY(read_file(file));
  add_ending(recording);
  const std::vector<std::uint64_t> due_ns = replay::schedule(recording.pieces, pace);
  if (parsed.has("--asciicast")) {
    CHECK(write_cast(parsed.value_of("--asciicast"), recording, due_ns, look));
  } else {
    // Why only now: reading is to end by a signal as it does by default.
    const sys::Fd signals = TRY(sys::take_signals());
    const int ended_by =
        TRY(replay::play(recording, due_ns, look,
                         {sys::FdRef(STDOUT_FILENO), sys::FdRef(STDERR_FILENO), signals.ref()}));
    if (ended_by != 0) {
      return 128 + ended_by;
    }
  }
  if (recording.fault) {
    return *recording.fault;
  }
  return 0;
}

}  // namespace sb::cli
