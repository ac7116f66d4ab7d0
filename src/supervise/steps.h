// Programs that run one after the other, each in a sandbox of its own, and share a work directory.
// Must not know where their specs came from.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "policy/host_facts.h"
#include "result/outcome.h"
#include "supervise/attempt.h"
#include "supervise/prepare.h"

namespace sb::supervise {

// As run(), of all of them: the first that does not end well is the last. The outcome is that of
// the last that ran, with all in its `steps`; of a single nameless one it is run()'s.
result::Outcome run_steps(std::vector<Step> steps, const policy::HostFacts& facts,
                          const Channels& channels, std::uint64_t created_ns,
                          std::unique_ptr<Attempt>* left = nullptr);

}  // namespace sb::supervise
