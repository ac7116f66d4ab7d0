// Seen: what one finished run of `sandbox` left: its result document and what the probe told.
// Must not start runs (runner.h) or judge (rows_*.cc).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "policy/config_value.h"
#include "selftest/report.h"

namespace sb::selftest {

class Seen {
 public:
  // `document`: what was written as result. `shown`: what came on stdout and stderr.
  Seen(int exit_status, const std::string& document, std::string shown);

  bool has_document() const { return document_.has_value(); }
  int exit_status() const { return exit_status_; }
  // A value of the document ("violations.0.syscall"); empty where it is absent or null.
  std::string text(std::string_view path) const;
  std::string status() const { return text("status"); }
  // A "key=value" line of the probe.
  std::optional<std::string> fact(std::string_view key) const;

  // Why nothing can be judged by this run: it failed, or the host lacks something. nullopt: it ran.
  std::optional<Verdict> did_not_run() const;
  // What follows from a fact that the probe did not come to tell.
  Verdict stopped_early() const;

 private:
  int exit_status_;
  std::optional<policy::ConfigValue> document_;
  std::string shown_;
  std::string told_;  // the probe's stdout
};

}  // namespace sb::selftest
