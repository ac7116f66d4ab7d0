// The outcome as the Go Playground answers: what was written, with the delays to play it with.
// Must not judge; programs that decide read the JSON document.
#pragma once

#include "base/error.h"
#include "result/outcome.h"
#include "result/sink.h"

namespace sb::result {

// {"Errors", "Events": [{"Message", "Kind", "Delay"}], "Status", "IsTest", "TestsFailed"}. The
// outcome must have captured both streams with their timeline. `is_test`: the program was told to
// show its tests, and those that failed are counted.
Result<Done> write_playground(const Outcome& outcome, bool is_test, const Sink& sink, bool pretty);

}  // namespace sb::result
