// The page that inside writes: whatever stands in it, only stages, errors and times that can be.
#include <cstring>
#include <memory>

#include "fuzz/properties.h"
#include "fuzz/targets.h"
#include "launch/exec_error.h"
#include "launch/stages.h"
#include "supervise/heard.h"

#undef CHECK

namespace sbfuzz {

using sb::inside::Progress;
using sb::inside::Stage;

void fuzz_progress(std::string_view bytes) {
  Input input(bytes);
  const std::uint64_t created_ns = input.number(2);
  const std::uint64_t now_ns = created_ns + input.number(4);
  const Stage timed_by = input.flip() ? Stage::exec : Stage::seccomp;
  const bool plausible = input.flip();
  Progress page{};
  // Safety: the page is plain words; any bytes are values of them.
  std::memcpy(static_cast<void*>(&page), input.rest().data(),
              std::min(sizeof page, input.rest().size()));
  if (plausible) {
    page.init_stage = page.init_stage % (sb::inside::stage_count + 1);
    page.target_stage = sb::inside::stage_count - page.target_stage % 4;
    page.exec_errno = page.exec_errno % 3;
    const auto at = static_cast<std::size_t>(timed_by);
    page.entered_ns[at] = created_ns + page.entered_ns[at] % (now_ns - created_ns + 2);
  }
  const auto facts = sb::supervise::read_progress(page, timed_by, created_ns, now_ns);
  const std::uint64_t told_ns = page.entered_ns[static_cast<std::size_t>(timed_by)];
  const bool executed = page.target_stage == static_cast<std::uint32_t>(Stage::exec);
  if (!facts) {
    expect_clear(facts.error());
    HOLDS(facts.error().tag() == sb::Tag::launch_protocol);
    HOLDS(page.init_stage >= sb::inside::stage_count ||
          page.target_stage >= sb::inside::stage_count || page.exec_errno < 0 ||
          page.exec_errno > 4095 ||
          (executed && (told_ns + sb::supervise::clock_skew_ns < created_ns ||
                        told_ns - now_ns > sb::supervise::clock_skew_ns)));
    return;
  }
  HOLDS(static_cast<std::uint32_t>(facts->init_stage) == page.init_stage);
  HOLDS(static_cast<std::uint32_t>(facts->target_stage) == page.target_stage);
  HOLDS(sb::launch::stage_name(facts->target_stage) != "unknown");
  HOLDS(sb::launch::stage_name(facts->init_stage) != "unknown");
  HOLDS(facts->exec_errno == page.exec_errno);
  if (facts->exec_errno != 0) {
    sb::policy::Spec spec;
    spec.command.path_inside = "/workspace/prog";
    const sb::Error error = sb::launch::exec_error(spec, facts->exec_errno);
    expect_clear(error);
    HOLDS(error.err() == facts->exec_errno);
  } else if (executed) {
    HOLDS(facts->exec_ns >= created_ns && facts->exec_ns <= now_ns);
  }
}

}  // namespace sbfuzz
