#include "base/log.h"

#include <memory>

#define SPDLOG_HEADER_ONLY
#define SPDLOG_FMT_EXTERNAL
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace sb {
namespace {

// Why: made on first use only, so that a run without SANDBOX_LOG never touches spdlog's pages.
std::unique_ptr<spdlog::logger>& logger() {
  static std::unique_ptr<spdlog::logger> instance;
  return instance;
}

}  // namespace

bool set_log_level(std::string_view level) {
  if (level.empty() || level == "off") {
    return true;
  }
  if (level != "debug" && level != "info") {
    return false;
  }
  // Why: the single-threaded sink; this process has one thread.
  logger() = std::make_unique<spdlog::logger>("sandbox",
                                              std::make_shared<spdlog::sinks::stderr_sink_st>());
  logger()->set_level(level == "debug" ? spdlog::level::debug : spdlog::level::info);
  logger()->set_pattern("sandbox: %T.%f %l: %v");
  return true;
}

bool log_enabled() { return logger() != nullptr; }

void log_debug(std::string_view text) {
  if (logger() != nullptr) {
    logger()->debug("{}", text);
  }
}

}  // namespace sb
