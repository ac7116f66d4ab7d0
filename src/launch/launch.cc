#include "launch/launch.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "launch/inside/inside.h"
#include "launch/stages.h"
#include "sys/clone.h"
#include "sys/files.h"
#include "sys/heap.h"
#include "sys/passed_fds.h"

namespace sb::launch {
namespace {

struct Pair {
  sys::Fd ours;
  sys::Fd theirs;
};

Result<Pair> make_control() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    return Error(Tag::launch_clone, "making the control socket", errno);
  }
  return Pair{sys::Fd(ends[0]), sys::Fd(ends[1])};
}

Result<Pair> make_error_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return Error(Tag::launch_clone, "making the error pipe", errno);
  }
  return Pair{sys::Fd(ends[0]), sys::Fd(ends[1])};
}

std::uint64_t clone_flags(const policy::Spec& spec) {
  std::uint64_t flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS;
  if (spec.ids != policy::IdMode::plain) {
    flags |= CLONE_NEWUSER;
  }
  if (spec.network != policy::NetworkMode::host) {
    flags |= CLONE_NEWNET;
  }
  return flags;
}

// Whether this caller may make these namespaces, if not in a cgroup of another's choice.
bool can_clone(std::uint64_t flags) {
  const sys::Cloned cloned = sys::clone_process(flags);
  if (cloned.pid == 0) {
    ::_exit(0);
  }
  constexpr int wait_ms = 10'000;
  (void)cloned.process.wait(wait_ms);
  return cloned.pid > 0;
}

Error clone_error(const policy::Spec& spec, bool into_cgroup, int err) {
  // Kernel: a process enters a group only if its own and that one lie below a third whose
  // cgroup.procs the caller may write (cgroups(7), "Delegation"); the error is one of user
  // namespaces, too.
  if (into_cgroup && err == EACCES && can_clone(clone_flags(spec))) {
    return Error(Tag::cgroup_create, "cloning into the cgroup", err)
        .with_hint(
            "start sandbox in a cgroup below the one that is this user's; sandbox doctor "
            "says how");
  }
  if (err == EAGAIN) {
    return Error(Tag::launch_clone, "cloning into new namespaces", err)
        .with_hint(no_more_processes);
  }
  const bool userns = spec.ids == policy::IdMode::caller;
  // Kernel: ENOSPC is a limit of user.max_*_namespaces, EPERM a policy (user_namespaces(7)).
  return Error(userns ? Tag::host_userns : Tag::launch_clone, "cloning into new namespaces", err);
}

Result<Done> write_proc(pid_t pid, const char* file, const std::string& text) {
  const std::string path = fmt::format("/proc/{}/{}", pid, file);
  const int err = sys::write_file_at(sys::current_directory, path, text);
  if (err != 0) {
    return Error(Tag::launch_idmap, fmt::format("writing the {} of init", file), err)
        .with_stage(stage_name(inside::Stage::await_go));
  }
  return Done{};
}

// Kernel: a process can't map ids other than its own for itself; its parent, if privileged, can.
// The pid is safe to use: init is our child and only we reap it.
Result<Done> write_id_maps(const policy::Spec& spec, const HostIds* ids, pid_t pid) {
  if (spec.ids == policy::IdMode::plain) {
    return Done{};
  }
  if (spec.ids == policy::IdMode::mapped) {
    const std::string uids =
        fmt::format("0 {} 1\n{} {} 1\n", ids->init_id(), spec.inside_uid, ids->target().uid);
    const std::string gids =
        fmt::format("0 {} 1\n{} {} 1\n", ids->init_id(), spec.inside_gid, ids->target().gid);
    CHECK(write_proc(pid, "uid_map", uids));
    return write_proc(pid, "gid_map", gids);
  }
  CHECK(write_proc(pid, "setgroups", "deny"));
  CHECK(write_proc(pid, "uid_map", fmt::format("{} {} 1\n", spec.inside_uid, ::geteuid())));
  return write_proc(pid, "gid_map", fmt::format("{} {} 1\n", spec.inside_gid, ::getegid()));
}

// Kernel: going back to nice 0 needs CAP_SYS_NICE on the host, which init no longer has. Where we
// have it not either, the caller's level stays, as its own choice for its own work.
void reset_niceness(pid_t pid) { (void)::setpriority(PRIO_PROCESS, static_cast<id_t>(pid), 0); }

// Kernel: a score below the lowest that a privileged process has set needs CAP_SYS_RESOURCE on the
// host (proc(5)), so that init may not take back what root, or root's service manager, had set.
void reset_oom_score(pid_t pid) {
  if (sys::read_file("/proc/self/oom_score_adj", 16).data == "0\n") {
    return;  // Why: what init has inherited, and the file of another process costs more to open.
  }
  (void)sys::write_file_at(sys::current_directory, fmt::format("/proc/{}/oom_score_adj", pid), "0");
}

// Kernel: a hard limit is raised with CAP_SYS_RESOURCE on the host only, which nobody inside has;
// so that a caller's lower limits don't change the run, we raise our own, which clone copies.
void raise_hard_limits(inside::Plan& plan) {
  for (std::size_t i = 0; i < plan.limit_count; ++i) {
    inside::ResourceLimit& wanted = plan.limits[i];
    rlimit own{};
    if (::getrlimit(static_cast<__rlimit_resource>(wanted.resource), &own) != 0 ||
        own.rlim_max >= wanted.hard) {
      continue;
    }
    const rlimit raised{.rlim_cur = own.rlim_cur, .rlim_max = wanted.hard};
    if (::setrlimit(static_cast<__rlimit_resource>(wanted.resource), &raised) != 0 &&
        wanted.resource == RLIMIT_CORE) {
      // Why: no core at all is what that limit is for.
      wanted.soft = wanted.hard = own.rlim_max;
    }
  }
}

// Why: limits of the caller's that the sandbox has no word for must not change what becomes of the
// program (pitfall 23); each goes as high as the caller may raise it.
void lift_other_limits(const inside::Plan& plan) {
  for (const __rlimit_resource resource :
       {RLIMIT_CPU, RLIMIT_AS, RLIMIT_DATA, RLIMIT_RSS, RLIMIT_NPROC}) {
    const bool ours = std::any_of(plan.limits, plan.limits + plan.limit_count,
                                  [&](const inside::ResourceLimit& limit) {
                                    return limit.resource == static_cast<int>(resource);
                                  });
    rlimit own{};
    if (ours || ::getrlimit(resource, &own) != 0) {
      continue;
    }
    const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
    const rlimit highest{own.rlim_max, own.rlim_max};
    if (::setrlimit(resource, &unlimited) != 0) {
      (void)::setrlimit(resource, &highest);
    }
  }
}

// Why: /dev/stdout and /dev/stderr are opened anew by path, which asks for the pipe's owner.
void give_pipes(const std::array<sys::FdRef, 3>& stdio, const HostIds* ids) {
  for (const sys::FdRef fd : stdio) {
    struct stat status {};
    if (ids != nullptr && ::fstat(fd.number(), &status) == 0 && S_ISFIFO(status.st_mode)) {
      (void)!::fchown(fd.number(), ids->target().uid, ids->target().gid);
    }
  }
}

}  // namespace

Result<ProgressPage> ProgressPage::create() {
  void* memory = ::mmap(nullptr, sizeof(inside::Progress), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    return Error(Tag::launch_clone, "mapping the progress page", errno);
  }
  auto* page = new (memory) inside::Progress{};
  page->listener = -1;
  return ProgressPage(page);
}

ProgressPage::~ProgressPage() {
  if (page_ != nullptr) {
    ::munmap(page_, sizeof(inside::Progress));
  }
}

Running::~Running() {
  if (!init_.valid()) {
    return;
  }
  // Why: ends everything inside at once; ESRCH if init has ended by itself.
  (void)init_.send_signal(SIGKILL);
  constexpr int wait_ms = 10'000;
  (void)init_.wait(wait_ms);
}

bool Running::send(inside::ControlKind kind, std::uint32_t arg) const {
  inside::ControlMsg message{};
  message.kind = kind;
  message.arg = arg;
  for (;;) {
    const ssize_t put =
        ::send(control_.number(), &message, sizeof message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (put >= 0 || errno != EINTR) {
      return put == static_cast<ssize_t>(sizeof message);
    }
  }
}

Result<Done> Running::send_group(const cgroup::Group& group) const {
  return send_descriptors(inside::ControlKind::group, group.join_fds(),
                          "handing the cgroup to init", inside::Stage::await_group);
}

Result<Done> Running::send_program(sys::FdRef tree) const {
  return send_descriptors(inside::ControlKind::attach, {tree}, "handing the program to init",
                          inside::Stage::await_program);
}

Result<Done> Running::send_descriptors(inside::ControlKind kind,
                                       const std::vector<sys::FdRef>& given, const char* doing,
                                       inside::Stage stage) const {
  inside::ControlMsg message{};
  message.kind = kind;
  iovec data{.iov_base = &message, .iov_len = sizeof message};
  msghdr packet{};
  packet.msg_iov = &data;
  packet.msg_iovlen = 1;
  const sys::PassedFds passed(packet, given);
  ssize_t put = 0;
  do {
    put = ::sendmsg(control_.number(), &packet, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (put < 0 && errno == EINTR);
  // Kernel: ECONNRESET and EPIPE where init has ended.
  if (put < 0 && errno != EPIPE && errno != ECONNRESET) {
    return Error(Tag::launch_join, doing, errno).with_stage(stage_name(stage));
  }
  if (put < 0) {
    (void)init_.send_signal(SIGKILL);  // Why: it would wait for ever, should it live after all.
  }
  return Done{};
}

Result<Running> start(const policy::Spec& spec, PlanBuilder& builder, const cgroup::Group* group,
                      const HostIds* ids, const std::array<sys::FdRef, 3>& stdio) {
  Pair control = TRY(make_control());
  Pair error = TRY(make_error_pipe());
  ProgressPage progress = TRY(ProgressPage::create());
  inside::Plan& plan = builder.plan();
  plan.control_fd = control.theirs.number();
  plan.control_peer_fd = control.ours.number();
  plan.error_fd = error.theirs.number();
  plan.progress = progress.get();
  for (std::size_t i = 0; i < stdio.size(); ++i) {
    SB_ASSERT(stdio.at(i).number() > 2);
    plan.stdio[i] = stdio.at(i).number();
  }
  if (group != nullptr) {
    plan.clone_into_fd = group->target_directory().number();
    for (const sys::FdRef fd : group->join_fds()) {
      SB_ASSERT(plan.join_count < inside::max_join_fds);
      plan.join_fds[plan.join_count++] = fd.number();
    }
  }
  raise_hard_limits(plan);
  lift_other_limits(plan);
  give_pipes(stdio, ids);
  // Why: a second thread could hold a lock that the clone would inherit, held for ever.
  SB_ASSERT(sys::thread_count() <= 1);
  const sys::FdRef into_group = group != nullptr ? group->init_directory() : sys::FdRef();
  // Why: init makes files of given modes, which the caller's umask must not narrow; the target sets
  // its own.
  const mode_t callers_umask = ::umask(0);
  sys::Cloned init;
  {
    const sys::OwnHeap not_cloned;
    init = sys::clone_process(clone_flags(spec), into_group);
    if (init.pid == 0) {
      inside::run_init(plan);
    }
  }
  (void)::umask(callers_umask);
  if (init.pid < 0) {
    return clone_error(spec, into_group.valid(), init.err);
  }
  Running running(std::move(init.process), std::move(control.ours), std::move(error.ours),
                  std::move(progress));
  reset_niceness(init.pid);
  reset_oom_score(init.pid);
  CHECK(write_id_maps(spec, ids, init.pid));
  if (!running.send(inside::ControlKind::go)) {
    return Error(Tag::launch_died, "sending go to init")
        .with_stage(stage_name(inside::Stage::await_go));
  }
  return running;
}

}  // namespace sb::launch
