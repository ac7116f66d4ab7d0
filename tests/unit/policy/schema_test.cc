// packaging/profile.schema.json and request.schema.json against the tables of the code.
#include <fstream>
#include <map>
#include <sstream>

#include "policy/json_reader.h"
#include "policy/profile_keys.h"
#include "policy/request_document.h"

#undef CHECK  // ours; doctest has its own
#include <doctest/doctest.h>

using namespace sb;
using namespace sb::policy;

namespace {

std::string read_source(const std::string& path) {
  std::ifstream file(std::string(SANDBOX_SOURCE_DIR) + "/" + path);
  REQUIRE_MESSAGE(file.good(), path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

ConfigValue read_schema(const std::string& name) {
  const auto schema = read_json(read_source("packaging/" + name), {.source = name});
  REQUIRE_MESSAGE(schema, (schema ? "" : schema.error().to_line()));
  return *schema;
}

// The member at "a/b/c"; a value without members where there is none.
const ConfigValue& at(const ConfigValue& value, const std::string& path) {
  static const ConfigValue nothing;
  const std::string name = path.substr(0, path.find('/'));
  for (const ConfigMember& member : value.members) {
    if (member.key.value == name) {
      return name.size() == path.size() ? member.value
                                        : at(member.value, path.substr(name.size() + 1));
    }
  }
  return nothing;
}

using Lines = std::map<std::string, std::string>;

// The names of an object's properties with their descriptions.
Lines lines_of(const ConfigValue& schema) {
  Lines lines;
  for (const ConfigMember& member : at(schema, "properties").members) {
    lines[member.key.value] = at(member.value, "description").text;
  }
  CHECK(at(schema, "additionalProperties").text == "false");
  return lines;
}

template <class Rows>
Lines lines_of_rows(const Rows& rows) {
  Lines lines;
  for (const auto& row : rows) {
    lines[std::string(row.name)] = row.help;
  }
  return lines;
}

// Keys of all sections by their full names; sections have no description of their own.
Lines keys_of_sections(const ConfigValue& schema) {
  Lines lines;
  for (const auto& [name, description] : lines_of(schema)) {
    if (!is_section(name)) {
      continue;
    }
    for (const auto& [key, help] : lines_of(at(schema, "properties/" + name))) {
      lines[name + "." + key] = help;
    }
  }
  return lines;
}

// The object that a key's value may be: itself, or one of anyOf, of the key or of its items.
const ConfigValue& object_of(const ConfigValue& key) {
  const ConfigValue& value = at(key, "items").members.empty() ? key : at(key, "items");
  for (const ConfigValue& choice : at(value, "anyOf").items) {
    if (at(choice, "type").text == "object") {
      return choice;
    }
  }
  return value;
}

std::vector<std::string> examples(const std::string& name) {
  std::istringstream text(read_source("tests/schema/" + name));
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) {
    lines.push_back(line);
  }
  REQUIRE(lines.size() > 5);
  return lines;
}

}  // namespace

// Red: rename a key in the table or in the schema, or change one word of its line.
TEST_CASE("schema: the profile has the keys of the table and their lines") {
  const ConfigValue schema = read_schema("profile.schema.json");
  Lines wanted;
  Lines found = keys_of_sections(schema);
  for (const Key& key : all_keys()) {
    wanted[std::string(key.name)] = key.help;
  }
  for (const auto& [name, help] : lines_of(schema)) {
    if (!is_section(name)) {
      found[name] = help;
    }
  }
  CHECK(found == wanted);
}

TEST_CASE("schema: the request has its own keys and those of the sections") {
  const ConfigValue schema = read_schema("request.schema.json");
  Lines own;
  for (const auto& [name, help] : lines_of(schema)) {
    if (!is_section(name)) {
      own[name] = help;
    }
  }
  const ConfigValue step = at(schema, "$defs/step");
  for (const char* name : {"name", "cache"}) {
    own[name] = at(step, std::string("properties/") + name + "/description").text;
  }
  CHECK(own == lines_of_rows(request_keys()));
  // A step has what its keys say, and every section.
  Lines of_step;
  for (const RequestKey& key : request_keys()) {
    if (key.place != KeyPlace::request) {
      of_step[std::string(key.name)] = "";
    }
  }
  for (const auto& [name, help] : lines_of(schema)) {
    if (is_section(name)) {
      of_step[name] = "";
    }
  }
  for (const ConfigMember& member : at(step, "properties").members) {
    CHECK(of_step.erase(member.key.value) == 1);
  }
  CHECK(of_step.empty());
  const ConfigValue profile = read_schema("profile.schema.json");
  CHECK(keys_of_sections(schema) == keys_of_sections(profile));
}

// Red: leave a member out of the list that a setter takes, or of the table.
TEST_CASE("schema: members of tables are those of the tables and of the setters") {
  const ConfigValue schema = read_schema("profile.schema.json");
  unsigned seen = 0;
  for (const Key& key : all_keys()) {
    if (key.members.empty()) {
      CHECK((key.from_table == nullptr || key.name == "environment.set"));
      continue;
    }
    CAPTURE(key.name);
    ++seen;
    std::string path(key.name);
    path.replace(path.find('.'), 1, "/properties/");
    CHECK(lines_of(object_of(at(schema, "properties/" + path))) == lines_of_rows(key.members));
    for (const KeyMember& member : key.members) {
      Profile profile;
      ConfigValue table;
      table.kind = ConfigValue::Kind::table;
      table.members.push_back({{std::string(member.name), {}}, {}});
      const auto set = key.from_table(profile, table, {std::string(key.name), {}});
      CAPTURE(member.name);
      CHECK((set || set.error().tag() != Tag::profile_unknown_key));
    }
  }
  CHECK(seen == 6);
  CHECK(lines_of(at(schema, "$defs/test")) == lines_of_rows(argument_test_members()));
}

TEST_CASE("schema: each valid example is read") {
  for (const std::string& line : examples("requests.valid.txt")) {
    const auto request = read_request(line, "r.json");
    CHECK_MESSAGE(request, (request ? "" : request.error().to_line()));
  }
  for (const std::string& line : examples("profiles.valid.txt")) {
    const auto profile = parse_profile(line, "p.toml");
    CHECK_MESSAGE(profile, (profile ? "" : profile.error().to_line()));
  }
}

TEST_CASE("schema: each invalid example is refused on one line with its place") {
  const auto check = [](const auto& result, const std::string& line, const std::string& source) {
    CAPTURE(line);
    REQUIRE_FALSE(result);
    const std::string text = result.error().to_line();
    CHECK_MESSAGE(text.starts_with(source + ":1:"), text);
    CHECK(text.find('\n') == std::string::npos);
    CHECK(result.error().exit_code() == 2);
  };
  for (const std::string& line : examples("requests.invalid.txt")) {
    check(read_request(line, "r.json"), line, "r.json");
  }
  for (const std::string& line : examples("profiles.invalid.txt")) {
    check(parse_profile(line, "p.toml"), line, "p.toml");
  }
}
