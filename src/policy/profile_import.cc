// syscalls.import: a policy of another file, an OCI seccomp object or a profile's [syscalls].
#include <filesystem>

#include <fmt/core.h>

#include "policy/oci_seccomp.h"
#include "policy/profile_keys.h"
#include "policy/toml_reader.h"
#include "policy/words.h"
#include "sys/files.h"

namespace sb::policy {
namespace {

// Limit: Docker's own is 20 KiB.
constexpr std::size_t longest_import = 1 << 20;

// A relative path starts at the profile that names it, else at the current directory.
std::string path_of(std::string_view text, const Origin& origin) {
  const std::filesystem::path path(text);
  return path.is_absolute() || origin.line == 0 || origin.of_request
             ? path.string()
             : (std::filesystem::path(origin.source).parent_path() / path).string();
}

Result<std::string> read_import(const std::string& path, const Place& place) {
  sys::ReadResult file = sys::read_file(path, longest_import + 1);
  if (file.err != 0) {
    return Error(Tag::profile_unreadable,
                 fmt::format("{}: reading {}", place.origin.to_string(), in_quotes(path)),
                 file.err);
  }
  if (file.data.size() > longest_import) {
    return value_error(place,
                       fmt::format("{} has more than {} bytes", in_quotes(path), longest_import));
  }
  return std::move(file.data);
}

// Why: below the lists of the file that imports, wherever in it the key stands, so that its own
// words win.
void add_layer(Profile& profile, SyscallLayer layer, const Place& place) {
  auto& layers = profile.syscalls.layers;
  const bool has_own = !layers.empty() && layers.back().source == place.origin.source;
  layers.insert(has_own ? layers.end() - 1 : layers.end(), std::move(layer));
}

// A `default` of the same file wins over the imported one.
bool says_default(const Profile& profile, const Place& place) {
  const auto& own = profile.syscalls.default_action;
  return own && own->origin.source == place.origin.source;
}

Result<Done> import_oci(Profile& profile, const std::string& text, const std::string& path,
                        const Place& place) {
  OciPolicy policy = TRY(read_oci_seccomp(text, path));
  if (!says_default(profile, place)) {
    profile.syscalls.default_action = {policy.default_action, place.origin};
  }
  add_layer(profile, std::move(policy.layer), place);
  return Done{};
}

Result<Done> import_fragment(Profile& profile, const std::string& text, const std::string& path,
                             const Place& place) {
  const ConfigValue document = TRY(read_toml(text, path));
  for (const auto& [name, value] : document.members) {
    if (name.value != "syscalls" && name.value != "schema" && name.value != "description") {
      return value_error({name.value, name.origin}, "an imported file has [syscalls] only");
    }
    for (const auto& [inner, ignored] : value.members) {
      if (inner.value == "import") {
        return value_error({"syscalls.import", inner.origin}, "an imported file can't import");
      }
    }
  }
  Profile fragment = TRY(parse_profile(text, path));
  if (fragment.syscalls.default_action && !says_default(profile, place)) {
    profile.syscalls.default_action = fragment.syscalls.default_action;
  }
  if (fragment.syscalls.on_violation) {
    profile.syscalls.on_violation = fragment.syscalls.on_violation;
  }
  if (fragment.syscalls.log) {
    profile.syscalls.log = fragment.syscalls.log;
  }
  for (SyscallLayer& layer : fragment.syscalls.layers) {
    layer.import_text = text;
    add_layer(profile, std::move(layer), place);
  }
  return Done{};
}

}  // namespace

Result<Done> import_policy(Profile& profile, std::string_view file, const Place& place) {
  const bool toml = file.ends_with(".toml");
  if (!toml && !file.ends_with(".json")) {
    return bad_value(place, file, "a file: FILE.json (an OCI seccomp object) or FILE.toml");
  }
  const std::string path = path_of(file, place.origin);
  const std::string text = TRY(read_import(path, place));
  return toml ? import_fragment(profile, text, path, place)
              : import_oci(profile, text, path, place);
}

}  // namespace sb::policy
