#include "server/job.h"

#include <cerrno>

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "filters/builtin_filters.h"
#include "policy/request_document.h"
#include "result/json.h"
#include "result/json_emitter.h"
#include "sys/files.h"

namespace sb::server {
namespace {

Result<const sys::Fd*> passed_at(const std::vector<sys::Fd>& passed, std::size_t number,
                                 const char* key) {
  if (number >= passed.size()) {
    return Error(
        Tag::request_value,
        fmt::format("request: {}.fd: {} descriptors came with the request", key, passed.size()));
  }
  return &passed[number];
}

Result<policy::SharedProgram> read_program(sys::FdRef fd) {
  return policy::program_of(
      sys::read_file(fmt::format("/proc/self/fd/{}", fd.number()), policy::longest_payload + 1),
      "the passed descriptor");
}

// Why two ways: a file is copied, so that the program can seek in it but not reach the file; what
// else it is, is carried through a pipe as it comes, in the place of the worker's own stdin.
Result<Done> take_input(sys::FdRef fd, policy::Stdio& stdio) {
  struct ::stat status {};
  if (::fstat(fd.number(), &status) != 0) {
    return Error(Tag::io_stdin, "looking at the passed descriptor", errno);
  }
  if (S_ISREG(status.st_mode)) {
    stdio.input = policy::InputKind::file;
    stdio.input_path = fmt::format("/proc/self/fd/{}", fd.number());
    return Done{};
  }
  if (::dup2(fd.number(), STDIN_FILENO) < 0) {
    return Error(Tag::io_stdin, "taking the passed descriptor", errno);
  }
  stdio.input = policy::InputKind::caller;
  return Done{};
}

Result<Done> set_streams(const policy::RequestDocument& document,
                         const std::vector<sys::Fd>& passed, policy::Stdio& stdio) {
  using policy::OutputKind;
  stdio.input = policy::InputKind::null;
  if (document.input_fd) {
    const sys::Fd* const fd = TRY(passed_at(passed, *document.input_fd, "stdin"));
    CHECK(take_input(fd->ref(), stdio));
  } else if (document.input) {
    stdio.input = document.input->kind;
    stdio.input_path = document.input->path;
    stdio.input_bytes = document.input->bytes;
  }
  const auto kind = [](const std::string& path) {
    return path.empty() ? OutputKind::capture : OutputKind::file;
  };
  stdio.output_path = document.output.path;
  stdio.output = kind(stdio.output_path);
  stdio.error_to_output = document.error.to_stdout;
  stdio.error_path = stdio.error_to_output ? stdio.output_path : document.error.path;
  stdio.error = kind(stdio.error_path);
  return Done{};
}

std::string answer(const std::optional<std::string>& id, std::string_view key,
                   std::string_view value) {
  std::string line;
  result::JsonEmitter json(
      [&line](std::string_view bytes) -> Result<Done> {
        line += bytes;
        return Done{};
      },
      false);
  id ? json.text(*id) : json.null();
  (void)json.finish();
  if (line.ends_with('\n')) {
    line.pop_back();
  }
  if (value.ends_with('\n')) {
    value.remove_suffix(1);
  }
  return fmt::format("{{\"id\":{},\"{}\":{}}}\n", line, key, value);
}

Result<policy::Request> single_request(policy::RequestDocument& document,
                                       const std::vector<sys::Fd>& passed,
                                       policy::Request request) {
  if (document.program_fd) {
    const sys::Fd* const fd = TRY(passed_at(passed, *document.program_fd, "program"));
    document.program = TRY(read_program(fd->ref()));
  }
  policy::take_program(document, request);
  if (request.command.empty()) {
    return Error(Tag::request_value,
                 "request: no program given: command, program or steps are missing");
  }
  request.keys = std::move(document.keys);
  return request;
}

}  // namespace

Result<std::vector<policy::StepRequest>> requests_of(std::string_view text,
                                                     const std::vector<sys::Fd>& passed,
                                                     const Settings& settings) {
  policy::RequestDocument document = TRY(policy::read_request(text, "request"));
  policy::Request common = settings.base;
  common.profile = document.profile.value_or(common.profile);
  std::vector<policy::StepRequest> requests;
  if (document.steps.empty()) {
    CHECK(set_streams(document, passed, common.stdio));
    requests.push_back({"", false, TRY(single_request(document, passed, std::move(common)))});
  } else {
    requests = requests_of_steps(document, common);
    for (std::size_t i = 0; i < requests.size(); ++i) {
      CHECK(set_streams(document.steps[i], passed, requests[i].request.stdio));
    }
  }
  for (policy::StepRequest& step : requests) {
    step.request.prepared = filters::builtin_profile(step.request.profile);
  }
  return requests;
}

std::string error_line(const std::optional<std::string>& id, const Error& error) {
  std::string text;
  (void)result::write_error_json(error, [&text](std::string_view bytes) -> Result<Done> {
    text += bytes;
    return Done{};
  });
  return answer(id, "error", text);
}

std::string result_line(const std::optional<std::string>& id, const result::Outcome& outcome) {
  std::string text;
  const result::Sink sink = [&text](std::string_view bytes) -> Result<Done> {
    text += bytes;
    return Done{};
  };
  (void)result::write_json(outcome, sink, false);
  return answer(id, "result", text);
}

std::string event_line(const std::optional<std::string>& id, std::string_view event) {
  return answer(id, "event", event);
}

}  // namespace sb::server
