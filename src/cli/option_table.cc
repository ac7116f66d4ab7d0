#include "cli/option_table.h"

#include <algorithm>
#include <array>

namespace sb::cli {
namespace {

constexpr std::string_view limits = "Limits of all processes together (\"none\": no limit)";
constexpr std::string_view files = "Files";
constexpr std::string_view network = "Network and system calls";
constexpr std::string_view clocks = "Clock";
constexpr std::string_view environment = "Environment";
constexpr std::string_view streams = "Input, output and result";
constexpr std::string_view how = "How to run";
constexpr std::string_view where = "Where requests come from";
constexpr std::string_view how_many = "How many";
constexpr std::string_view general = "General";

// What holds without an option that is no key of a profile is written here in brackets; of the keys
// help.cc adds it.
constexpr std::array run_table = {
    OptionEntry{"--profile", "NAME|FILE", "built-in profile or FILE.toml (default)", how},
    OptionEntry{"--request", "FILE|-", "a JSON request (- is stdin)", how},
    OptionEntry{"--program", "FILE|-", "run these bytes; the words are its arguments", how},
    OptionEntry{"--build", "COMMAND", "a shell command that makes PROGRAM first", how},
    OptionEntry{"--build-profile", "NAME|FILE", "its profile (compile)", how},
    OptionEntry{"--build-cache", "", "take what it left before if all is as it was", how},
    OptionEntry{"--grace", "DURATION", "from a signal to end until the kill (2 s)", how},
    OptionEntry{"--userns", "auto|always|never", "use a user namespace (auto)", how},
    OptionEntry{"--cgroup-parent", "PATH", "make cgroups below this (the caller's own)", how},
    OptionEntry{"--best-effort", "", "run even if a limit can't be enforced; warn", how},

    OptionEntry{"--wall-time", "DURATION", "time by the clock", limits, "limits.wall_time"},
    OptionEntry{"--virtual-time", "DURATION", "time by a virtual clock", limits,
                "limits.virtual_time"},
    OptionEntry{"--cpu-time", "DURATION", "user and system time", limits, "limits.cpu_time"},
    OptionEntry{"--memory", "SIZE", "RAM, files in memory included", limits, "limits.memory"},
    OptionEntry{"--processes", "N", "processes and threads at one time", limits,
                "limits.processes"},
    OptionEntry{"--output", "SIZE", "of stdout, and as much of stderr", limits, "limits.output"},
    OptionEntry{"--on-output-limit", "stop|truncate", "end the run, or drop the rest", limits,
                "limits.on_output_limit"},
    OptionEntry{"--file-size", "SIZE", "size of one file", limits, "limits.file_size"},
    OptionEntry{"--disk", "SIZE", "/workspace, /tmp, /dev/shm together", limits, "limits.disk"},
    OptionEntry{"--open-files", "N", "open files of each process", limits, "limits.open_files"},
    OptionEntry{"--stack", "SIZE", "main thread's stack, each process", limits, "limits.stack"},
    OptionEntry{"--cpus", "N", "bandwidth: 1.5 is one and a half CPUs", limits, "limits.cpus"},
    OptionEntry{"--cpu-set", "LIST", "the CPUs to run on, such as 0-1,3", limits, "limits.cpu_set"},

    OptionEntry{"--root", "host|empty|PATH", "what / is made of", files, "files.root"},
    OptionEntry{"--workspace", "scratch|ro|rw|cow[:DIR]", "an empty one, DIR, or where you are",
                files, "files.workspace"},
    OptionEntry{"--workspace-owner", "UID[:GID]", "who writes where ids can't be mapped", files,
                "files.workspace_owner"},
    OptionEntry{"--mount", "SRC:DST[:MODE]", "show SRC at DST, ro or rw (ro)", files,
                "files.mounts", true},
    OptionEntry{"--tmpfs", "DST", "an empty directory in memory", files, "files.tmpfs", true},
    OptionEntry{"--put", "SRC:DST[:extract]", "copy SRC in, or unpack it there", files, "files.put",
                true},
    OptionEntry{"--get", "SRC:DST", "copy SRC out to DST at the end", files, "files.get", true},
    OptionEntry{"--directory", "DIR", "where inside to start (/workspace)", files,
                "files.directory"},

    OptionEntry{"--net", "none|loopback|host", "which network there is", network, "network.mode"},
    OptionEntry{"--on-violation", "kill|errno|log", "at a forbidden call; \"errno NAME\" (kill)",
                network, "syscalls.on_violation"},

    OptionEntry{"--clock", "real|virtual", "sleep for real, or for free", clocks, "clock.mode"},
    OptionEntry{"--clock-start", "TIME", "what a virtual clock shows at first", clocks,
                "clock.start"},
    OptionEntry{"--virtual-stdin", "closed|wait", "read it first, or wait for it", clocks,
                "clock.virtual_stdin"},

    OptionEntry{"--env", "NAME=VALUE", "set a variable", environment, "environment.set", true},
    OptionEntry{"--env-pass", "NAME", "pass a variable of the caller on", environment,
                "environment.pass", true},
    OptionEntry{"--env-keep", "", "pass all variables of the caller on", environment,
                "environment.keep"},

    OptionEntry{"--stdin", "FILE|null|-", "the program's input; - is the caller's (-)", streams},
    OptionEntry{"--stdout", "FILE", "write stdout to FILE, not into the result", streams},
    OptionEntry{"--stderr", "FILE|stdout", "the same of stderr; or join it to stdout", streams},
    OptionEntry{"--pass", "", "show output as it comes; no result on stdout", streams},
    OptionEntry{"--result", "FILE|fd:N", "where the result goes (stdout)", streams},
    OptionEntry{"--events", "FILE|fd:N", "what happens, as it happens: JSON lines", streams},
    OptionEntry{"--format", "json|text|isolate|playground", "how to write it (json)", streams},
    OptionEntry{"--exit-zero", "", "exit 0 whenever a result was written", streams},
};

constexpr std::string_view run_notes =
    "In brackets: what holds without the option and with the profile \"default\";\n"
    "\"sandbox profile list\" shows the others.\n"
    "Durations: 250ms, 2s, 1m30s; a plain number is seconds. Sizes: 64K, 256M, 1G\n"
    "(powers of 1024), kB, MB, GB (of 1000); a plain number is bytes.\n"
    "\n"
    "Exit status: the program's own; 128+N if it died of signal N; 124 stopped by a\n"
    "time limit, 137 memory, 153 output or file size, 159 system call, 143 by you;\n"
    "125 sandbox failed, 126 not executable, 127 not found, 2 wrong usage.\n"
    "\n"
    "Examples:\n"
    "  sandbox run ./prog\n"
    "  sandbox run --format text --cpu-time 2s --memory 64M --stdin input.txt ./prog\n"
    "  sandbox run --pass --workspace ro -- python3 main.py\n";

constexpr std::array doctor_table = {
    OptionEntry{"--json", "", "one JSON document (doctor.schema.json)", general},
    OptionEntry{"--clean", "", "first remove what killed runs left", general},
};

constexpr std::array selftest_table = {
    OptionEntry{"--json", "", "one JSON document (selftest.schema.json)", general},
    OptionEntry{"--profile", "NAME|FILE", "the profile under test (default)", general},
    OptionEntry{"--userns", "auto|always|never", "as of run (auto)", general},
};

constexpr std::array serve_table = {
    OptionEntry{"--stdio", "", "requests on stdin, answers on stdout", where},
    OptionEntry{"--socket", "PATH", "listen there (else: what systemd passed)", where},
    OptionEntry{"--metrics", "FILE", "write figures for Prometheus there, every 5 s", where},
    OptionEntry{"--jobs", "N", "runs at one time (the number of CPUs)", how_many},
    OptionEntry{"--queue", "N", "requests of one client that may wait (1000)", how_many},
    OptionEntry{"--warm", "N", "unused sandboxes kept ready (twice --jobs)", how_many},
    OptionEntry{"--profile", "NAME|FILE", "for requests that name none (default)", how},
    OptionEntry{"--grace", "DURATION", "from a signal to end until the kill (2 s)", how},
    OptionEntry{"--userns", "auto|always|never", "use a user namespace (auto)", how},
    OptionEntry{"--cgroup-parent", "PATH", "make cgroups below this (the caller's own)", how},
    OptionEntry{"--best-effort", "", "run even if a limit can't be enforced; warn", how},
};

constexpr std::string_view serve_notes =
    "One JSON request a line, with an \"id\" of your choice; one answer a line:\n"
    "{\"id\": ..., \"result\": ...} as runs end, or \"error\" where nothing was started.\n"
    "{\"op\": \"cancel\", \"id\": ...}, \"signal\", \"stats\" and \"ping\" are answered at once.\n"
    "SIGTERM answers what was asked for and ends; SIGHUP reads profiles anew.\n"
    "\n"
    "Example:\n"
    "  echo '{\"id\": \"1\", \"command\": [\"date\"]}' | sandbox serve --stdio\n";

constexpr std::string_view selftest_notes =
    "held          the attempt was made and came to nothing\n"
    "BROKEN        it worked, or the profile lets it pass\n"
    "not provided  this host, this caller or this profile does not have it\n"
    "NOT TRIED     nothing is known: no pass\n"
    "\n"
    "Exit status: 0 all that is provided held, 1 not; 125 no run starts here.\n"
    "\n"
    "Examples:\n"
    "  sandbox selftest\n"
    "  sandbox selftest --json --profile go\n";

constexpr std::array replay_table = {
    OptionEntry{"--speed", "N", "times as fast; 0.5 is half as fast (1)", general},
    OptionEntry{"--max-delay", "DURATION", "wait no longer than this for anything", general},
    OptionEntry{"--no-color", "", "stderr not in red, and no colours", general},
    OptionEntry{"--raw", "", "let the recording command the terminal", general},
    OptionEntry{"--asciicast", "FILE|-", "write asciicast v2 there, and play nothing", general},
};

constexpr std::string_view replay_notes =
    "FILE is what --events or --format playground wrote, or an answer of the Go\n"
    "Playground; - is stdin.\n"
    "\n"
    "Examples:\n"
    "  sandbox run --events events ./prog; sandbox replay --max-delay 2s events\n"
    "  sandbox run --format playground ./prog | sandbox replay -\n";

constexpr std::array profile_table = {
    OptionEntry{"--json", "", "of check and explain: one JSON document", general},
};

constexpr std::string_view profile_notes =
    "list     the built-in profiles, a line each\n"
    "show     one, as it is written\n"
    "check    what is wrong with one that can be read; exits 1 if there is an error\n"
    "explain  what is in force after \"extends\", and which line of which file says so\n"
    "\n"
    "Examples:\n"
    "  sandbox profile show go\n"
    "  sandbox profile explain go ptrace\n";

constexpr std::array common_table = {
    OptionEntry{"--help", "", "show this and exit", general},
    OptionEntry{"--version", "", "show the version and exit", general},
};

constexpr std::array command_table = {
    CommandEntry{"run", "[OPTION...] [--] PROGRAM [ARG...]",
                 "Run one program in a sandbox and write one result.", run_table, run_notes},
    CommandEntry{"serve", "--stdio|--socket PATH [OPTION...]",
                 "Answer requests, one JSON line each, many at once.", serve_table, serve_notes},
    CommandEntry{"replay", "[OPTION...] FILE|-", "Play what a run wrote, with its delays.",
                 replay_table, replay_notes},
    CommandEntry{"doctor", "[--json] [--clean]",
                 "Show what this host can enforce, and what would mend the rest.", doctor_table},
    CommandEntry{"selftest", "[--json] [--profile NAME|FILE] [--userns CHOICE]",
                 "Try each promise on this host, and show which held.", selftest_table,
                 selftest_notes},
    CommandEntry{"profile",
                 "list | show NAME|FILE | check NAME|FILE | explain NAME|FILE [SYSCALL...]",
                 "List the profiles, show, check or explain one.", profile_table, profile_notes},
};

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

}  // namespace sb::cli
