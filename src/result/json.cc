#include "result/json.h"

#include "result/json_emitter.h"
#include "result/json_fields.h"

namespace sb::result {
namespace {

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

  json.key("disk");
  json.begin_object();
  write_number(json, "used_bytes", outcome.disk.used_bytes);
  write_number(json, "limit_bytes", outcome.disk.limit_bytes);
  write_number(json, "inodes", outcome.disk.inodes);
  write_number(json, "inodes_limit", outcome.disk.inodes_limit);
  json.end_object();
}

// A stream that went elsewhere has no data and no encoding; its size is told where it is known.
void write_stream(JsonEmitter& json, std::string_view key, const Stream& stream) {
  json.key(key);
  json.begin_object();
  if (stream.captured) {
    write_bytes(json, stream.data.view());
  } else {
    json.key("data");
    json.null();
    json.key("encoding");
    json.null();
  }
  write_number(json, "bytes", stream.bytes);
  write_boolean(json, "truncated", stream.truncated);
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
    write_text_or_null(json, "saved", file.saved);
    write_text_or_null(json, "error", file.err != 0 ? errno_name(file.err) : "");
    json.end_object();
  }
  json.end_array();
}

// Only of a virtual one.
void write_clock(JsonEmitter& json, const std::optional<ClockFacts>& clock) {
  if (!clock) {
    return;
  }
  json.key("clock");
  json.begin_object();
  write_text(json, "mode", "virtual");
  write_text(json, "start", clock->start);
  write_number(json, "elapsed_ns", clock->elapsed_ns);
  write_number(json, "jumps", clock->jumps);
  write_number(json, "timers_fired", clock->timers_fired);
  write_number(json, "spin_ticks", clock->spin_ticks);
  write_number(json, "stalls", clock->stalls);
  write_boolean(json, "deterministic", clock->deterministic);
  json.end_object();
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
  write_text(json, "workspace", enforced->workspace);
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

// What a document says of one run, whether it is the only one or a step.
void write_run(JsonEmitter& json, const Outcome& outcome) {
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
  write_clock(json, outcome.clock);
  write_enforced(json, outcome.enforced);
  write_texts(json, "warnings", outcome.warnings);
  json.key("error");
  outcome.error ? write_error(json, *outcome.error) : json.null();
  write_sandbox(json, outcome.sandbox);
}

void write_step(JsonEmitter& json, const Outcome& outcome) {
  json.begin_object();
  write_text(json, "name", outcome.step);
  write_boolean(json, "cached", outcome.cached);
  json.key("result");
  json.begin_object();
  write_run(json, outcome);
  json.end_object();
  json.end_object();
}

// The document's own members are those of the last step, which is here once more: who goes through
// the steps finds all of them alike.
void write_steps(JsonEmitter& json, const Outcome& outcome) {
  write_text(json, "step", outcome.step);
  json.key("steps");
  json.begin_array();
  for (const Outcome& step : outcome.earlier) {
    write_step(json, step);
  }
  write_step(json, outcome);
  json.end_array();
}

}  // namespace

Result<Done> write_json(const Outcome& outcome, const Sink& sink, bool pretty) {
  JsonEmitter json(sink, pretty);
  json.begin_object();
  write_run(json, outcome);
  if (!outcome.step.empty()) {
    write_steps(json, outcome);
  }
  json.end_object();
  return json.finish();
}

Result<Done> write_error_json(const Error& error, const Sink& sink) {
  JsonEmitter json(sink, false);
  write_error(json, error);
  return json.finish();
}

}  // namespace sb::result
