#include "policy/find_program.h"

#include <algorithm>
#include <cerrno>

#include <fmt/core.h>
#include <sys/stat.h>

#include "base/split.h"
#include "policy/doubtful.h"
#include "policy/inside_view.h"
#include "sys/files.h"

namespace sb::policy {
namespace {

// `path` has no link left, so none is followed out of where it was found.
bool is_executable_file(const std::string& path) {
  const auto status = sys::stat_path(path);
  return status && S_ISREG(status->st_mode) && (status->st_mode & 0111) != 0;
}

bool runs_inside(const Files& files, const std::string& inside) {
  const std::optional<std::string> host = host_path_of(files, inside);
  return host && is_executable_file(*host);
}

// A directory inside to show the program in, where nothing else is mounted.
std::string place_for_program(const Files& files) {
  if (files.workspace == WorkspaceMode::scratch && !is_covered(files, "/workspace")) {
    return "/workspace";
  }
  std::string place = "/program";
  for (int number = 1; is_covered(files, place); ++number) {
    place = fmt::format("/program.{}", number);
  }
  return place;
}

// The caller's file, shown at a stable path: where it is visible anyhow, else in a directory of
// the sandbox's own.
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
  const std::optional<std::string> inside = inside_path_of(spec.files, resolved);
  if (!spec.files.cow_source.empty() && is_at_or_below(resolved, spec.files.cow_source)) {
    spec.command.path_inside = "/workspace" + resolved.substr(spec.files.cow_source.size());
    return Done{};
  }
  // Why: a link to what is not shown would be found there, and lead nowhere.
  if (inside && runs_inside(spec.files, *inside)) {
    spec.command.path_inside = *inside;
    return Done{};
  }
  // Why: a link that a run before has left would have any program of the host's shown.
  CHECK(check_links(host, spec.files, Tag::program_not_found,
                    fmt::format("looking for \"{}\"", shown)));
  spec.command.path_inside = fmt::format("{}/{}", place_for_program(spec.files), base_name(host));
  // Why: the target is another user on the host; a file that only its owner may read and execute
  // is copied by the supervisor, whose right to it is the caller's.
  const bool others_may = (status->st_mode & 05) == 05;
  spec.files.mounts.push_back({.source = sys::real_path(host).value_or(resolved),
                               .target = spec.command.path_inside,
                               .is_directory = false,
                               .copy = spec.ids != IdMode::caller && !others_may,
                               .bytes = static_cast<std::uint64_t>(status->st_size)});
  return Done{};
}

// Whether what is put inside may be there: it is looked for once it is.
bool may_be_put(const Files& files, const std::string& path) {
  return std::any_of(files.put.begin(), files.put.end(),
                     [&](const FileToPut& put) { return is_at_or_below(path, put.target); });
}

// A program with a slash. Where the root is a directory of the caller's, an absolute path is first
// looked for in it: there it means what it says; elsewhere, only where the host has no such file.
Result<Done> use_path(const Request& request, const std::string& name, Spec& spec) {
  const std::string host = host_path(request, name);
  const bool root_first = !spec.files.root_source.empty() || !sys::stat_path(host);
  if (name.starts_with('/') && root_first && runs_inside(spec.files, name)) {
    spec.command.path_inside = name;
    return Done{};
  }
  if (name.starts_with('/') && root_first && may_be_put(spec.files, name)) {
    spec.command.path_inside = name;
    return Done{};
  }
  CHECK(use_callers_file(name, host, spec));
  spec.command.argv.front() = spec.command.path_inside;
  return Done{};
}

// A step's file in the work directory, which an earlier step may have yet to make.
void use_path_inside(const std::string& name, Spec& spec) {
  const std::size_t start = name.starts_with("./") ? 2 : 0;
  spec.command.path_inside = fmt::format("{}/{}", spec.command.directory, name.substr(start));
}

// A program that came with the request.
void use_bytes(const Request& request, Spec& spec) {
  spec.command.path_inside = place_for_program(spec.files) + "/program";
  spec.files.mounts.push_back({.source = "",
                               .target = spec.command.path_inside,
                               .is_directory = false,
                               .copy = true,
                               .bytes = request.program->view().size(),
                               .contents = request.program});
  spec.command.argv.front() = spec.command.path_inside;
}

}  // namespace

Result<Done> find_program(const Request& request, const std::string& path, Spec& spec) {
  if (request.program != nullptr) {
    use_bytes(request, spec);
    return Done{};
  }
  const std::string& name = request.command.front();
  if (name.empty()) {
    return Error(Tag::program_not_found, "looking for a program with an empty name", ENOENT);
  }
  if (request.is_step && !name.starts_with('/') && name.find('/') != std::string::npos) {
    use_path_inside(name, spec);
    return Done{};
  }
  if (name.find('/') != std::string::npos) {
    return use_path(request, name, spec);
  }
  for (const std::string& directory : split(path, ':')) {
    const std::string inside = fmt::format("{}/{}", directory, name);
    if (directory.starts_with('/') && runs_inside(spec.files, inside)) {
      spec.command.path_inside = inside;
      return Done{};
    }
  }
  if (request.is_step) {
    use_path_inside(name, spec);
    return Done{};
  }
  const std::string own = host_path(request, name);
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
