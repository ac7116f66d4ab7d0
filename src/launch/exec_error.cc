#include "launch/exec_error.h"

#include <cerrno>
#include <optional>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "launch/needs.h"
#include "policy/inside_view.h"
#include "sys/files.h"

namespace sb::launch {
namespace {

constexpr int deepest = 5;  // Kernel: scripts whose interpreters are scripts (execve(2)).

std::optional<Need> need_of(const std::string& host) {
  const sys::OpenResult file = sys::open_path(host, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  return file.err == 0 ? need_of_file(file.fd.ref()) : std::nullopt;
}

bool is_there(const policy::Files& files, const std::string& inside) {
  const std::optional<std::string> host = policy::host_path_of(files, inside);
  return host && sys::stat_path(*host).has_value();
}

// The first thing in the chain program, interpreter, loader that is not inside.
std::optional<Need> missing_need(const policy::Spec& spec) {
  std::string inside = spec.command.path_inside;
  for (int depth = 0; depth < deepest; ++depth) {
    const std::optional<std::string> host = policy::host_path_of(spec.files, inside);
    std::optional<Need> need = host ? need_of(*host) : std::nullopt;
    if (!need) {
      return std::nullopt;
    }
    // Kernel: a relative interpreter is looked for in the working directory.
    inside = need->path.starts_with('/') ? need->path : spec.command.directory + "/" + need->path;
    if (!is_there(spec.files, inside)) {
      return need;
    }
  }
  return std::nullopt;
}

// Why a file that is there may not be executed, where it shows.
std::string hint_for_denied(const policy::Spec& spec) {
  const std::optional<std::string> host =
      policy::host_path_of(spec.files, spec.command.path_inside);
  struct ::statvfs system {};
  if (host && ::statvfs(host->c_str(), &system) == 0 && (system.f_flag & ST_NOEXEC) != 0) {
    return "its file system is mounted noexec";
  }
  const auto status = host ? sys::stat_path(*host) : std::nullopt;
  if (status && spec.ids != policy::IdMode::caller && (status->st_mode & 05) != 05) {
    return "the program runs as another user, who may not read and execute it (chmod o+rx)";
  }
  return {};
}

}  // namespace

Error exec_error(const policy::Spec& spec, int err) {
  const std::string doing = fmt::format("executing \"{}\"", spec.command.path_inside);
  // Why: what the host lacks says nothing about the program.
  for (const int shortage : {EAGAIN, ENOMEM, ENFILE, EMFILE, EIO}) {
    if (err == shortage) {
      return Error(Tag::launch_init, doing, err).with_stage("exec");
    }
  }
  if (err == ENOENT || err == ENOTDIR) {
    if (const std::optional<Need> need = missing_need(spec)) {
      return Error(Tag::program_not_found,
                   fmt::format("{}, whose {} \"{}\" does not exist inside", doing, need->role,
                               need->path),
                   err)
          .with_stage("exec")
          .with_hint("--mount shows more of the host");
    }
    return Error(Tag::program_not_found, doing, err)
        .with_stage("exec")
        .with_hint(
            "the file, its interpreter (the first line of a script) or its dynamic loader does "
            "not exist inside; --mount shows more of the host");
  }
  Error error = Error(Tag::program_not_executable, doing, err).with_stage("exec");
  const std::string hint = err == EACCES ? hint_for_denied(spec) : std::string();
  return hint.empty() ? std::move(error) : std::move(error).with_hint(hint);
}

}  // namespace sb::launch
