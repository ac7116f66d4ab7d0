#include "result/json_fields.h"

#include "result/utf8.h"

namespace sb::result {

void write_text(JsonEmitter& json, std::string_view key, std::string_view value) {
  json.key(key);
  json.text(value);
}

void write_text_or_null(JsonEmitter& json, std::string_view key, std::string_view value) {
  json.key(key);
  value.empty() ? json.null() : json.text(value);
}

void write_number(JsonEmitter& json, std::string_view key, std::optional<std::uint64_t> value) {
  json.key(key);
  value ? json.number(*value) : json.null();
}

void write_integer(JsonEmitter& json, std::string_view key, std::optional<std::int64_t> value) {
  json.key(key);
  value ? json.number(*value) : json.null();
}

void write_boolean(JsonEmitter& json, std::string_view key, bool value) {
  json.key(key);
  json.boolean(value);
}

void write_texts(JsonEmitter& json, std::string_view key, const std::vector<std::string>& values) {
  json.key(key);
  json.begin_array();
  for (const std::string& value : values) {
    json.text(value);
  }
  json.end_array();
}

void write_signal(JsonEmitter& json, const std::optional<int>& signal) {
  json.key("signal");
  if (!signal) {
    json.null();
    return;
  }
  json.begin_object();
  write_integer(json, "number", *signal);
  write_text(json, "name", signal_name(*signal));
  json.end_object();
}

void write_bytes(JsonEmitter& json, std::string_view bytes) {
  const bool text = is_utf8(bytes);
  json.key("data");
  text ? json.utf8(bytes) : json.base64(bytes);
  write_text(json, "encoding", text ? "utf-8" : "base64");
}

void write_violation(JsonEmitter& json, const Violation& violation) {
  json.begin_object();
  json.key("syscall");
  violation.syscall ? json.text(*violation.syscall) : json.null();
  write_integer(json, "number", violation.number);
  write_text_or_null(json, "arch", violation.arch);
  write_texts(json, "args", violation.args);
  write_text(json, "action", violation.action);
  write_integer(json, "pid", violation.pid);
  write_text_or_null(json, "comm", violation.comm);
  write_text_or_null(json, "exe", violation.exe);
  write_text_or_null(json, "why", violation.why);
  json.end_object();
}

}  // namespace sb::result
