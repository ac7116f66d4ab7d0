#include "policy/find_program.h"

#include <cerrno>
#include <sstream>

#include <fmt/core.h>
#include <sys/stat.h>

#include "policy/host_root.h"
#include "sys/files.h"

namespace sb::policy {
namespace {

std::string absolute(const std::string& directory, const std::string& path) {
  return path.starts_with('/') ? path : directory + "/" + path;
}

std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

bool is_executable_file(const std::string& path) {
  const auto status = sys::stat_path(path);
  return status && S_ISREG(status->st_mode) && (status->st_mode & 0111) != 0;
}

// The caller's file, shown at a stable path: below the workspace if that is the caller's directory,
// where it is if it is visible anyhow, else as /workspace/NAME.
Result<Done> use_callers_file(const std::string& shown, const std::string& host, Spec& spec) {
  const auto status = sys::stat_path(host);
  if (!status) {
    return Error(Tag::program_not_found, fmt::format("looking for \"{}\"", shown), errno)
        .with_hint("a program with a slash is a file of the caller's");
  }
  if (!S_ISREG(status->st_mode) || (status->st_mode & 0111) == 0) {
    return Error(Tag::program_not_executable, fmt::format("looking for \"{}\"", shown),
                 S_ISDIR(status->st_mode) ? EISDIR : EACCES);
  }
  // Why: the directory is resolved, the name is not: programs such as busybox look at theirs.
  const std::size_t slash = host.rfind('/');
  const std::string directory =
      sys::real_path(slash == 0 ? "/" : host.substr(0, slash)).value_or(host.substr(0, slash));
  const std::string resolved = (directory == "/" ? "" : directory) + "/" + base_name(host);
  if (const std::optional<std::string> inside = inside_path_of(spec.files, resolved)) {
    spec.command.path_inside = *inside;
    return Done{};
  }
  const bool scratch = spec.files.workspace == WorkspaceMode::scratch;
  spec.command.path_inside =
      fmt::format("{}/{}", scratch ? "/workspace" : "/program", base_name(host));
  // Why: the target is another user on the host; a file that only its owner may read and execute
  // is copied by the supervisor, whose right to it is the caller's.
  const bool others_may = (status->st_mode & 05) == 05;
  spec.files.mounts.push_back({.source = host,
                               .target = spec.command.path_inside,
                               .is_directory = false,
                               .copy = spec.ids != IdMode::caller && !others_may,
                               .bytes = static_cast<std::uint64_t>(status->st_size)});
  return Done{};
}

}  // namespace

Result<Done> find_program(const Request& request, const std::string& path, Spec& spec) {
  const std::string& name = request.command.front();
  if (name.empty()) {
    return Error(Tag::program_not_found, "looking for a program with an empty name", ENOENT);
  }
  if (name.find('/') != std::string::npos) {
    CHECK(use_callers_file(name, absolute(request.caller_directory, name), spec));
    spec.command.argv.front() = spec.command.path_inside;
    return Done{};
  }
  std::istringstream directories(path);
  for (std::string directory; std::getline(directories, directory, ':');) {
    if (!directory.starts_with('/')) {
      continue;
    }
    const std::string inside = fmt::format("{}/{}", directory, name);
    const std::optional<std::string> host = host_path_of(spec.files, inside);
    if (host && is_executable_file(*host)) {
      spec.command.path_inside = inside;
      return Done{};
    }
  }
  const std::string own = absolute(request.caller_directory, name);
  if (is_executable_file(own)) {
    CHECK(use_callers_file(name, own, spec));
    spec.command.argv.front() = spec.command.path_inside;
    return Done{};
  }
  return Error(Tag::program_not_found, fmt::format("looking for \"{}\"", name), ENOENT)
      .with_hint(fmt::format("it is neither on the PATH inside ({}) nor an executable file of the "
                             "caller's directory ({})",
                             path, request.caller_directory));
}

}  // namespace sb::policy
