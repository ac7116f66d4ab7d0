// Doubtful directories: those of the host in which a program may have put links for us to follow.
// Must not open anything in them: sys/locate.h does.
#pragma once

#include "base/error.h"
#include "policy/profile.h"
#include "policy/request.h"
#include "policy/spec.h"

namespace sb::policy {

// The workspace, and what else is to be shown writable. What a path of the caller's own leads to in
// one of them (stdout, the result, what goes in and out) is what is there by that name, never what
// a link there says.
sys::Doubtful doubtful_directories(const ProfileFiles& wanted, const Request& request);

// A path of the caller's as an absolute one; "" is the caller's directory.
std::string host_path(const Request& request, const std::string& path);

// Whether a path comes to a link in one of them. `doing` is for the message. Errors: `tag`, ELOOP.
Result<Done> check_links(const std::string& path, const Files& files, Tag tag,
                         const std::string& doing);

// The error of a place that was not opened, with what to do where a link or a pipe is why.
Error explain_link(Error error, const sys::Location& at);

}  // namespace sb::policy
