// JsonEmitter: writes JSON to a sink as it goes, holding at most one buffer of it.
// Must not know what it writes: the document's fields are in json.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "result/sink.h"

namespace sb::result {

// Calls come in document order: key() before each value of an object. The first error of the sink
// stays and ends all writing; finish() returns it.
class JsonEmitter {
 public:
  // pretty: one value a line, two spaces a level; else everything on one line.
  JsonEmitter(Sink sink, bool pretty);

  void begin_object() { begin('{'); }
  void end_object() { end('}'); }
  void begin_array() { begin('['); }
  void end_array() { end(']'); }
  void key(std::string_view name);

  // Bytes that are no UTF-8 become the visible text \xNN.
  void text(std::string_view value);
  // Must be valid UTF-8. Any length: it is never copied whole.
  void utf8(std::string_view value);
  // The same in parts, each of them valid.
  void begin_utf8();
  void utf8_part(std::string_view part) { put_escaped(part); }
  void end_utf8() { put('"'); }
  void base64(std::string_view bytes);
  void number(std::uint64_t value);
  void number(std::int64_t value);
  void boolean(bool value);
  void null();

  // Ends the line, writes the rest of the buffer.
  Result<Done> finish();

 private:
  void begin(char bracket);
  void end(char bracket);
  void before_value();
  void new_line();
  void put(char c);
  void put(std::string_view bytes);
  void put_escaped(std::string_view valid);
  void put_escape(unsigned code_point);
  void flush();

  Sink sink_;
  bool pretty_;
  bool after_key_ = false;
  std::vector<bool> has_values_;  // one for each open bracket
  std::string buffer_;
  std::optional<Error> error_;
};

}  // namespace sb::result
