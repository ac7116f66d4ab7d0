#include "server/raw_object.h"

#include <algorithm>

namespace sb::server {
namespace {

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  std::optional<std::vector<RawMember>> object() {
    std::vector<RawMember> members;
    if (!take('{')) {
      return std::nullopt;
    }
    if (take('}')) {
      return at_end() ? std::optional(std::move(members)) : std::nullopt;
    }
    do {
      const std::optional<std::string_view> key = string();
      if (!key || !take(':')) {
        return std::nullopt;
      }
      const std::optional<std::string_view> value = this->value();
      if (!value) {
        return std::nullopt;
      }
      members.push_back({key->substr(1, key->size() - 2), *value});
    } while (take(','));
    return take('}') && at_end() ? std::optional(std::move(members)) : std::nullopt;
  }

 private:
  void skip_space() {
    while (at_ < text_.size() && is_space(text_[at_])) {
      ++at_;
    }
  }

  static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

  bool at_end() {
    skip_space();
    return at_ == text_.size();
  }

  bool take(char c) {
    skip_space();
    const bool there = at_ < text_.size() && text_[at_] == c;
    at_ += there ? 1 : 0;
    return there;
  }

  // With its quotes.
  std::optional<std::string_view> string() {
    skip_space();
    const std::size_t start = at_;
    if (at_ == text_.size() || text_[at_] != '"') {
      return std::nullopt;
    }
    ++at_;
    for (;;) {
      at_ = text_.find_first_of("\"\\", at_);
      if (at_ == std::string_view::npos) {
        at_ = text_.size();
        return std::nullopt;
      }
      if (text_[at_] == '"') {
        ++at_;
        return text_.substr(start, at_ - start);
      }
      at_ = std::min(at_ + 2, text_.size());
    }
  }

  // A string, a number or a word, or all up to the bracket that closes the first one.
  std::optional<std::string_view> value() {
    skip_space();
    const std::size_t start = at_;
    std::size_t depth = 0;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') {
        if (!string()) {
          return std::nullopt;
        }
      } else if (c == '{' || c == '[') {
        ++depth;
        ++at_;
      } else if (depth > 0 && (c == '}' || c == ']')) {
        --depth;
        ++at_;
      } else if (depth > 0) {
        ++at_;
        continue;
      } else {
        const std::size_t end = std::min(text_.find_first_of(",:{}[]\" \t\n\r", at_), text_.size());
        at_ = end;
        return end > start ? std::optional(text_.substr(start, end - start)) : std::nullopt;
      }
      if (depth == 0) {
        return text_.substr(start, at_ - start);
      }
    }
    return std::nullopt;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::optional<std::vector<RawMember>> raw_members(std::string_view text) {
  return Scanner(text).object();
}

const RawMember* find_member(const std::vector<RawMember>& members, std::string_view key) {
  const auto at = std::find_if(members.begin(), members.end(),
                               [key](const RawMember& member) { return member.key == key; });
  return at != members.end() ? &*at : nullptr;
}

}  // namespace sb::server
