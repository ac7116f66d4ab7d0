#include "document.h"

#include <doctest/doctest.h>

#include <array>
#include <nlohmann/json.hpp>

namespace sbtest {

using Json = nlohmann::json;

struct Document::Node {
  std::shared_ptr<const Json> root;  // owns everything below
  const Json* here = nullptr;
};

namespace {

// "stdout.bytes" → "/stdout/bytes"
Json::json_pointer pointer_of(std::string_view path) {
  std::string text = path.empty() ? "" : "/";
  for (const char c : path) {
    text += c == '.' ? '/' : c;
  }
  return Json::json_pointer(text);
}

std::string decode_base64(std::string_view text) {
  static constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : text) {
    if (c == '=') {
      break;
    }
    const std::size_t value = alphabet.find(c);
    REQUIRE(value != std::string_view::npos);
    bits = (bits << 6) | static_cast<std::uint32_t>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes += static_cast<char>((bits >> count) & 0xff);
    }
  }
  return bytes;
}

}  // namespace

Document Document::parse(std::string_view text) {
  auto root = std::make_shared<Json>(Json::parse(text, nullptr, false));
  if (root->is_discarded()) {
    return {};
  }
  auto node = std::make_shared<Node>();
  node->here = root.get();
  node->root = std::move(root);
  Document document;
  document.node_ = std::move(node);
  return document;
}

bool Document::is_null() const { return node_ == nullptr || node_->here->is_null(); }

bool Document::has(std::string_view path) const {
  return node_ != nullptr && node_->here->contains(pointer_of(path));
}

Document Document::at(std::string_view path) const {
  INFO("document: " << dump());
  INFO("name: " << std::string(path));
  REQUIRE(has(path));
  auto node = std::make_shared<Node>();
  node->root = node_->root;
  node->here = &node_->here->at(pointer_of(path));
  Document document;
  document.node_ = std::move(node);
  return document;
}

double Document::number() const {
  INFO("value: " << dump());
  REQUIRE((node_ != nullptr && node_->here->is_number()));
  return node_->here->get<double>();
}

std::int64_t Document::integer() const {
  INFO("value: " << dump());
  REQUIRE((node_ != nullptr && node_->here->is_number_integer()));
  return node_->here->get<std::int64_t>();
}

std::string Document::text() const {
  INFO("value: " << dump());
  REQUIRE((node_ != nullptr && node_->here->is_string()));
  return node_->here->get<std::string>();
}

bool Document::boolean() const {
  INFO("value: " << dump());
  REQUIRE((node_ != nullptr && node_->here->is_boolean()));
  return node_->here->get<bool>();
}

std::size_t Document::size() const { return node_ == nullptr ? 0 : node_->here->size(); }

std::string Document::dump() const {
  if (node_ == nullptr) {
    return "(no document)";
  }
  std::string text = node_->here->dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > 3000) {
    text.resize(3000);
    text += " ...";
  }
  return text;
}

std::string Document::bytes(std::string_view stream) const {
  const Document part = at(stream);
  const std::string data = part.at("data").text();
  return part.at("encoding").text() == "base64" ? decode_base64(data) : data;
}

}  // namespace sbtest
