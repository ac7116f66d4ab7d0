#include "policy/json_reader.h"

#include <algorithm>
#include <optional>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "policy/words.h"

namespace sb::policy {
namespace {

// Limit: what walks and destroys values recurses.
constexpr std::size_t deepest = 32;
// Limit: each key of a table is compared with those before it.
constexpr std::size_t most_keys = 4'096;

// Walks along the text beside the parser, which keeps no positions: each event of the parser is the
// next token here. What it passes has been found to be JSON.
class Locator {
 public:
  Locator(std::string_view text, Origin start, unsigned first_line)
      : text_(text), start_(std::move(start)), first_line_(first_line) {
    start_.line = first_line;
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
    at_ = line_start_ = text.starts_with(byte_order_mark) ? byte_order_mark.size() : 0;
  }

  // Where the next token starts.
  Origin next() {
    while (at_ < text_.size() && is_between(text_[at_])) {
      if (text_[at_] == '\n') {
        ++start_.line;
        line_start_ = at_ + 1;
      }
      ++at_;
    }
    Origin origin = start_;
    origin.column = static_cast<unsigned>(at_ - line_start_ + 1);
    return origin;
  }

  // Passes the token that next() found; its text, in the quotes of a string.
  std::string_view pass() {
    const std::size_t first = at_;
    const char opening = at_ < text_.size() ? text_[at_] : '\0';
    ++at_;
    if (opening == '"') {
      while (at_ < text_.size() && text_[at_] != '"') {
        at_ += text_[at_] == '\\' ? 2 : 1;
      }
      ++at_;
    } else if (std::string_view("[]{}").find(opening) == std::string_view::npos) {
      at_ = std::min(text_.find_first_of(" \t\r\n,]}", at_), text_.size());
    }
    return text_.substr(first, at_ - first);
  }

  // The place of a byte further on.
  Origin at(std::size_t byte) const {
    const std::string_view before = text_.substr(0, std::min(byte, text_.size()));
    Origin origin = start_;
    origin.line =
        first_line_ + static_cast<unsigned>(std::count(before.begin(), before.end(), '\n'));
    const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
    origin.column = static_cast<unsigned>(before.size() - line_start + 1);
    return origin;
  }

 private:
  static bool is_between(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',' || c == ':';
  }

  std::string_view text_;
  Origin start_;
  unsigned first_line_;
  std::size_t at_ = 0;
  std::size_t line_start_ = 0;
};

// Builds the value as the parser finds it.
class Builder : public nlohmann::json_sax<nlohmann::json> {
 public:
  Builder(std::string_view text, const Origin& start, const JsonBounds& bounds)
      : text_(text), locator_(text, start, bounds.first_line), most_values_(bounds.most_values) {}

  // Safety: null() and the others are called by the parser alone, so a container is open or the
  // document itself is the value.
  bool null() override { return add_scalar(""); }
  bool boolean(bool value) override { return add_scalar(value ? "true" : "false"); }
  bool number_integer(std::int64_t) override { return add_number(); }
  bool number_unsigned(std::uint64_t) override { return add_number(); }
  bool number_float(double, const std::string&) override { return add_number(); }
  bool binary(nlohmann::json::binary_t&) override { return false; }

  bool string(std::string& text) override {
    ConfigValue value = next(ConfigValue::Kind::string);
    (void)locator_.pass();
    value.text = std::move(text);
    return add(std::move(value)) != nullptr;
  }

  bool start_object(std::size_t) override { return open(ConfigValue::Kind::table); }
  bool start_array(std::size_t) override { return open(ConfigValue::Kind::list); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(std::string& name) override {
    const Origin origin = locator_.next();
    (void)locator_.pass();
    std::vector<ConfigMember>& members = open_.back()->members;
    // Why: readers differ in which of two equal keys they keep.
    const auto twin = std::find_if(members.begin(), members.end(), [&](const ConfigMember& other) {
      return other.key.value == name;
    });
    if (twin != members.end()) {
      return fail(origin, fmt::format("the key {} is there twice, first at {}:{}", in_quotes(name),
                                      twin->key.origin.line, twin->key.origin.column));
    }
    if (members.size() == most_keys) {
      return fail(origin, fmt::format("a table of more than {} keys", most_keys));
    }
    members.push_back({{std::move(name), origin}, {}});
    return true;
  }

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::json::exception& error) override {
    const std::string_view why = error.what();
    const Origin origin = locator_.at(position > 0 ? position - 1 : 0);
    if (position > text_.size()) {
      return fail(origin, "the text ends before the document does");
    }
    if (why.find("UTF-8") != std::string_view::npos) {
      return fail(origin, "a byte that is no UTF-8");
    }
    if (why.find("overflow") != std::string_view::npos) {
      return fail(locator_.next(), "a number that is out of range");
    }
    return fail(origin, "no JSON from here on");
  }

  Error no_json_at(std::size_t byte) {
    (void)fail(locator_.at(byte), "no JSON from here on");
    return error();
  }

  ConfigValue take() { return std::move(document_); }
  const Error& error() const { return *error_; }

 private:
  ConfigValue next(ConfigValue::Kind kind) {
    ConfigValue value;
    value.kind = kind;
    value.origin = locator_.next();
    return value;
  }

  bool add_scalar(std::string_view text) {
    ConfigValue value = next(ConfigValue::Kind::scalar);
    (void)locator_.pass();
    value.text = text;
    return add(std::move(value)) != nullptr;
  }

  // Why: as it is written: 18446744073709551616 and 1.10 keep their digits.
  bool add_number() {
    ConfigValue value = next(ConfigValue::Kind::scalar);
    value.text = locator_.pass();
    return add(std::move(value)) != nullptr;
  }

  bool open(ConfigValue::Kind kind) {
    ConfigValue value = next(kind);
    (void)locator_.pass();
    if (open_.size() == deepest) {
      return fail(value.origin, fmt::format("nested more than {} deep", deepest));
    }
    ConfigValue* added = add(std::move(value));
    if (added != nullptr) {
      open_.push_back(added);
    }
    return added != nullptr;
  }

  bool close() {
    (void)locator_.next();
    (void)locator_.pass();
    open_.pop_back();
    return true;
  }

  // Where the value now is; it stays there while it is open, since only the innermost one grows.
  ConfigValue* add(ConfigValue value) {
    if (++count_ > most_values_) {
      (void)fail(value.origin, fmt::format("more than {} values", most_values_));
      return nullptr;
    }
    if (open_.empty()) {
      document_ = std::move(value);
      return &document_;
    }
    ConfigValue& outer = *open_.back();
    if (outer.kind == ConfigValue::Kind::list) {
      outer.items.push_back(std::move(value));
      return &outer.items.back();
    }
    outer.members.back().value = std::move(value);
    return &outer.members.back().value;
  }

  bool fail(const Origin& origin, std::string_view what) {
    const Tag tag = origin.of_request ? Tag::request_syntax : Tag::profile_syntax;
    error_ = Error(tag, fmt::format("{}: {}", origin.to_string(), what));
    return false;
  }

  std::string_view text_;
  Locator locator_;
  ConfigValue document_;
  std::vector<ConfigValue*> open_;
  std::size_t most_values_;
  std::size_t count_ = 0;
  std::optional<Error> error_;
};

}  // namespace

Result<ConfigValue> read_json(std::string_view text, const Origin& start,
                              const JsonBounds& bounds) {
  Builder builder(text, start, bounds);
  if (!nlohmann::json::sax_parse(text, &builder)) {
    return builder.error();
  }
  // Why: the parser takes a NUL for the end, and never sees what follows it.
  if (const std::size_t end = text.find('\0'); end != std::string_view::npos) {
    return builder.no_json_at(end);
  }
  return builder.take();
}

}  // namespace sb::policy
