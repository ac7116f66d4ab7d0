// Tries what the violations listener needs: a filter, its listener, taking it, letting a call go
// on. Must not be used by a run: it is for doctor.
#pragma once

#include "launch/probe_host_features.h"

namespace sb::launch {

Trial<seccomp_steps> try_seccomp();

}  // namespace sb::launch
