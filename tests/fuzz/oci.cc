// OCI seccomp objects: what is accepted never grants more than the object does, read by another
// way.
#include <algorithm>
#include <cerrno>

#include "base/units.h"
#include "fuzz/filter_agreement.h"
#include "fuzz/properties.h"
#include "fuzz/targets.h"
#include "policy/json_reader.h"
#include "policy/oci_seccomp.h"
#include "policy/resolve_syscalls.h"
#include "policy/syscall_table.h"

#undef CHECK

namespace sbfuzz {
namespace {

using namespace sb::policy;
using Args = std::array<std::uint64_t, 6>;

const ConfigValue* member(const ConfigValue& table, std::string_view name) {
  const auto at = std::find_if(table.members.begin(), table.members.end(),
                               [&](const ConfigMember& m) { return m.key.value == name; });
  return at == table.members.end() ? nullptr : &at->value;
}

std::string text(const ConfigValue& table, std::string_view name) {
  const ConfigValue* value = member(table, name);
  return value != nullptr ? value->text : std::string();
}

bool grants(const ConfigValue& table, std::string_view key) {
  const std::string action = text(table, key);
  return action == "SCMP_ACT_ALLOW" || action == "SCMP_ACT_LOG";
}

// As seccomp(2)'s users write it, on all 64 bits.
bool holds(const ConfigValue& test, const Args& args) {
  const std::uint64_t argument = args.at(*sb::parse_unsigned(text(test, "index")));
  const std::uint64_t value = *sb::parse_unsigned(text(test, "value"));
  const std::string two = text(test, "valueTwo");
  const std::string op = text(test, "op");
  return op == "SCMP_CMP_EQ"   ? argument == value
         : op == "SCMP_CMP_NE" ? argument != value
         : op == "SCMP_CMP_LT" ? argument < value
         : op == "SCMP_CMP_LE" ? argument <= value
         : op == "SCMP_CMP_GT" ? argument > value
         : op == "SCMP_CMP_GE" ? argument >= value
                               : (argument & value) == (two.empty() ? 0 : *sb::parse_unsigned(two));
}

// As runc: several tests of one argument are joined by "or", else by "and".
bool matches(const ConfigValue& entry, const Args& args) {
  const ConfigValue* tests = member(entry, "args");
  if (tests == nullptr || tests->items.empty()) {
    return true;
  }
  std::vector<std::string> indexes;
  for (const ConfigValue& test : tests->items) {
    indexes.push_back(text(test, "index"));
  }
  std::sort(indexes.begin(), indexes.end());
  const auto test_holds = [&](const ConfigValue& test) { return holds(test, args); };
  return std::adjacent_find(indexes.begin(), indexes.end()) != indexes.end()
             ? std::any_of(tests->items.begin(), tests->items.end(), test_holds)
             : std::all_of(tests->items.begin(), tests->items.end(), test_holds);
}

bool names(const ConfigValue& entry, std::string_view call) {
  const ConfigValue* list = member(entry, "names");
  return text(entry, "name") == call ||
         (list != nullptr &&
          std::any_of(list->items.begin(), list->items.end(),
                      [&](const ConfigValue& name) { return name.text == call; }));
}

// Whether some entry of the object, or its default, lets the call run. Entries for others than us
// count as well: that some grants are left out is no fault.
bool object_grants(const ConfigValue& document, std::string_view call, const Args& args) {
  const ConfigValue* entries = member(document, "syscalls");
  if (entries != nullptr) {
    for (const ConfigValue& entry : entries->items) {
      if (names(entry, call) && grants(entry, "action") && matches(entry, args)) {
        return true;
      }
    }
  }
  return grants(document, "defaultAction");
}

// Values that the object's tests are about, with and without noise in the high half.
std::vector<std::uint64_t> interesting(const ConfigValue& value) {
  std::vector<std::uint64_t> found;
  if (value.is_text()) {
    if (const auto number = sb::parse_unsigned(value.text)) {
      for (const std::uint64_t high : {0UL, 1UL << 32, 1UL << 63}) {
        found.insert(found.end(), {*number ^ high, (*number + 1) ^ high, (*number - 1) ^ high});
      }
    }
  }
  for (const ConfigValue& item : value.items) {
    const auto more = interesting(item);
    found.insert(found.end(), more.begin(), more.end());
  }
  for (const ConfigMember& inner : value.members) {
    const auto more = interesting(inner.value);
    found.insert(found.end(), more.begin(), more.end());
  }
  constexpr std::size_t most = 64;
  found.resize(std::min(found.size(), most));
  return found;
}

void expect_no_more(const ConfigValue& document, const SyscallPolicy& policy) {
  std::vector<std::uint64_t> values = interesting(document);
  values.insert(values.end(), {0, 1, 0xffffffff, 1UL << 32, ~0UL});
  int last = -1;
  for (const SyscallRule& rule : policy.rules) {
    if (rule.number == last) {
      continue;
    }
    last = rule.number;
    for (const std::uint64_t value : values) {
      for (unsigned index = 0; index < 6; ++index) {
        Args args{};
        args.at(index) = value;
        const SyscallRule* decides = find_rule(policy, rule.number, args);
        const SyscallAction action = decides ? decides->action : policy.default_action;
        HOLDS_FOR(!lets_run(action) || object_grants(document, rule.name, args), rule.name);
      }
    }
  }
}

}  // namespace

void fuzz_oci(std::string_view bytes) {
  const sb::Result<OciPolicy> object = read_oci_seccomp(bytes, "o.json");
  if (!object) {
    expect_clear(object.error());
    HOLDS(object.error().message().starts_with("o.json:"));
    return;
  }
  const sb::Result<ConfigValue> document = read_json(bytes, {.source = "o.json"});
  HOLDS(document.has_value());
  Profile profile;
  profile.syscalls.default_action = {object->default_action, {}};
  profile.syscalls.layers.push_back(object->layer);
  const sb::Result<SyscallPolicy> policy = resolve_syscalls(profile);
  if (!policy) {
    expect_clear(policy.error());
    return;
  }
  expect_no_more(*document, *policy);
  const auto program = sb::seccomp::compile(*policy, sb::seccomp::KillMode::notify);
  if (program) {
    const Agreement agreement =
        compare(*policy, program->instructions, sb::seccomp::KillMode::notify, 0,
                {.bases = 4, .values = 96, .foreign_step = 29});
    HOLDS_FOR(agreement.first_mismatch.empty(), agreement.first_mismatch);
  }
}

}  // namespace sbfuzz
