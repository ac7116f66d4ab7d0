// ptrace(2), the memory of tracees and what waiting tells of them: one thin function per call.
// Must not know what a tracee is traced for.
#pragma once

#include <csignal>
#include <cstdint>
#include <optional>

#include <sys/types.h>
#include <sys/user.h>

#include "sys/process.h"

namespace sb::sys {

using Registers = user_regs_struct;

// From now on its stops are ours. errno, or 0. `options`: PTRACE_O_*.
int seize(pid_t tid, unsigned options);

// All but seize() need a tracee in a stop, but for interrupt(). False: it is dying, or runs.
bool set_trace_options(pid_t tid, unsigned options);
bool interrupt(pid_t tid);  // makes it stop soon, out of whatever it waits in
bool resume(pid_t tid, int signal = 0);
bool resume_to_syscall(pid_t tid, int signal = 0);  // to its beginning or end, which is next
bool stay_stopped(pid_t tid);  // PTRACE_LISTEN: as a process stopped by SIGSTOP is
std::optional<Registers> registers_of(pid_t tid);
bool set_registers(pid_t tid, const Registers& registers);
std::optional<unsigned long> event_message(pid_t tid);
std::optional<siginfo_t> signal_info(pid_t tid);
bool set_signal_info(pid_t tid, const siginfo_t& info);

// All `size` bytes or none. Why not /proc/PID/mem: that writes where the owner itself may not.
bool read_memory(pid_t tid, std::uint64_t address, void* to, std::size_t size);
bool write_memory(pid_t tid, std::uint64_t address, const void* from, std::size_t size);

// A child or tracee of ours of which there is something to take; 0: none. Nothing is taken.
pid_t next_waiting();
std::optional<WaitStatus> take_waiting(pid_t pid);

// Of a traced process, whose number is its own until we have taken its end. `info`: all that the
// signal tells; nullptr: that it is from us. `tid` 0: for the whole process, the only one without
// `info`.
bool send_signal(pid_t pid, pid_t tid, int number, siginfo_t* info);

// Whether two descriptors are one open file (kcmp(2)); nullopt: the kernel does not say.
std::optional<bool> is_same_open_file(pid_t one, int fd, pid_t other, int other_fd);

}  // namespace sb::sys
