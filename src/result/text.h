// Other spellings of the outcome: a few lines for people, and the meta file of ioi/isolate.
// Must not judge, and must not be parsed: programs read the JSON document.
#pragma once

#include "base/error.h"
#include "result/outcome.h"
#include "result/sink.h"

namespace sb::result {

// Status, usage and the start of what was captured, with control characters made visible.
Result<Done> write_text(const Outcome& outcome, const Sink& sink);

// key:value lines as in isolate(1), META-FILES. Sizes there are KiB, times seconds.
Result<Done> write_isolate(const Outcome& outcome, const Sink& sink);

}  // namespace sb::result
