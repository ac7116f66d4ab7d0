// The text of `--request`: read whole from a file or stdin, and put back for a second reader.
// Must not give its fields a meaning: policy/request_document.h and options.cc do.
#pragma once

#include <string>

#include "base/error.h"
#include "policy/request_document.h"

namespace sb::cli {

struct GivenRequest {
  policy::RequestDocument document;
  std::string text;  // of stdin, which can't be read again; else empty
};

// `source`: a file, or "-" for stdin. Errors: request.*.
Result<GivenRequest> read_given_request(const std::string& source);

// Makes `text` what stdin holds, for a program that takes our place.
Result<Done> put_back_on_stdin(const std::string& text);

}  // namespace sb::cli
