// The result document, schema sandbox.result/v1 (packaging/result.schema.json).
// Must not judge: every field is the outcome's, in the order of the contract.
#pragma once

#include "base/error.h"
#include "result/outcome.h"
#include "result/sink.h"

namespace sb::result {

// The captured bytes are escaped on their way to the sink, never copied whole.
// Error: what the sink returned.
Result<Done> write_json(const Outcome& outcome, const Sink& sink, bool pretty);

// Only the `error` object, with a line end: for `serve`, and for tools that fail before a run.
Result<Done> write_error_json(const Error& error, const Sink& sink);

}  // namespace sb::result
