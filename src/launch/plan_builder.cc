#include "launch/plan_builder.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <type_traits>

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/files.h"

namespace sb::launch {
namespace {

static_assert(std::is_standard_layout_v<inside::Plan> &&
                  std::is_trivially_destructible_v<inside::Plan>,
              "nothing that runs between clone and execve may own anything");

inside::MountKind lowered(fs::OpKind kind, bool by_path) {
  switch (kind) {
    case fs::OpKind::tmpfs:
      return inside::MountKind::tmpfs;
    case fs::OpKind::directory:
      return inside::MountKind::directory;
    case fs::OpKind::file:
      return inside::MountKind::file;
    case fs::OpKind::symlink:
      return inside::MountKind::symlink;
    case fs::OpKind::target:
      return inside::MountKind::target;
    case fs::OpKind::host:
      return by_path ? inside::MountKind::bind_host : inside::MountKind::attach;
    case fs::OpKind::bind:
      return inside::MountKind::bind;
    case fs::OpKind::scratch:
      return inside::MountKind::bind_scratch;
    case fs::OpKind::copy:
      return inside::MountKind::copy;
    case fs::OpKind::proc:
      return inside::MountKind::proc;
    case fs::OpKind::overlay:
      return inside::MountKind::overlay;
    case fs::OpKind::detach:
      return inside::MountKind::detach;
    case fs::OpKind::attributes:
      return inside::MountKind::attributes;
  }
  return inside::MountKind::directory;
}

// Why: two tags: what the caller named can't be had, or this host can't give it to anybody.
Error source_error(const std::string& path, const char* doing, int err) {
  // Kernel: EPERM is the right to clone mounts, ENOSYS the call itself; neither is of the path.
  for (const int of_host : {EMFILE, ENFILE, ENOMEM, EPERM, ENOSYS}) {
    if (err == of_host) {
      return Error(Tag::launch_mount, fmt::format("{} \"{}\"", doing, path), err);
    }
  }
  return Error(Tag::files_source, fmt::format("{} \"{}\"", doing, path), err);
}

// Kernel: since 5.12; with a size of 0 it is EINVAL.
bool has_mount_setattr() {
  return ::syscall(SYS_mount_setattr, -1, nullptr, 0, nullptr, 0) == 0 || errno != ENOSYS;
}

// A detached copy of the mounts below `path`.
// Why: here and not by init: as an unprivileged id it could not pass a directory of mode 0700.
Result<sys::Fd> open_tree(const std::string& path, bool recursive) {
  const unsigned deep = recursive ? static_cast<unsigned>(AT_RECURSIVE) : 0;
  // Why no link: the caller's were followed when the mount was planned, and one that has come
  // since is not the caller's (pitfall 5).
  sys::Fd tree(static_cast<int>(
      ::syscall(SYS_open_tree, AT_FDCWD, path.c_str(),
                OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW | deep)));
  if (!tree.valid()) {
    return source_error(path, "opening the mount tree of", errno);
  }
  return tree;
}

// Makes each mount of a detached tree private, with these attributes.
Result<Done> restrict_tree(sys::FdRef tree, const fs::MountOp& op) {
  const unsigned deep = op.recursive ? static_cast<unsigned>(AT_RECURSIVE) : 0;
  mount_attr attr{};
  attr.attr_set = op.attributes;
  // Why: what the host mounts there later must not appear inside a running sandbox.
  attr.propagation = 1UL << 18;  // MS_PRIVATE
  if (::syscall(SYS_mount_setattr, tree.number(), "", AT_EMPTY_PATH | deep, &attr, sizeof attr) !=
      0) {
    return Error(Tag::launch_mount, fmt::format("setting mount attributes of \"{}\"", op.text),
                 errno);
  }
  return Done{};
}

// Where init can mount the new root before it becomes the root: any directory will do that hides
// none of the host paths that init itself has yet to clone.
const char* staging_directory(const std::vector<inside::MountStep>& steps) {
  for (const std::string_view path : {"/mnt", "/tmp", "/run", "/proc"}) {
    const auto hidden = [path](const inside::MountStep& step) {
      const std::string_view source = step.text;
      return step.kind == inside::MountKind::bind_host && source.starts_with(path) &&
             (source.size() == path.size() || source[path.size()] == '/');
    };
    const auto status = sys::stat_path(std::string(path));
    if (status && S_ISDIR(status->st_mode) && std::none_of(steps.begin(), steps.end(), hidden)) {
      return path.data();  // Safety: of a literal, so it ends in NUL.
    }
  }
  return "/";
}

}  // namespace

char* const* PlanBuilder::keep_array(const std::vector<std::string>& words) {
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (const std::string& word : words) {
    pointers.push_back(pages_.keep(word));
  }
  pointers.push_back(nullptr);
  return pages_.keep_all<char*>(pointers).data();
}

Result<inside::MountStep> PlanBuilder::lower(const fs::MountOp& op, bool by_path,
                                             OwnerMapper& mapper) {
  inside::MountStep step{};
  step.kind = lowered(op.kind, by_path);
  step.mode = op.mode;
  step.attributes = op.attributes;
  step.path = keep(op.path);
  step.text = keep(op.text);
  step.text_size = op.text.size();
  step.fd = -1;
  step.owned = op.owned;
  step.recursive = op.recursive;
  step.optional = op.optional;
  if (step.kind == inside::MountKind::attach) {
    fds_.push_back(TRY(open_tree(op.text, op.recursive)));
    step.fd = fds_.back().number();
    if (!plan_.remount) {
      CHECK(restrict_tree(fds_.back().ref(), op));
    }
    if (op.as_owner) {
      CHECK(mapper.map(fds_.back().ref(), op));
    }
  } else if (op.contents != nullptr) {
    fds_.push_back(TRY(op.contents->reopen(Tag::launch_mount)));
    step.fd = fds_.back().number();
  } else if (step.kind == inside::MountKind::copy) {
    sys::OpenResult file = sys::open_path(op.text, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
    if (file.err != 0) {
      return source_error(op.text, "opening", file.err);
    }
    fds_.push_back(std::move(file.fd));
    step.fd = fds_.back().number();
  }
  return step;
}

Result<std::vector<inside::MountStep>> PlanBuilder::lower_all(const policy::Spec& spec,
                                                              HostIds* ids) {
  ops_ = fs::plan_mounts(spec);
  fds_.clear();
  std::vector<inside::MountStep> steps;
  // Kernel: cloning mounts needs CAP_SYS_ADMIN over this mount namespace; without it init clones
  // them in its own, where it has that capability, with the caller's right to read.
  const bool by_path = spec.ids == policy::IdMode::caller;
  OwnerMapper mapper(spec.files.workspace_owner, ids);
  for (const fs::MountOp& op : ops_) {
    steps.push_back(TRY(lower(op, by_path, mapper)));
  }
  warnings_.insert(warnings_.end(), mapper.warnings().begin(), mapper.warnings().end());
  return steps;
}

Result<Done> PlanBuilder::add_mounts(const policy::Spec& spec, HostIds* ids) {
  const std::optional<policy::Owner> before =
      ids != nullptr ? std::optional(ids->target()) : std::nullopt;
  std::vector<inside::MountStep> steps = TRY(lower_all(spec, ids));
  if (before && ids->target() != *before) {
    // Why: anew, since other mounts were mapped to the ids of before.
    const std::vector<std::string> warnings = warnings_;
    policy::Spec changed = spec;
    if (spec.ids == policy::IdMode::plain) {
      changed.inside_uid = ids->target().uid;
      changed.inside_gid = ids->target().gid;
    }
    steps = TRY(lower_all(changed, ids));
    warnings_ = warnings;
    plan_.uid = changed.inside_uid;
    plan_.gid = changed.inside_gid;
  }
  plan_.mounts = pages_.keep_all<inside::MountStep>(steps).data();
  plan_.mount_count = steps.size();
  plan_.staging = staging_directory(steps);
  plan_.root_data = keep(fs::root_mount_data(spec));
  return Done{};
}

void PlanBuilder::add_limits(const policy::Limits& limits, const policy::ProcessLimits& own) {
  const auto add = [this](int resource, std::uint64_t value) {
    plan_.limits[plan_.limit_count++] = {resource, value, value};
  };
  // Kernel: 1, not 0: a core_pattern that pipes starts its helper, on the host, even for 0 bytes;
  // 1 is refused by it (core(5), decisions 14).
  add(RLIMIT_CORE, 1);
  if (limits.file_size_bytes) {
    add(RLIMIT_FSIZE, *limits.file_size_bytes);
  }
  if (limits.open_files) {
    add(RLIMIT_NOFILE, *limits.open_files);
  }
  if (limits.stack_bytes) {
    add(RLIMIT_STACK, *limits.stack_bytes);
  }
  if (own.processes) {
    // Why: init and the guard may have the same id as the target.
    add(RLIMIT_NPROC, *own.processes + 2);
  }
  if (own.cpu_seconds) {
    // Kernel: SIGXCPU at the soft limit, which says why; SIGKILL at the hard one (getrlimit(2)).
    plan_.limits[plan_.limit_count++] = {RLIMIT_CPU, *own.cpu_seconds, *own.cpu_seconds + 1};
  }
  if (own.data_bytes) {
    add(RLIMIT_DATA, *own.data_bytes);
  }
}

void PlanBuilder::add_puts(const policy::Files& files) {
  std::vector<inside::PutStep> puts;
  for (const policy::FileToPut& put : files.put) {
    puts.push_back({.target = keep(put.target.substr(1)),
                    .name = put.name.empty() ? nullptr : keep(put.name),
                    .into = put.into,
                    .own = !put.extract});
  }
  plan_.puts = pages_.keep_all<inside::PutStep>(puts).data();
  plan_.put_count = puts.size();
  plan_.put_fd = -1;
}

Result<Done> PlanBuilder::build(const policy::Spec& spec, HostIds* ids) {
  plan_.uid = spec.inside_uid;
  plan_.gid = spec.inside_gid;
  plan_.remount = !has_mount_setattr();
  CHECK(add_mounts(spec, ids));
  add_limits(spec.limits, spec.rlimits);
  plan_.hostname = keep(spec.hostname);
  plan_.hostname_size = spec.hostname.size();
  plan_.loopback = spec.network == policy::NetworkMode::loopback;
  plan_.map_ids = spec.ids == policy::IdMode::mapped;
  plan_.plain_ids = spec.ids == policy::IdMode::plain;
  plan_.drop_groups = spec.ids != policy::IdMode::caller;
  plan_.clone_into_fd = -1;
  add_puts(spec.files);
  plan_.cgroup_namespace = true;
  plan_.directory = keep(spec.command.directory);
  plan_.program = keep(spec.command.path_inside);
  plan_.argv = keep_array(spec.command.argv);
  plan_.environment = keep_array(spec.command.environment);
  return Done{};
}

Result<Done> PlanBuilder::await_command() {
  late_.emplace(TRY(LatePages::create()));
  plan_.late = &late_->steps();
  plan_.program = late_->program();
  plan_.argv = late_->argv();
  plan_.environment = late_->environment();
  return Done{};
}

bool PlanBuilder::set_command(const policy::Command& command) {
  return late_->set_command(command);
}

Result<sys::Fd> PlanBuilder::late_program(const policy::HostMount& program) {
  inside::LateCommand& late = late_->steps();
  sys::Fd tree;
  late.step_count = 0;
  for (const fs::MountOp& op : fs::place_program(program)) {
    inside::MountStep step{};
    step.kind = lowered(op.kind, false);
    step.mode = op.mode;
    step.attributes = op.attributes;
    step.path = late_->keep(op.path);
    if (step.path == nullptr) {
      return Error(Tag::launch_mount, fmt::format("keeping the path \"{}\"", op.path), E2BIG);
    }
    if (op.kind == fs::OpKind::host) {
      tree = TRY(open_tree(op.text, op.recursive));
      CHECK(restrict_tree(tree.ref(), op));
    }
    late.steps[late.step_count++] = step;
  }
  return tree;
}

void PlanBuilder::set_trace_filter(const seccomp::BpfProgram& program) {
  plan_.trace_filter = pages_.keep_all<sock_filter>(program.instructions).data();
  plan_.trace_filter_size = static_cast<std::uint16_t>(program.instructions.size());
}

void PlanBuilder::set_filter(const seccomp::BpfProgram& program) {
  filter_ = program;
  plan_.filter = pages_.keep_all<sock_filter>(program.instructions).data();
  plan_.filter_size = static_cast<std::uint16_t>(program.instructions.size());
}

}  // namespace sb::launch
