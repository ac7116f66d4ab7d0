// What comes whole from a file or stdin: the text of `--request`, the bytes of `--program`; and is
// put back for a second reader.
// Must not give a request's fields a meaning: policy/request_document.h and options.cc do.
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

// The bytes of an executable. `source`: a file, or "-" for stdin. Errors: as policy::program_of.
Result<policy::SharedProgram> read_given_program(const std::string& source);

// Makes `text` what stdin holds, for a program that takes our place.
Result<Done> put_back_on_stdin(std::string_view text);

}  // namespace sb::cli
