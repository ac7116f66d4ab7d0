#include "intercept/vdso_code.h"

// Kernel: the functions of vdso(7), x86-64. Each counts its readings, so that a program that waits
// for the clock by reading it is noticed (clock_reads.h), and falls back to the system call, which
// is traced, for what it does not know.
#if defined(__x86_64__)
// NOLINTNEXTLINE(hicpp-no-assembler): it has to run in another program, wherever it is put.
asm(R"(
  .pushsection .rodata
  .balign 16
  .globl sb_vdso_code, sb_vdso_clock_gettime, sb_vdso_gettimeofday, sb_vdso_time
  .globl sb_vdso_clock_getres, sb_vdso_cell, sb_vdso_end
  # to 9 where the call has to be made
  .macro count_reading
  cmpb $0, cell_calls(%rip)
  jne 9f
  movq cell_counter(%rip), %rcx
  movl $1, %edx
  lock xaddq %rdx, (%rcx)
  cmpq cell_limit(%rip), %rdx
  jae 9f
  .endm
sb_vdso_code:
sb_vdso_clock_gettime:
  count_reading
  cmpl $11, %edi
  ja 9f
  movl $0x0821, %eax      # CLOCK_REALTIME 0, _COARSE 5, CLOCK_TAI 11
  btl %edi, %eax
  jc 1f
  movl $0x00d2, %eax      # CLOCK_MONOTONIC 1, _RAW 4, _COARSE 6, CLOCK_BOOTTIME 7
  btl %edi, %eax
  jnc 9f
  movq cell_monotonic(%rip), %rax
  jmp 2f
1: movq cell_real(%rip), %rax
2: xorl %edx, %edx
  movl $1000000000, %ecx
  divq %rcx
  movq %rax, (%rsi)
  movq %rdx, 8(%rsi)
  xorl %eax, %eax
  ret
9: movl $228, %eax
  syscall
  ret

  .balign 16
sb_vdso_gettimeofday:
  count_reading
  testq %rsi, %rsi
  jne 9f
  testq %rdi, %rdi
  je 3f
  movq cell_real(%rip), %rax
  xorl %edx, %edx
  movl $1000000000, %ecx
  divq %rcx
  movq %rax, (%rdi)
  movl %edx, %eax
  xorl %edx, %edx
  movl $1000, %ecx
  divl %ecx
  movq %rax, 8(%rdi)
3: xorl %eax, %eax
  ret
9: movl $96, %eax
  syscall
  ret

  .balign 16
sb_vdso_time:
  count_reading
  movq cell_real(%rip), %rax
  xorl %edx, %edx
  movl $1000000000, %ecx
  divq %rcx
  testq %rdi, %rdi
  je 4f
  movq %rax, (%rdi)
4: ret
9: movl $201, %eax
  syscall
  ret

  .balign 16
sb_vdso_clock_getres:
  movl $229, %eax
  syscall
  ret

  .balign 16
sb_vdso_cell:
cell_real: .quad 0
cell_monotonic: .quad 0
cell_calls: .quad 0
cell_limit: .quad 0
cell_counter: .quad 0
sb_vdso_end:
  .purgem count_reading
  .popsection
)");
#endif
