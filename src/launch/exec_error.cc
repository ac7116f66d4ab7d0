#include "launch/exec_error.h"

#include <cerrno>
#include <cstring>
#include <optional>

#include <elf.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "policy/inside_view.h"
#include "sys/files.h"

namespace sb::launch {
namespace {

// What a file needs to be executed.
struct Need {
  std::string role;  // "interpreter" of a script, or "dynamic loader"
  std::string path;  // inside
};

// Limit: of what is read of a file. Kernel: the first line of a script counts to 255 bytes.
constexpr std::size_t head_size = 256;
constexpr std::size_t most_program_headers = 128;
constexpr std::size_t longest_loader = 4096;
constexpr int deepest = 5;  // Kernel: scripts whose interpreters are scripts (execve(2)).

std::string read_at(sys::FdRef file, std::uint64_t offset, std::size_t size) {
  std::string bytes(size, '\0');
  const ssize_t got = ::pread(file.number(), bytes.data(), size, static_cast<off_t>(offset));
  bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return bytes;
}

std::optional<Need> need_of_script(const std::string& head) {
  const std::string line = head.substr(2, head.find('\n') - 2);
  const std::size_t start = line.find_first_not_of(" \t");
  if (start == std::string::npos) {
    return std::nullopt;
  }
  return Need{"interpreter", line.substr(start, line.find_first_of(" \t", start) - start)};
}

std::optional<Need> need_of_elf(sys::FdRef file, const std::string& head) {
  Elf64_Ehdr header{};
  if (head.size() < sizeof header) {
    return std::nullopt;
  }
  std::memcpy(&header, head.data(), sizeof header);
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_phentsize != sizeof(Elf64_Phdr) ||
      header.e_phnum > most_program_headers) {
    return std::nullopt;
  }
  const std::string table = read_at(file, header.e_phoff, header.e_phnum * sizeof(Elf64_Phdr));
  for (std::size_t at = 0; at + sizeof(Elf64_Phdr) <= table.size(); at += sizeof(Elf64_Phdr)) {
    Elf64_Phdr segment{};
    std::memcpy(&segment, table.data() + at, sizeof segment);
    if (segment.p_type == PT_INTERP && segment.p_filesz <= longest_loader) {
      const std::string loader = read_at(file, segment.p_offset, segment.p_filesz);
      return Need{"dynamic loader", loader.substr(0, loader.find('\0'))};
    }
  }
  return std::nullopt;
}

std::optional<Need> need_of(const std::string& host) {
  const sys::OpenResult file = sys::open_path(host, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  if (file.err != 0) {
    return std::nullopt;
  }
  const std::string head = read_at(file.fd.ref(), 0, head_size);
  if (head.starts_with("#!")) {
    return need_of_script(head);
  }
  return head.starts_with(ELFMAG) ? need_of_elf(file.fd.ref(), head) : std::nullopt;
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
