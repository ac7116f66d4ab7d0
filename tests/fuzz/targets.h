// The fuzz targets: each takes any bytes, and ends the process where a promise is broken.
// Must not change anything of the host's, nor keep anything from one input to the next.
#pragma once

#include <span>
#include <string_view>

namespace sbfuzz {

struct Target {
  std::string_view name;  // also of its folder in corpus/ and its dictionary
  void (*run)(std::string_view input);
};

std::span<const Target> all_targets();

void fuzz_argv(std::string_view input);
void fuzz_control(std::string_view input);
void fuzz_events(std::string_view input);
void fuzz_filter(std::string_view input);
void fuzz_needs(std::string_view input);
void fuzz_oci(std::string_view input);
void fuzz_playback(std::string_view input);
void fuzz_proc(std::string_view input);
void fuzz_profile(std::string_view input);
void fuzz_progress(std::string_view input);
void fuzz_recording(std::string_view input);
void fuzz_request(std::string_view input);
void fuzz_serve(std::string_view input);
void fuzz_tar(std::string_view input);
void fuzz_units(std::string_view input);

}  // namespace sbfuzz
