// Two runs, at once and one after the other: no bit goes from one to the other.
#include <array>
#include <memory>

#include <fmt/core.h>

#include "selftest/probes/probe.h"
#include "selftest/subject.h"
#include "sys/files.h"

namespace sb::selftest {
namespace {

struct Channel {
  const char* key;  // of the probe "receive"
  const char* promise;
};

constexpr std::array channels = {
    Channel{"sysv_shm", "System V shared memory"},
    Channel{"sysv_sem", "System V semaphores"},
    Channel{"sysv_msg", "System V message queues"},
    Channel{"posix_mq", "POSIX message queues"},
    Channel{"keyring", "the user's keyring"},
    Channel{"abstract_socket", "abstract sockets"},
    Channel{"loopback", "ports of the loopback"},
    Channel{"vsock", "ports of vsock"},
    Channel{"netlink", "ports of netlink"},
    Channel{"/dev/shm/said", "files in /dev/shm"},
    Channel{"/tmp/said", "files in /tmp"},
    Channel{"/workspace/said", "files in /workspace"},
    Channel{"processes", "numbers of processes"},
    Channel{"flock", "flock(2) on a shared file"},
    Channel{"ofd_lock", "OFD locks on a shared file"},
    Channel{"posix_lock", "POSIX locks on a shared file"},
    Channel{"inotify", "inotify(7) on a shared file"},
};

bool is_of_files(const std::string& key) {
  return key == "flock" || key == "ofd_lock" || key == "posix_lock" || key == "inotify";
}

// Which channels a profile leaves open is documented (sandbox-security(7)): `default`, and what
// extends it without saying more, all of files; `compile` flock.
bool is_promised(const std::string& profile, const std::string& key) {
  if (!is_of_files(key)) {
    return true;
  }
  if (profile == "compile") {
    return key != "flock";
  }
  for (const char* const name :
       {"c", "cpp", "go", "java", "node", "perl", "python", "rust", "shell", "strict"}) {
    if (profile == name) {
      return true;
    }
  }
  return false;
}

Verdict judge_channel(const Subject& subject, const Channel& channel, const Seen& sender,
                      const Seen& receiver) {
  for (const Seen* const seen : {&sender, &receiver}) {
    if (const std::optional<Verdict> nothing = seen->did_not_run()) {
      return *nothing;
    }
  }
  if (is_of_files(channel.key) && receiver.fact("file") != "ok") {
    return {State::not_provided, "there is no file that both see"};
  }
  const std::optional<std::string> bit = receiver.fact(channel.key);
  if (!bit) {
    return receiver.stopped_early();
  }
  if (*bit == "0") {
    return sender.fact("ready") ? Verdict{State::held, "nothing came"} : sender.stopped_early();
  }
  if (!is_promised(subject.spec.profile_name, channel.key)) {
    return {State::not_provided, "the profile allows it; others don't (sandbox-security(7))"};
  }
  return {State::broken, "the bit came"};
}

struct ChannelRows {
  std::vector<std::size_t> at_once;
  std::vector<std::size_t> after;
};

// A file that both runs see and neither may write; one that nobody has open at most times, since
// inotify(7) tells of everybody who opens it.
std::string shared_file(const Subject& subject) {
  std::string usual = "/usr/lib/os-release";
  for (const policy::HostMount& mount : subject.spec.files.mounts) {
    if (mount.target == "/usr" && sys::stat_path(usual)) {
      return usual;
    }
  }
  return subject.spec.command.path_inside;
}

void judge_all(const Subject& subject, const std::vector<std::size_t>& rows, const Seen& sender,
               const std::optional<Seen>& receiver) {
  for (std::size_t i = 0; i < channels.size(); ++i) {
    Verdict verdict = sender.did_not_run().value_or(sender.stopped_early());
    if (receiver) {
      verdict = judge_channel(subject, channels.at(i), sender, *receiver);
    }
    subject.judge(rows[i], verdict);
  }
}

Job receiving(const Subject& subject, std::function<void(const Seen&)> done) {
  return {.probe = {"receive", shared_file(subject)}, .goes_on = true, .done = std::move(done)};
}

void try_after(const Subject& subject, const std::shared_ptr<const ChannelRows>& rows) {
  Job job{.probe = {"send", shared_file(subject)}, .goes_on = true};
  job.done = [&subject, rows](const Seen& sender) {
    subject.runner.add(receiving(subject, [&subject, rows, sender](const Seen& receiver) {
      judge_all(subject, rows->after, sender, receiver);
    }));
  };
  subject.runner.add(std::move(job));
}

void try_at_once(const Subject& subject, const std::shared_ptr<const ChannelRows>& rows) {
  const auto receiver = std::make_shared<std::optional<Seen>>();
  Job job{.probe = {"send", shared_file(subject), "stay"}, .goes_on = true};
  job.ready = [&subject, receiver](std::size_t id, pid_t, const Seen&) {
    subject.runner.add(receiving(subject, [&subject, receiver, id](const Seen& seen) {
      *receiver = seen;
      subject.runner.stop(id);
    }));
  };
  job.done = [&subject, receiver, rows](const Seen& sender) {
    judge_all(subject, rows->at_once, sender, *receiver);
    try_after(subject, rows);  // Why now: who still says 1 would be heard.
  };
  subject.runner.add(std::move(job));
}

}  // namespace

void try_channels(Subject& subject) {
  auto rows = std::make_shared<ChannelRows>();
  for (const Channel& channel : channels) {
    rows->at_once.push_back(
        subject.report.add("Two runs at once", channel.promise, "one says 1, the other looks"));
  }
  for (const Channel& channel : channels) {
    rows->after.push_back(subject.report.add("Two runs, one after the other", channel.promise,
                                             "one says 1, the next looks"));
  }
  try_at_once(subject, rows);
}

}  // namespace sb::selftest
