// load_profile: finds texts, follows `extends`, merges.
#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>

#include <fmt/core.h>

#include "base/sha256.h"
#include "policy/key_error.h"
#include "policy/profile.h"
#include "policy/toml_reader.h"
#include "policy/words.h"
#include "sys/files.h"

namespace sb::policy {
namespace {

// Limit: an honest chain has three or four links.
constexpr std::size_t longest_chain = 16;

struct Builtin {
  std::string_view name;
  std::string_view text;
};

constexpr Builtin builtins[] = {
#include "embedded_profiles.inc"
};

// A profile's text and what it is called.
struct Source {
  std::string identity;   // equal for equal files: how a circle is noticed
  std::string shown;      // in positions
  std::string directory;  // where a relative `extends` starts; empty for built-in ones
  std::string text;
};

bool is_path(std::string_view name) {
  return name.find('/') != std::string_view::npos || name.ends_with(".toml");
}

Result<std::string> read_text(const std::string& path) {
  // One byte more than allowed shows that there is more.
  sys::ReadResult file = sys::read_file(path, longest_profile + 1);
  if (file.err != 0) {
    const Tag tag = file.err == ENOENT ? Tag::profile_not_found : Tag::profile_unreadable;
    return Error(tag, fmt::format("reading the profile {}", in_quotes(path)), file.err);
  }
  return std::move(file.data);
}

Result<Source> find_source(std::string_view name, const std::string& directory) {
  if (!is_path(name)) {
    const std::optional<std::string_view> text = builtin_profile_text(name);
    if (text) {
      return Source{fmt::format("built-in {}", name), fmt::format("{}.toml", name), "",
                    std::string(*text)};
    }
    std::vector<std::string_view> known;
    for (const Builtin& builtin : builtins) {
      known.push_back(builtin.name);
    }
    return Error(Tag::profile_not_found, fmt::format("no built-in profile {}{}", in_quotes(name),
                                                     did_you_mean(name, known)));
  }
  std::filesystem::path path(name);
  if (path.is_relative() && !directory.empty()) {
    path = std::filesystem::path(directory) / path;
  }
  std::string text = TRY(read_text(path.string()));
  std::error_code ignored;  // Why: without a canonical form the path itself is its identity.
  std::filesystem::path identity = std::filesystem::weakly_canonical(path, ignored);
  const std::filesystem::path parent = path.parent_path();
  return Source{identity.empty() ? path.string() : identity.string(), path.string(),
                parent.empty() ? "." : parent.string(), std::move(text)};
}

struct Loader {
  std::vector<Source> chain;  // the one asked for first
  std::string all_text;       // the extended ones first

  Result<Profile> load(std::string_view name, const std::string& directory, const Origin* origin);
  Error circle(const Source& again, const Origin& origin) const;
};

Error Loader::circle(const Source& again, const Origin& origin) const {
  const auto first = std::find_if(chain.begin(), chain.end(), [&](const Source& source) {
    return source.identity == again.identity;
  });
  std::string names;
  for (auto at = first; at != chain.end(); ++at) {
    names += at->shown + " -> ";
  }
  return {Tag::profile_cycle, fmt::format("{}: extends goes round in a circle: {}{}",
                                          origin.to_string(), names, again.shown)};
}

Result<Profile> Loader::load(std::string_view name, const std::string& directory,
                             const Origin* origin) {
  Result<Source> found = find_source(name, directory);
  if (!found) {
    Error error = std::move(found).error();
    return origin == nullptr ? std::move(error)
                             : std::move(error).context(fmt::format(
                                   "{}: extends {}", origin->to_string(), in_quotes(name)));
  }
  if (origin != nullptr) {
    const bool again = std::any_of(chain.begin(), chain.end(), [&](const Source& source) {
      return source.identity == found->identity;
    });
    if (again) {
      return circle(*found, *origin);
    }
    if (chain.size() == longest_chain) {
      return Error(Tag::profile_cycle, fmt::format("{}: more than {} profiles extend each other",
                                                   origin->to_string(), longest_chain));
    }
  }
  chain.push_back(*std::move(found));
  const Source source = chain.back();
  Profile profile = TRY(parse_profile(source.text, source.shown));
  if (!profile.extends) {
    all_text += source.text;
    return profile;
  }
  const Setting<std::string> extends = *profile.extends;
  Profile base = TRY(load(extends.value, source.directory, &extends.origin));
  all_text += source.text;
  merge_profile(base, std::move(profile));
  return base;
}

}  // namespace

Result<Profile> load_profile(std::string_view name_or_path) {
  Loader loader;
  Profile profile = TRY(loader.load(name_or_path, "", nullptr));
  profile.name = name_or_path;
  for (const SyscallLayer& layer : profile.syscalls.layers) {
    loader.all_text += layer.import_text;
  }
  profile.sha256 = sha256_hex(loader.all_text);
  return profile;
}

std::vector<std::string> builtin_profile_names() {
  std::vector<std::string> names;
  for (const Builtin& builtin : builtins) {
    names.emplace_back(builtin.name);
  }
  return names;
}

std::optional<std::string_view> builtin_profile_text(std::string_view name) {
  for (const Builtin& builtin : builtins) {
    if (builtin.name == name) {
      return builtin.text;
    }
  }
  return std::nullopt;
}

}  // namespace sb::policy
