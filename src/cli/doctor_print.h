// The report of `sandbox doctor` as a table for people, and as the document sandbox.doctor/v1.
// Must not judge: doctor_checks.h does.
#pragma once

#include <string>
#include <vector>

#include "cli/doctor_checks.h"
#include "result/sink.h"

namespace sb::cli {

// `removed`: the groups that --clean removed.
std::string report_text(const Report& report, const DoctorFacts& facts,
                        const std::vector<std::string>& removed);
Result<Done> write_report_json(const Report& report, const DoctorFacts& facts,
                               const std::vector<std::string>& removed, const result::Sink& sink,
                               bool pretty);

}  // namespace sb::cli
