// Readings of clocks: by system calls, and of the time stamp counter.
#include <algorithm>
#include <cerrno>
#include <csignal>

#include "intercept/tracer.h"

namespace sb::intercept {
namespace {

enum class Instruction { other, rdtsc, rdtscp };

Instruction instruction_at(pid_t tid, std::uint64_t address) {
  constexpr unsigned char rdtsc[] = {0x0f, 0x31};
  constexpr unsigned char rdtscp[] = {0x0f, 0x01, 0xf9};
  unsigned char bytes[3] = {};
  if (!sys::read_memory(tid, address, bytes, sizeof rdtsc)) {
    return Instruction::other;
  }
  if (std::equal(std::begin(rdtsc), std::end(rdtsc), bytes)) {
    return Instruction::rdtsc;
  }
  const bool whole = sys::read_memory(tid, address, bytes, sizeof rdtscp);
  return whole && std::equal(std::begin(rdtscp), std::end(rdtscp), bytes) ? Instruction::rdtscp
                                                                          : Instruction::other;
}

}  // namespace

bool Tracer::on_reading(Tracee& tracee, const sys::Registers& registers) {
  switch (registers.orig_rax) {
    case SYS_clock_gettime:
      if (!Clock::is_virtual(static_cast<int>(registers.rdi))) {
        return false;
      }
      break;
    case SYS_gettimeofday:
    case SYS_time:
      break;
    case SYS_times:
    case SYS_sysinfo:
      watch_end(tracee, registers);
      return true;
    default:
      return false;
  }
  const auto found = tracees_.processes().find(tracee.process);
  const bool from_vdso = found != tracees_.processes().end() && found->second.vdso != 0 &&
                         registers.rip >= found->second.vdso &&
                         registers.rip - found->second.vdso < found->second.vdso_size;
  tracee.held_at_signal = false;
  if (must_hold(tracee, !from_vdso)) {
    return true;
  }
  finish_reading(tracee);
  return true;
}

// Kernel: with PR_TSC_SIGSEGV the instruction is a general protection fault.
bool Tracer::on_instruction(Tracee& tracee) {
  const auto info = sys::signal_info(tracee.tid);
  const auto registers = sys::registers_of(tracee.tid);
  if (!info || !registers || info->si_code != SI_KERNEL ||
      instruction_at(tracee.tid, registers->rip) == Instruction::other) {
    return false;
  }
  tracee.held_at_signal = true;
  if (!must_hold(tracee, true)) {
    finish_instruction(tracee);
  }
  return true;
}

bool Tracer::must_hold(Tracee& tracee, bool direct) {
  if (stalling_) {
    const std::uint64_t cpu = cpu_ns();
    const std::uint64_t used_ns = cpu - std::min(cpu, cpu_start_ns_.value_or(cpu));
    if (used_ns > second_ns) {
      std::uint64_t to_ns = stall_start_ns_ + used_ns - second_ns;
      to_ns = std::min(to_ns, settings_.limit_ns.value_or(never));
      advance_running(to_ns);
    }
    return false;
  }
  const bool before = reads_.is_spinning();
  if (!reads_.waits_for_clock(direct, clock_)) {
    return false;
  }
  if (!before) {
    show_all();
  }
  tracee.doing = Tracee::Doing::held;
  tracee.held_ns = clock_.elapsed();
  return true;
}

void Tracer::finish_reading(Tracee& tracee) {
  const auto registers = sys::registers_of(tracee.tid);
  if (!registers) {
    return;
  }
  const bool is_time_of_day = registers->orig_rax == SYS_gettimeofday;
  if (registers->orig_rax == SYS_time) {
    const std::uint64_t seconds = clock_.real() / second_ns;
    const bool wrote = registers->rdi == 0 ||
                       sys::write_memory(tracee.tid, registers->rdi, &seconds, sizeof seconds);
    return answer(tracee, *registers, wrote ? static_cast<long>(seconds) : -EFAULT);
  }
  const std::uint64_t now_ns =
      is_time_of_day ? clock_.real() : clock_.reading(static_cast<int>(registers->rdi));
  const std::uint64_t part = now_ns % second_ns;
  const std::uint64_t time[2] = {now_ns / second_ns, is_time_of_day ? part / 1000 : part};
  const std::uint64_t zone = 0;
  const std::uint64_t address = is_time_of_day ? registers->rdi : registers->rsi;
  bool wrote =
      (is_time_of_day && address == 0) || sys::write_memory(tracee.tid, address, time, sizeof time);
  if (is_time_of_day && registers->rsi != 0) {
    wrote = wrote && sys::write_memory(tracee.tid, registers->rsi, &zone, sizeof zone);
  }
  answer(tracee, *registers, wrote ? 0 : -EFAULT);
}

void Tracer::finish_instruction(Tracee& tracee) {
  auto registers = sys::registers_of(tracee.tid);
  if (!registers) {
    return;
  }
  const bool with_cpu = instruction_at(tracee.tid, registers->rip) == Instruction::rdtscp;
  // Why a little more each time: the counter never shows the same twice.
  const std::uint64_t count = clock_.monotonic() + ++readings_;
  constexpr unsigned half = 32;
  registers->rax = count & 0xffffffff;
  registers->rdx = count >> half;
  if (with_cpu) {
    registers->rcx = 0;
  }
  registers->rip += with_cpu ? 3 : 2;
  tracee.doing = Tracee::Doing::runs;
  (void)sys::set_registers(tracee.tid, *registers);
  (void)sys::resume(tracee.tid);
}

void Tracer::release(Tracee& tracee) {
  idle_.note_busy(tracee.tid);
  tracee.held_at_signal ? finish_instruction(tracee) : finish_reading(tracee);
}

std::vector<Tracee*> Tracer::held() {
  std::vector<Tracee*> all;
  for (auto& [tid, tracee] : tracees_.all()) {
    if (tracee.doing == Tracee::Doing::held) {
      all.push_back(&tracee);
    }
  }
  std::sort(all.begin(), all.end(),
            [](const Tracee* a, const Tracee* b) { return a->order < b->order; });
  return all;
}

}  // namespace sb::intercept
