#include "result/json.h"

#include "result/json_emitter.h"
#include "result/utf8.h"

namespace sb::result {
namespace {

using Number = std::optional<std::uint64_t>;

void write_text(JsonEmitter& json, std::string_view key, std::string_view value) {
  json.key(key);
  json.text(value);
}

void write_text_or_null(JsonEmitter& json, std::string_view key, std::string_view value) {
  json.key(key);
  value.empty() ? json.null() : json.text(value);
}

void write_number(JsonEmitter& json, std::string_view key, Number value) {
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

void write_cause(JsonEmitter& json, const std::optional<Cause>& cause) {
  json.key("cause");
  if (!cause) {
    json.null();
    return;
  }
  json.begin_object();
  write_text(json, "limit", cause->limit);
  write_number(json, "value", cause->value);
  write_number(json, "observed", cause->observed);
  write_text(json, "mechanism", cause->mechanism);
  json.end_object();
}

void write_usage(JsonEmitter& json, const Outcome& outcome) {
  json.key("time");
  json.begin_object();
  write_text_or_null(json, "started", outcome.time.started);
  write_number(json, "wall_ns", outcome.time.wall_ns);
  write_number(json, "cpu_ns", outcome.time.cpu_ns);
  write_number(json, "user_ns", outcome.time.user_ns);
  write_number(json, "system_ns", outcome.time.system_ns);
  write_number(json, "setup_ns", outcome.time.setup_ns);
  json.end_object();

  json.key("memory");
  json.begin_object();
  write_number(json, "peak_bytes", outcome.memory.peak_bytes);
  write_text_or_null(json, "peak_source", outcome.memory.peak_source);
  write_number(json, "max_rss_bytes", outcome.memory.max_rss_bytes);
  write_number(json, "limit_bytes", outcome.memory.limit_bytes);
  write_number(json, "oom_kills", outcome.memory.oom_kills);
  json.end_object();

  json.key("processes");
  json.begin_object();
  write_number(json, "peak", outcome.processes.peak);
  write_number(json, "limit", outcome.processes.limit);
  write_number(json, "limit_hits", outcome.processes.limit_hits);
  json.end_object();
}

// A stream that went elsewhere has no data and no encoding; its size is told where it is known.
void write_stream(JsonEmitter& json, std::string_view key, const Stream& stream) {
  json.key(key);
  json.begin_object();
  json.key("data");
  const std::string_view data = stream.data.view();
  const bool text = stream.captured && is_utf8(data);
  if (!stream.captured) {
    json.null();
  } else if (text) {
    json.utf8(data);
  } else {
    json.base64(data);
  }
  json.key("encoding");
  stream.captured ? json.text(text ? "utf-8" : "base64") : json.null();
  write_number(json, "bytes", stream.bytes);
  write_boolean(json, "truncated", stream.truncated);
  json.end_object();
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

void write_violations(JsonEmitter& json, const Outcome& outcome) {
  write_number(json, "violations_total", outcome.violations_total);
  json.key("violations");
  json.begin_array();
  for (const Violation& violation : outcome.violations) {
    write_violation(json, violation);
  }
  json.end_array();
}

void write_files(JsonEmitter& json, const std::vector<SavedFile>& files) {
  json.key("files");
  json.begin_array();
  for (const SavedFile& file : files) {
    json.begin_object();
    write_text(json, "path", file.path);
    write_number(json, "bytes", file.bytes);
    write_text(json, "saved", file.saved);
    json.end_object();
  }
  json.end_array();
}

void write_enforced(JsonEmitter& json, const std::optional<Enforced>& enforced) {
  json.key("enforced");
  if (!enforced) {
    json.null();
    return;
  }
  json.begin_object();
  write_texts(json, "namespaces", enforced->namespaces);
  write_text(json, "seccomp", enforced->seccomp);
  write_text(json, "memory", enforced->memory);
  write_text(json, "cpu_time", enforced->cpu_time);
  write_text(json, "processes", enforced->processes);
  write_text(json, "capabilities", enforced->capabilities);
  write_boolean(json, "no_new_privs", enforced->no_new_privs);
  json.end_object();
}

void write_error(JsonEmitter& json, const Error& error) {
  json.begin_object();
  write_text(json, "tag", info(error.tag()).name);
  write_text(json, "message", error.message());
  write_texts(json, "context", error.outer_frames());
  write_text_or_null(json, "errno", error.err() != 0 ? errno_name(error.err()) : "");
  write_text_or_null(json, "stage", error.stage());
  write_text_or_null(json, "hint", error.hint());
  json.end_object();
}

void write_sandbox(JsonEmitter& json, const SandboxInfo& sandbox) {
  json.key("sandbox");
  json.begin_object();
  write_text(json, "version", sandbox.version);
  write_text_or_null(json, "profile", sandbox.profile);
  write_text_or_null(json, "profile_sha256", sandbox.profile_sha256);
  write_text_or_null(json, "kernel", sandbox.kernel);
  json.end_object();
}

}  // namespace

Result<Done> write_json(const Outcome& outcome, const Sink& sink, bool pretty) {
  JsonEmitter json(sink, pretty);
  json.begin_object();
  write_text(json, "schema", "sandbox.result/v1");
  write_text(json, "status", name_of(outcome.status));
  write_integer(json, "exit_code", outcome.exit_code);
  write_signal(json, outcome.signal);
  write_text_or_null(json, "reason", outcome.reason);
  write_cause(json, outcome.cause);
  write_usage(json, outcome);
  write_stream(json, "stdout", outcome.out);
  write_stream(json, "stderr", outcome.err);
  write_violations(json, outcome);
  write_files(json, outcome.files);
  write_enforced(json, outcome.enforced);
  write_texts(json, "warnings", outcome.warnings);
  json.key("error");
  outcome.error ? write_error(json, *outcome.error) : json.null();
  write_sandbox(json, outcome.sandbox);
  json.end_object();
  return json.finish();
}

Result<Done> write_error_json(const Error& error, const Sink& sink) {
  JsonEmitter json(sink, false);
  write_error(json, error);
  return json.finish();
}

}  // namespace sb::result
