#include "seccomp/evaluate.h"

#include <cstring>

namespace sb::seccomp {
namespace {

// How far to jump on; nullopt for a comparison that no filter of ours uses.
std::optional<std::size_t> jump_distance(const sock_filter& instruction, std::uint32_t value) {
  bool holds = false;
  switch (BPF_OP(instruction.code)) {
    case BPF_JA:
      return instruction.k;
    case BPF_JEQ:
      holds = value == instruction.k;
      break;
    case BPF_JGT:
      holds = value > instruction.k;
      break;
    case BPF_JGE:
      holds = value >= instruction.k;
      break;
    case BPF_JSET:
      holds = (value & instruction.k) != 0;
      break;
    default:
      return std::nullopt;
  }
  return holds ? instruction.jt : instruction.jf;
}

}  // namespace

std::optional<std::uint32_t> evaluate(const BpfProgram& program, const seccomp_data& data) {
  std::uint32_t accumulator = 0;
  for (std::size_t at = 0; at < program.instructions.size(); ++at) {
    const sock_filter& instruction = program.instructions[at];
    switch (instruction.code) {
      case BPF_RET | BPF_K:
        return instruction.k;
      case BPF_LD | BPF_W | BPF_ABS:
        if (instruction.k % 4 != 0 || instruction.k > sizeof data - 4) {
          return std::nullopt;
        }
        // Safety: the offset was checked above.
        std::memcpy(&accumulator, reinterpret_cast<const char*>(&data) + instruction.k, 4);
        break;
      case BPF_ALU | BPF_AND | BPF_K:
        accumulator &= instruction.k;
        break;
      default: {
        if (BPF_CLASS(instruction.code) != BPF_JMP || BPF_SRC(instruction.code) != BPF_K) {
          return std::nullopt;
        }
        const std::optional<std::size_t> distance = jump_distance(instruction, accumulator);
        if (!distance) {
          return std::nullopt;
        }
        at += *distance;
      }
    }
  }
  return std::nullopt;
}

bool is_well_formed(const BpfProgram& program) {
  const std::size_t size = program.instructions.size();
  for (std::size_t at = 0; at < size; ++at) {
    const sock_filter& instruction = program.instructions[at];
    const std::size_t left = size - at - 1;
    switch (instruction.code) {
      case BPF_RET | BPF_K:
        continue;
      case BPF_LD | BPF_W | BPF_ABS:
        if (instruction.k % 4 != 0 || instruction.k > sizeof(seccomp_data) - 4 || left == 0) {
          return false;
        }
        continue;
      case BPF_ALU | BPF_AND | BPF_K:
        if (left == 0) {
          return false;
        }
        continue;
      case BPF_JMP | BPF_JA:
        if (instruction.k >= left) {
          return false;
        }
        continue;
      case BPF_JMP | BPF_JEQ | BPF_K:
      case BPF_JMP | BPF_JGT | BPF_K:
      case BPF_JMP | BPF_JGE | BPF_K:
      case BPF_JMP | BPF_JSET | BPF_K:
        if (instruction.jt >= left || instruction.jf >= left) {
          return false;
        }
        continue;
      default:
        return false;
    }
  }
  return size > 0 && size <= BPF_MAXINSNS;
}

}  // namespace sb::seccomp
