// Lines of a client of `sandbox serve`: where the server cuts them, and what it makes of them.
#include "fuzz/json_check.h"
#include "fuzz/properties.h"
#include "fuzz/targets.h"
#include "server/message.h"
#include "server/raw_object.h"

#undef CHECK

namespace sbfuzz {
namespace {

using namespace sb::server;

constexpr std::size_t most_descriptors = 10;

bool lies_within(std::string_view part, std::string_view whole) {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

// What a reader of JSON takes for an object is cut where it would cut.
void compare_members(std::string_view line) {
  const auto members = raw_members(line);
  if (members) {
    for (const RawMember& member : *members) {
      HOLDS(lies_within(member.key, line) && lies_within(member.value, line));
      HOLDS(!member.value.empty());
    }
  }
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (is_json(line) && !line.starts_with(byte_order_mark)) {
    HOLDS(members.has_value() == is_object(line));
    HOLDS(!members || are_its_members(*members, line));
  }
}

void compare_message(std::string_view line) {
  const sb::Result<Message> message = read_message(line);
  const std::optional<std::string> id = id_of(line);
  if (!message) {
    expect_clear(message.error());
    return;
  }
  HOLDS(message->op != Op::run || message->id == id);
  HOLDS(!message->id || message->id->find('\0') == std::string::npos);
  HOLDS(message->descriptors <= most_descriptors);
  HOLDS((message->op == Op::signal) == (message->signal != 0));
  HOLDS(message->id || (message->op != Op::cancel && message->op != Op::signal));
}

}  // namespace

void fuzz_serve(std::string_view line) {
  compare_members(line);
  compare_message(line);
}

}  // namespace sbfuzz
