#include "launch/inside/init_filter.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace sb::inside {
namespace {

// Why: close_range is the last step of setup, after the filter, because its failure must end init
// while the error pipe can no longer tell.
constexpr uint32_t allowed[] = {
    SYS_ppoll,         SYS_read,       SYS_recvfrom,     SYS_sendto,
    SYS_kill,          SYS_wait4,      SYS_getrusage,    SYS_close_range,
    SYS_clock_gettime, SYS_exit_group, SYS_rt_sigreturn, SYS_restart_syscall,
    SYS_pread64,
};
constexpr size_t count = sizeof allowed / sizeof allowed[0];

constexpr sock_filter statement(uint16_t code, uint32_t k) { return {code, 0, 0, k}; }

}  // namespace

bool install_init_filter() {
#ifdef __SANITIZE_ADDRESS__
  return true;  // Why: ASan maps memory.
#else
  sock_filter code[count + 6];
  size_t size = 0;
  code[size++] = statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch));
  code[size++] = {BPF_JMP | BPF_JEQ | BPF_K, 1, 0, AUDIT_ARCH_X86_64};
  code[size++] = statement(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
  code[size++] = statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr));
  for (size_t i = 0; i < count; ++i) {
    // Jumps over the remaining comparisons and the kill.
    code[size++] = {BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint8_t>(count - i), 0, allowed[i]};
  }
  code[size++] = statement(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
  code[size++] = statement(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  sock_fprog program;
  program.len = static_cast<unsigned short>(size);
  program.filter = code;
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
#endif
}

}  // namespace sb::inside
