// Document: one result of `sandbox run`, read by dotted names.
// Must not let nlohmann's header out: it costs seconds in every file that sees it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace sbtest {

class Document {
 public:
  Document() = default;
  // An absent Document where the text is no JSON.
  static Document parse(std::string_view text);

  bool is_present() const { return node_ != nullptr; }
  bool is_null() const;
  // "time.wall_ns", "violations.0.syscall". A missing name fails the test.
  Document at(std::string_view path) const;
  bool has(std::string_view path) const;

  double number() const;
  std::int64_t integer() const;
  std::string text() const;
  bool boolean() const;
  std::size_t size() const;
  std::string dump() const;

  // The exact bytes of "stdout" or "stderr", or of the event that this is (""), whatever their
  // encoding.
  std::string bytes(std::string_view stream) const;

 private:
  struct Node;
  std::shared_ptr<const Node> node_;
};

}  // namespace sbtest
