#include "cli/option_table.h"

#include <algorithm>
#include <array>

#include <fmt/core.h>

namespace sb::cli {
namespace {

constexpr std::string_view limits =
    "Limits (for all processes together; \"none\" switches one off)";
constexpr std::string_view files = "Files";
constexpr std::string_view network = "Network and system calls";
constexpr std::string_view environment = "Environment";
constexpr std::string_view streams = "Input, output and result";
constexpr std::string_view how = "How to run";
constexpr std::string_view general = "General";

constexpr std::array run_table = {
    OptionEntry{"--profile", "NAME|FILE", "the profile: a built-in name or a TOML file", how},
    OptionEntry{"--grace", "DURATION", "time from a TERM to sandbox to the kill (2s)", how},
    OptionEntry{"--userns", "auto|always|never", "whether to use a user namespace (auto)", how},
    OptionEntry{"--cgroup-parent", "PATH", "make the cgroups below this one, not the caller's",
                how},
    OptionEntry{"--best-effort", "", "run even if a limit can't be enforced; warn", how},

    OptionEntry{"--wall-time", "DURATION", "time by the clock", limits, "limits.wall_time"},
    OptionEntry{"--cpu-time", "DURATION", "user and system time of all processes", limits,
                "limits.cpu_time"},
    OptionEntry{"--memory", "SIZE", "RAM, in-memory files included", limits, "limits.memory"},
    OptionEntry{"--processes", "N", "processes and threads at one time", limits,
                "limits.processes"},
    OptionEntry{"--output", "SIZE", "bytes of stdout and of stderr, each", limits, "limits.output"},
    OptionEntry{"--on-output-limit", "stop|truncate", "what the output limit does", limits,
                "limits.on_output_limit"},
    OptionEntry{"--file-size", "SIZE", "size of one file", limits, "limits.file_size"},
    OptionEntry{"--disk", "SIZE", "the in-memory file system of the sandbox", limits,
                "limits.disk"},
    OptionEntry{"--open-files", "N", "open files of each process", limits, "limits.open_files"},
    OptionEntry{"--stack", "SIZE", "stack of each process's main thread", limits, "limits.stack"},
    OptionEntry{"--cpus", "N", "CPU bandwidth: 1.5 is one and a half CPUs", limits, "limits.cpus"},
    OptionEntry{"--cpu-set", "LIST", "the CPUs to run on: 0-1,3", limits, "limits.cpu_set"},

    OptionEntry{"--root", "host|empty|PATH", "what / is inside (host: system directories)", files,
                "files.root"},
    OptionEntry{"--workspace", "MODE[:DIR]", "/workspace: scratch, or ro or rw of DIR (here)",
                files, "files.workspace"},
    OptionEntry{"--workspace-owner", "UID[:GID]",
                "whom to write as where a file system can't map ids", files,
                "files.workspace_owner"},
    OptionEntry{"--mount", "SRC:DST[:MODE]", "show SRC of the host at DST: ro or rw", files,
                "files.mounts", true},
    OptionEntry{"--tmpfs", "DST", "an empty directory in memory", files, "files.tmpfs", true},
    OptionEntry{"--directory", "DIR", "the directory inside to start in", files, "files.directory"},

    OptionEntry{"--net", "none|loopback|host", "the network", network, "network.mode"},
    OptionEntry{"--on-violation", "kill|errno NAME|log",
                "what happens at a system call not allowed", network, "syscalls.on_violation"},

    OptionEntry{"--env", "NAME=VALUE", "set a variable", environment, "environment.set", true},
    OptionEntry{"--env-pass", "NAME", "pass a variable of the caller on", environment,
                "environment.pass", true},
    OptionEntry{"--env-keep", "", "pass all variables of the caller on", environment,
                "environment.keep"},

    OptionEntry{"--stdin", "FILE|null|-", "stdin of the program; - is the caller's", streams},
    OptionEntry{"--stdout", "FILE", "write stdout to FILE, not to the result", streams},
    OptionEntry{"--stderr", "FILE|stdout", "write stderr to FILE, or to stdout", streams},
    OptionEntry{"--pass", "", "show output as it comes; no result on stdout", streams},
    OptionEntry{"--result", "FILE|fd:N", "where the result goes (stdout)", streams},
    OptionEntry{"--events", "FILE|fd:N", "JSON lines as things happen", streams},
    OptionEntry{"--format", "json|text|isolate", "how the result is written (json)", streams},
    OptionEntry{"--exit-zero", "", "exit 0 whenever a result was written", streams},
};

constexpr std::array doctor_table = {
    OptionEntry{"--json", "", "one JSON document (doctor.schema.json)", general},
    OptionEntry{"--clean", "", "first remove what killed runs left", general},
};

constexpr std::array common_table = {
    OptionEntry{"--help", "", "show this and exit", general},
    OptionEntry{"--version", "", "show the version and exit", general},
};

constexpr std::array command_table = {
    CommandEntry{"run", "[OPTION...] [--] PROGRAM [ARG...]",
                 "Run one program in a sandbox and write one result.", run_table},
    CommandEntry{"doctor", "[--json] [--clean]",
                 "Show what this host can enforce, and what would mend the rest.", doctor_table},
    CommandEntry{"profile", "list | show NAME|FILE", "List the profiles, or show one.", {}},
};

// The options' column in --help; longer ones get a line of their own.
constexpr std::size_t left_width = 26;

std::string option_lines(std::span<const OptionEntry> options) {
  std::string text;
  std::string_view group;
  for (const OptionEntry& option : options) {
    if (option.group != group) {
      group = option.group;
      text += fmt::format("\n{}:\n", group);
    }
    std::string left = fmt::format("{} {}", option.name, option.placeholder);
    if (left.size() > left_width) {
      left += fmt::format("\n{:{}}", "", left_width + 2);
    }
    text += fmt::format("  {:<{}} {}{}\n", left, left_width, option.help,
                        option.repeatable ? " (repeatable)" : "");
  }
  return text;
}

}  // namespace

std::span<const CommandEntry> all_commands() { return command_table; }

std::span<const OptionEntry> run_options() { return run_table; }

std::span<const OptionEntry> common_options() { return common_table; }

const CommandEntry* find_command(std::string_view name) {
  const auto* const found = std::find_if(command_table.begin(), command_table.end(),
                                         [&](const CommandEntry& c) { return c.name == name; });
  return found != command_table.end() ? found : nullptr;
}

const OptionEntry* find_option(std::span<const OptionEntry> options, std::string_view name) {
  for (const std::span<const OptionEntry> table : {options, common_options()}) {
    for (const OptionEntry& option : table) {
      if (option.name == name) {
        return &option;
      }
    }
  }
  return nullptr;
}

std::string program_help() {
  std::string text =
      "sandbox runs a program with limits, apart from the rest of the system.\n\n"
      "Usage: sandbox COMMAND [OPTION...]\n\nCommands:\n";
  for (const CommandEntry& command : command_table) {
    text += fmt::format("  {:<10}{}\n", command.name, command.help);
  }
  text += option_lines(common_table);
  return text +
         "\nsandbox COMMAND --help shows the options of a command; sandbox(1) explains them.\n";
}

std::string command_help(const CommandEntry& command) {
  return fmt::format(
      "Usage: sandbox {} {}\n\n{}\n{}{}\n"
      "Durations: 250ms, 2s, 1m30s; a plain number is seconds. Sizes: 64K, 256M, 1G\n"
      "(powers of 1024), kB, MB, GB (of 1000); a plain number is bytes. See sandbox(1).\n",
      command.name, command.synopsis, command.help, option_lines(command.options),
      option_lines(common_table));
}

}  // namespace sb::cli
