// Requests: our reader of JSON against another, and what a request may hold.
#include <algorithm>

#include "fuzz/json_check.h"
#include "fuzz/properties.h"
#include "fuzz/shown_limits.h"
#include "fuzz/targets.h"
#include "policy/json_reader.h"
#include "policy/request_document.h"

#undef CHECK

namespace sbfuzz {
namespace {

using namespace sb::policy;

constexpr const char* source = "r.json";

// Whether our reader refused what is JSON for a reason of its own.
bool is_own_refusal(const std::string& message) {
  for (const char* why : {"is there twice", "nested more than", "more than", "out of range"}) {
    if (message.find(why) != std::string::npos) {
      return true;
    }
  }
  return false;
}

void compare_readers(std::string_view text) {
  const sb::Result<ConfigValue> value =
      read_json(text, {.source = source, .line = 1, .column = 1, .of_request = true});
  if (value) {
    HOLDS(is_same_document(*value, text));
    return;
  }
  expect_place(value.error(), source, text);
  HOLDS(value.error().tag() == sb::Tag::request_syntax);
  HOLDS_FOR(!is_json(text) || is_own_refusal(value.error().message()), value.error().message());
}

bool is_free_of_nul(const std::vector<std::string>& words) {
  return std::all_of(words.begin(), words.end(),
                     [](const std::string& word) { return word.find('\0') == std::string::npos; });
}

void expect_bounded(const RequestDocument& request) {
  HOLDS(request.command.empty() || !request.command.front().empty());
  HOLDS(is_free_of_nul(request.command) && is_free_of_nul(request.args));
  HOLDS(request.command.empty() || request.program == nullptr);
  HOLDS(request.args.empty() || request.program != nullptr);
  HOLDS(request.program == nullptr || !request.program->view().empty());
  HOLDS(request.program == nullptr || request.program->view().size() <= longest_payload);
  HOLDS(request.id.size() <= 256);
  HOLDS(!request.profile || !request.profile->empty());
  HOLDS(request.output.path.find('\0') == std::string::npos);
  HOLDS(request.error.path.find('\0') == std::string::npos);
  if (request.input) {
    HOLDS((request.input->bytes != nullptr) == (request.input->kind == InputKind::bytes));
    HOLDS(request.input->path.empty() == (request.input->kind != InputKind::file));
  }
  expect_limits_shown(request.keys);
}

}  // namespace

void fuzz_request(std::string_view text) {
  compare_readers(text);
  const sb::Result<RequestDocument> request = read_request(text, source);
  if (request) {
    HOLDS(is_json(text));
    expect_bounded(*request);
    return;
  }
  const sb::Error& error = request.error();
  expect_clear(error);
  // A file that the request imports has places of its own.
  if (text.find("import") == std::string_view::npos) {
    expect_place(error, source, text);
    HOLDS(sb::info(error.tag()).name.starts_with("request.") ||
          error.tag() == sb::Tag::profile_unknown_syscall);
  }
}

}  // namespace sbfuzz
