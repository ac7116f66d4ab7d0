// Starting a sandbox: clone, hand-shake, and the ends that the supervisor keeps.
// Must not wait for the program or judge it: that is supervise/.
//
// Theory of operation. Three processes: the supervisor (this one, outside), init (PID 1 of the new
// pid namespace, our code) and the target (our code until it execs the program).
//   1. PlanBuilder has turned the spec into a Plan: flat, complete, before anything is cloned.
//   2. start() makes three channels (inside/protocol.h): an error pipe that carries one report if
//      a stage fails, a shared page with the stage each side is in, and a control socket.
//   3. clone3 with all namespaces makes init, which waits. The supervisor writes the id maps of its
//      user namespace, which init can't, and sends `go`.
//   4. Init builds the root from host mounts that the supervisor opened, then clones the target,
//      gives up its rights and serves: it reaps, forwards signals, kills when told to.
//   5. The target joins the cgroup, drops everything, loads the filter, execs. Its end of the error
//      pipe closes at that moment (O_CLOEXEC).
// No process is ever named by its number across the namespace; signals travel as messages. If
// the supervisor dies, init sees the control socket end (and has PR_SET_PDEATHSIG), and the end of
// init is the end of all.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "base/error.h"
#include "cgroup/group.h"
#include "launch/host_ids.h"
#include "launch/inside/protocol.h"
#include "launch/packets.h"
#include "launch/plan_builder.h"
#include "policy/spec.h"
#include "sys/fd.h"
#include "sys/process.h"

namespace sb::launch {

// The page that inside writes and the supervisor reads.
class ProgressPage {
 public:
  static Result<ProgressPage> create();
  ProgressPage(ProgressPage&& other) noexcept : page_(std::exchange(other.page_, nullptr)) {}
  ProgressPage& operator=(ProgressPage&&) = delete;
  ~ProgressPage();

  inside::Progress* get() const { return page_; }

 private:
  explicit ProgressPage(inside::Progress* page) : page_(page) {}
  inside::Progress* page_;
};

// A started sandbox. The destructor kills init, and with it everything inside, and reaps it.
class Running {
 public:
  Running(Running&&) noexcept = default;
  Running& operator=(Running&&) = delete;
  ~Running();

  sys::FdRef control() const { return control_.ref(); }
  sys::FdRef error_pipe() const { return error_pipe_.ref(); }
  const sys::Pidfd& init() const { return init_; }
  inside::Progress& progress() const { return *progress_.get(); }

  // The next packet, nullopt if there is none now. Errors: launch.protocol, launch.died at its end.
  Result<std::optional<Received>> receive() const { return receive_packet(control_.ref()); }
  // False: init is gone.
  bool send(inside::ControlKind kind, std::uint32_t arg = 0) const;
  // Hands over the `tasks` files of a group that init waits for (Plan::group_follows). Done, too,
  // where init is gone: the error pipe says why.
  Result<Done> send_group(const cgroup::Group& group) const;
  // The same of the tree of a program, for an init that awaits it (Plan::late).
  Result<Done> send_program(sys::FdRef tree) const;
  bool has_report() const { return launch::has_report(error_pipe_.ref()); }
  // The report in the error pipe, if a stage failed. nullopt at its plain end.
  Result<std::optional<inside::StageReport>> read_report() const {
    return launch::read_report(error_pipe_.ref());
  }

 private:
  Result<Done> send_descriptors(inside::ControlKind kind, const std::vector<sys::FdRef>& fds,
                                const char* doing, inside::Stage stage) const;

  friend Result<Running> start(const policy::Spec&, PlanBuilder&, const cgroup::Group*,
                               const HostIds*, const std::array<sys::FdRef, 3>&);
  Running(sys::Pidfd init, sys::Fd control, sys::Fd error_pipe, ProgressPage progress)
      : init_(std::move(init)),
        control_(std::move(control)),
        error_pipe_(std::move(error_pipe)),
        progress_(std::move(progress)) {}

  sys::Pidfd init_;
  sys::Fd control_;
  sys::Fd error_pipe_;
  ProgressPage progress_;
};

// Starts `spec`; `stdio` are the target's 0, 1 and 2, each a descriptor above 2. `group` may be
// null (no cgroup), `ids` is null unless spec.ids asks for them. Errors: launch.clone,
// launch.idmap, host.userns.
Result<Running> start(const policy::Spec& spec, PlanBuilder& builder, const cgroup::Group* group,
                      const HostIds* ids, const std::array<sys::FdRef, 3>& stdio);

}  // namespace sb::launch
