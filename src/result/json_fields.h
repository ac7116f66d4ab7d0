// Fields that the result and the events spell alike: each writes a key and its value.
// Must not know which document they stand in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "result/json_emitter.h"
#include "result/outcome.h"

namespace sb::result {

void write_text(JsonEmitter& json, std::string_view key, std::string_view value);
void write_text_or_null(JsonEmitter& json, std::string_view key, std::string_view value);
void write_number(JsonEmitter& json, std::string_view key, std::optional<std::uint64_t> value);
void write_integer(JsonEmitter& json, std::string_view key, std::optional<std::int64_t> value);
void write_boolean(JsonEmitter& json, std::string_view key, bool value);
void write_texts(JsonEmitter& json, std::string_view key, const std::vector<std::string>& values);
void write_signal(JsonEmitter& json, const std::optional<int>& signal);

// `data` and `encoding`: the exact bytes, as text where they are UTF-8, else in base64.
void write_bytes(JsonEmitter& json, std::string_view bytes);

// The object alone.
void write_violation(JsonEmitter& json, const Violation& violation);

}  // namespace sb::result
