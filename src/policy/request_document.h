// RequestDocument: a JSON request (sandbox.request/v1) as it was written; the keys of a profile by
// the profile's own table, and what a profile does not have by the table here.
// Must not read files, nor resolve anything against the host.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "policy/config_value.h"
#include "policy/key_error.h"
#include "policy/profile.h"
#include "policy/request.h"
#include "sys/files.h"

namespace sb::policy {

// Limit: of a program and of stdin, as bytes.
inline constexpr std::size_t longest_payload = 64 << 20;
// Limit: of the whole text. Two payloads in base64, and 1 MiB for all the rest.
inline constexpr std::size_t longest_request = 2 * (longest_payload / 3 * 4 + 4) + (1 << 20);

// Limit: of descriptors that one request may refer to.
inline constexpr std::size_t most_passed = 10;

struct RequestInput {
  InputKind kind = InputKind::bytes;
  std::string path;
  SharedBytes bytes;
};

struct RequestOutput {
  std::string path;        // empty: as if nothing were said
  bool to_stdout = false;  // of stderr
};

struct RequestDocument {
  std::optional<std::string> profile;
  std::vector<std::string> command;       // empty: none
  SharedProgram program;                  // nullptr: none
  std::optional<std::size_t> program_fd;  // in its place: which of the descriptors passed with it
  std::vector<std::string> args;          // of program
  std::optional<RequestInput> input;
  std::optional<std::size_t> input_fd;  // in its place, as program_fd
  RequestOutput output;
  RequestOutput error;
  bool events = false;
  std::string id;
  Profile keys;
  std::string name;                    // of a step
  bool cache = false;                  // of a step: what it left may be what it left before
  std::vector<RequestDocument> steps;  // in the place of a program; one of them has none
};

// Limit: of the steps of one request.
inline constexpr std::size_t most_steps = 16;

// Errors: request_syntax, request_unknown_key, request_value and, of the names of system calls,
// profile_unknown_syscall; each on one line with its position, in which `source` is named.
Result<RequestDocument> read_request(std::string_view text, const std::string& source);

// What was read of an executable, with one byte more than longest_payload where there is more.
// `from`: named in errors: request_unreadable, with EFBIG for too many bytes and ENOEXEC for none.
Result<SharedProgram> program_of(sys::ReadResult read, std::string_view from);

// The program that a request names, by whatever means but a descriptor.
void take_program(RequestDocument& document, Request& request);

// The requests of its steps: `common` with the document's keys and, on top, those of the step.
// Their streams are the caller's to set.
std::vector<StepRequest> requests_of_steps(RequestDocument& document, const Request& common);

// Where a key may stand.
enum class KeyPlace { request, step, both };

// What a request has besides the sections of a profile.
struct RequestKey {
  std::string_view name;
  std::string_view help;  // one line
  Result<Done> (*read)(RequestDocument&, const ConfigValue&, const Place&);
  KeyPlace place = KeyPlace::both;
};
std::span<const RequestKey> request_keys();

}  // namespace sb::policy
