// Sink: where a document goes, piece by piece. Memory, a file, a socket: the writers don't know.
// Must not keep the bytes it is given: the view is valid during the call only.
#pragma once

#include <functional>
#include <string_view>

#include "base/error.h"

namespace sb::result {

// Takes all of the bytes, or returns an error (io.result where it writes to a descriptor).
using Sink = std::function<Result<Done>(std::string_view)>;

}  // namespace sb::result
