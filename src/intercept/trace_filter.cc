#include "intercept/trace_filter.h"

#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include <linux/audit.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/socket.h>

#include "intercept/calls.h"
#include "launch/inside/protocol.h"

namespace sb::intercept {
namespace {

constexpr std::uint32_t trace = SECCOMP_RET_TRACE | trace_mark;
constexpr std::uint32_t allow = SECCOMP_RET_ALLOW;

sock_filter load(std::size_t offset) {
  return {BPF_LD | BPF_W | BPF_ABS, 0, 0, static_cast<std::uint32_t>(offset)};
}
sock_filter load_low(unsigned argument) {
  return load(offsetof(seccomp_data, args) + 8UL * argument);
}
sock_filter load_high(unsigned argument) {
  return load(offsetof(seccomp_data, args) + 8UL * argument + 4);
}
sock_filter jump(std::uint16_t how, std::uint32_t value, std::uint8_t yes, std::uint8_t no) {
  return {static_cast<std::uint16_t>(BPF_JMP | how | BPF_K), yes, no, value};
}
sock_filter give(std::uint32_t verdict) { return {BPF_RET | BPF_K, 0, 0, verdict}; }

class Writer {
 public:
  // Code for one call that ends in a verdict; behind it the number is still in the accumulator.
  void of_call(int number, std::initializer_list<sock_filter> code) {
    out_.push_back(jump(BPF_JEQ, static_cast<std::uint32_t>(number), 0,
                        static_cast<std::uint8_t>(code.size())));
    out_.insert(out_.end(), code);
  }
  void always(int number) { of_call(number, {give(trace)}); }
  void where_pointer(int number, unsigned argument) {
    of_call(number, {load_low(argument), jump(BPF_JEQ, 0, 0, 2), load_high(argument),
                     jump(BPF_JEQ, 0, 1, 0), give(trace), give(allow)});
  }
  // An int above 0: milliseconds.
  void where_positive(int number, unsigned argument) {
    of_call(number, {load_low(argument), jump(BPF_JGT, 0x7fffffff, 2, 0), jump(BPF_JEQ, 0, 1, 0),
                     give(trace), give(allow)});
  }
  void where_equal(int number, unsigned argument, std::uint32_t value) {
    of_call(number, {load_low(argument), jump(BPF_JEQ, value, 0, 1), give(trace), give(allow)});
  }
  void add(std::initializer_list<sock_filter> code) { out_.insert(out_.end(), code); }
  seccomp::BpfProgram done() {
    out_.push_back(give(allow));
    return {std::move(out_)};
  }

 private:
  std::vector<sock_filter> out_;
};

// Only the kinds of futex calls that may have a timeout, and only those that have one.
void add_futex(Writer& filter) {
  filter.of_call(SYS_futex, {load_low(3),
                             jump(BPF_JEQ, 0, 0, 2),
                             load_high(3),
                             jump(BPF_JEQ, 0, 8, 0),
                             load_low(1),
                             {BPF_ALU | BPF_AND | BPF_K, 0, 0, futex_operation_mask},
                             jump(BPF_JEQ, FUTEX_WAIT, 4, 0),
                             jump(BPF_JEQ, FUTEX_LOCK_PI, 3, 0),
                             jump(BPF_JEQ, FUTEX_WAIT_BITSET, 2, 0),
                             jump(BPF_JEQ, FUTEX_WAIT_REQUEUE_PI, 1, 0),
                             jump(BPF_JEQ, futex_lock_pi2, 0, 1),
                             give(trace),
                             give(allow)});
}

// A process that nobody sees, a clock that shows the truth, and memory that we could not read.
void add_ways_out(Writer& filter) {
  filter.of_call(SYS_clone,
                 {load_low(0), jump(BPF_JSET, CLONE_UNTRACED, 0, 1), give(trace), give(allow)});
  filter.of_call(
      SYS_prctl,
      {load_low(0), jump(BPF_JEQ, PR_SET_TSC, 4, 0), jump(BPF_JEQ, PR_GET_TSC, 3, 0),
       jump(BPF_JEQ, PR_SET_DUMPABLE, 0, 3),
       // Why: the guard's own call, by the mark of it (guard.cc); nobody traces the guard.
       load_low(5), jump(BPF_JEQ, inside::waiting_cookie, 1, 0), give(trace), give(allow)});
  for (const int number : refused_calls()) {
    filter.always(number);
  }
}

}  // namespace

seccomp::BpfProgram trace_filter(bool order) {
  Writer filter;
  // Kernel: x32 calls have numbers that are none of ours.
  filter.add({load(offsetof(seccomp_data, arch)), jump(BPF_JEQ, AUDIT_ARCH_X86_64, 1, 0),
              give(allow), load(offsetof(seccomp_data, nr))});
  add_futex(filter);
  if (order) {
    filter.where_equal(SYS_write, 0, 2);
    filter.where_equal(SYS_writev, 0, 2);
    for (const int number : {SYS_dup2, SYS_dup3}) {
      filter.of_call(number, {load_low(1), jump(BPF_JEQ, 1, 1, 0), jump(BPF_JEQ, 2, 0, 1),
                              give(trace), give(allow)});
    }
  }
  for (const WaitRow& wait : all_waits()) {
    if (wait.number == SYS_futex) {
      continue;
    }
    switch (wait.form) {
      case WaitForm::milliseconds:
        filter.where_positive(wait.number, wait.argument);
        break;
      case WaitForm::timespec:
      case WaitForm::timeval:
      case WaitForm::absolute:
        filter.where_pointer(wait.number, wait.argument);
        break;
      case WaitForm::sleep:
        filter.always(wait.number);
        break;
    }
  }
  for (const int number : clock_calls()) {
    filter.always(number);
  }
  add_ways_out(filter);
  for (const int number : {SYS_setsockopt, SYS_getsockopt}) {
    filter.of_call(number,
                   {load_low(1), jump(BPF_JEQ, SOL_SOCKET, 1, 0), give(allow), load_low(2),
                    jump(BPF_JEQ, SO_RCVTIMEO_OLD, 4, 0), jump(BPF_JEQ, SO_SNDTIMEO_OLD, 3, 0),
                    jump(BPF_JEQ, SO_RCVTIMEO_NEW, 2, 0), jump(BPF_JEQ, SO_SNDTIMEO_NEW, 1, 0),
                    give(allow), give(trace)});
  }
  return filter.done();
}

}  // namespace sb::intercept
