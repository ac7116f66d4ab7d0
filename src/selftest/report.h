// Report: what selftest found, a row for each promise, and its spellings: a table and JSON.
// Must not try or judge anything (rows_*.cc do).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "result/sink.h"

namespace sb::selftest {

enum class State {
  held,
  broken,
  not_provided,  // this host, this caller or this profile does not have it; `outcome` says why
  untried,       // the attempt could not be made: nothing is known, and that is no pass
};

std::string_view name_of(State state);

struct Verdict {
  State state = State::untried;
  std::string outcome = "was not tried";
  std::string tag = {};  // of the error that says why it is not provided; else empty
};

struct Row {
  std::string group;
  std::string promise;
  std::string attempt;
  Verdict verdict = {};
};

struct Report {
  std::string profile;
  std::string profile_sha256;
  std::string kernel;
  std::uint32_t uid = 0;
  bool is_root = false;
  std::vector<Row> rows;
  std::uint64_t elapsed_ns = 0;

  // The groups in the order of their first rows.
  void sort_by_group();
  // The row's place, for who judges it later.
  std::size_t add(std::string group, std::string promise, std::string attempt);
  std::size_t count(State state) const;
  // No promise is broken, and each one that is provided was tried.
  bool holds() const;
};

std::string report_text(const Report& report);
// Schema sandbox.selftest/v1 (packaging/selftest.schema.json). Error: what the sink returned.
Result<Done> write_report_json(const Report& report, const result::Sink& sink, bool pretty);

}  // namespace sb::selftest
