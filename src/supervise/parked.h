// Parked: an unused sandbox that waits, complete but for the program, for one run.
// Must not be used for a run that would have got another sandbox, nor twice.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "policy/host_facts.h"
#include "policy/spec.h"
#include "result/outcome.h"
#include "supervise/attempt.h"

namespace sb::supervise {

class Parked {
 public:
  // One for runs like that of `spec`; nullptr where there can't be one.
  static std::unique_ptr<Parked> make(const policy::Spec& spec, const policy::HostFacts& facts);

  const policy::HostFacts& facts() const { return attempt_->facts(); }

  // Whether a run of `spec` would get a sandbox like this one now: all is equal but the command,
  // the program, what stdin holds, where output goes, and limits that we watch ourselves; and what
  // it shows of the host is still what lies there.
  bool fits(const policy::Spec& spec) const;

  // As supervise::run. nullopt: nothing has been run, and another way has to be gone. What is left
  // is taken down with this.
  std::optional<result::Outcome> run(const policy::Spec& spec, const Channels& channels,
                                     std::uint64_t created_ns);

 private:
  // A file of the host's that is shown inside.
  struct Source {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;

    friend bool operator==(const Source&, const Source&) = default;
  };

  Parked(std::unique_ptr<Attempt> attempt, std::vector<Source> sources)
      : attempt_(std::move(attempt)), sources_(std::move(sources)) {}
  static std::optional<std::vector<Source>> sources_of(const policy::Spec& spec);

  std::unique_ptr<Attempt> attempt_;
  std::vector<Source> sources_;
};

}  // namespace sb::supervise
