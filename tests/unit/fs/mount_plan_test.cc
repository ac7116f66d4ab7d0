#include "fs/mount_plan.h"

#include <doctest/doctest.h>
#include <linux/mount.h>

#include <algorithm>

#include "fs/placement.h"

using namespace sb;
using fs::MountOp;
using fs::OpKind;

namespace {

policy::Spec with_mounts(std::vector<policy::HostMount> mounts) {
  policy::Spec spec;
  spec.files.mounts = std::move(mounts);
  return spec;
}

std::ptrdiff_t find(const std::vector<MountOp>& ops, OpKind kind, const std::string& path) {
  const auto at = std::find_if(ops.begin(), ops.end(), [&](const MountOp& op) {
    return op.kind == kind && op.path == path;
  });
  return at == ops.end() ? -1 : at - ops.begin();
}

bool has(const std::vector<MountOp>& ops, OpKind kind, const std::string& path) {
  return find(ops, kind, path) >= 0;
}

}  // namespace

TEST_CASE("mount plan: parents come before what lies below them") {
  policy::Spec spec =
      with_mounts({{.source = "/x", .target = "/a/b/c"}, {.source = "/y", .target = "/a"}});
  spec.files.tmpfs = {"/a/b"};
  const std::vector<MountOp> ops = fs::plan_mounts(spec);
  const auto top = find(ops, OpKind::host, "a");
  const auto middle = find(ops, OpKind::bind, "a/b");
  const auto bottom = find(ops, OpKind::host, "a/b/c");
  REQUIRE(top >= 0);
  CHECK(top < middle);
  CHECK(middle < bottom);
  // In what the host shows nothing is made; in a directory in memory it is.
  CHECK(has(ops, OpKind::target, "a/b"));
  CHECK_FALSE(has(ops, OpKind::directory, "a/b"));
  CHECK(has(ops, OpKind::directory, "a/b/c"));
  CHECK(find(ops, OpKind::directory, "a/b/c") > middle);
}

TEST_CASE("mount plan: of two mounts at one place the later is on top") {
  const std::vector<MountOp> ops = fs::plan_mounts(
      with_mounts({{.source = "/first", .target = "/a"}, {.source = "/second", .target = "/a"}}));
  std::vector<std::string> sources;
  for (const MountOp& op : ops) {
    if (op.kind == OpKind::host && op.path == "a") {
      sources.push_back(op.text);
    }
  }
  CHECK(sources == std::vector<std::string>{"/first", "/second"});
  CHECK(std::count_if(ops.begin(), ops.end(), [](const MountOp& op) {
          return op.kind != OpKind::host && op.path == "a";
        }) == 1);
}

TEST_CASE("mount plan: read-only unless asked for and never with devices or set-user-ID") {
  const std::vector<MountOp> ops = fs::plan_mounts(with_mounts(
      {{.source = "/r", .target = "/r"},
       {.source = "/w", .target = "/w", .mode = policy::MountMode::read_write, .as_owner = true}}));
  const MountOp& reading = ops[static_cast<std::size_t>(find(ops, OpKind::host, "r"))];
  const MountOp& writing = ops[static_cast<std::size_t>(find(ops, OpKind::host, "w"))];
  CHECK(reading.attributes == (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV));
  CHECK(writing.attributes == (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV));
  CHECK(reading.recursive);
  CHECK_FALSE(reading.as_owner);
  CHECK(writing.as_owner);
}

TEST_CASE("mount plan: a given etc is left alone") {
  const std::vector<MountOp> ops =
      fs::plan_mounts(with_mounts({{.source = "/root/etc", .target = "/etc"}}));
  CHECK_FALSE(has(ops, OpKind::file, "etc/passwd"));
  CHECK(has(ops, OpKind::host, "etc"));
  policy::Spec link;
  link.files.symlinks = {{.target = "usr/etc", .path = "/etc"}};
  const std::vector<MountOp> linked = fs::plan_mounts(link);
  CHECK(has(linked, OpKind::symlink, "etc"));
  CHECK_FALSE(has(linked, OpKind::directory, "etc"));
  CHECK_FALSE(has(linked, OpKind::file, "etc/passwd"));
  const std::vector<MountOp> none = fs::plan_mounts(policy::Spec{});
  CHECK(has(none, OpKind::file, "etc/passwd"));
}

TEST_CASE("mount plan: one file of etc can be replaced") {
  const std::vector<MountOp> ops = fs::plan_mounts(
      with_mounts({{.source = "/p", .target = "/etc/passwd", .is_directory = false}}));
  const auto made = find(ops, OpKind::file, "etc/passwd");
  REQUIRE(made >= 0);
  CHECK(ops[static_cast<std::size_t>(made)].text.empty());
  CHECK(find(ops, OpKind::host, "etc/passwd") > made);
  CHECK(has(ops, OpKind::file, "etc/group"));
}

TEST_CASE("mount plan: copies are mounted read-only at their places") {
  const std::vector<MountOp> ops = fs::plan_mounts(with_mounts({{.source = "/home/x/prog",
                                                                 .target = "/workspace/prog",
                                                                 .is_directory = false,
                                                                 .copy = true}}));
  const auto copy = find(ops, OpKind::copy, "run/0");
  const auto shown = find(ops, OpKind::bind, "workspace/prog");
  REQUIRE(copy >= 0);
  CHECK(shown > copy);
  CHECK(shown > find(ops, OpKind::bind, "workspace"));
  CHECK(ops[static_cast<std::size_t>(shown)].text == "run/0");
  CHECK((ops[static_cast<std::size_t>(shown)].attributes & MOUNT_ATTR_RDONLY) != 0);
}

TEST_CASE("mount plan: what hides parts of proc hangs on no mount of the callers") {
  const std::vector<MountOp> ops = fs::plan_mounts(
      with_mounts({{.source = "/sys", .target = "/sys"}, {.source = "/run", .target = "/run"}}));
  const auto acpi = find(ops, OpKind::bind, "proc/acpi");
  REQUIRE(acpi >= 0);
  CHECK(ops[static_cast<std::size_t>(acpi)].text == "run.1/empty");
  CHECK(has(ops, OpKind::directory, "run.1/empty"));
  CHECK(ops.back() ==
        MountOp{.kind = OpKind::attributes,
                .path = "",
                .attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV});
}

TEST_CASE("mount plan: proc is mounted over the scratch file system") {
  const std::vector<MountOp> ops = fs::plan_mounts(policy::Spec{});
  const auto scratch = find(ops, OpKind::tmpfs, "proc");
  const auto proc = find(ops, OpKind::proc, "proc");
  REQUIRE(scratch >= 0);
  CHECK(proc > find(ops, OpKind::bind, "workspace"));
  CHECK(proc > find(ops, OpKind::bind, "tmp"));
  CHECK(proc > find(ops, OpKind::bind, "dev/shm"));
}

// Red: mount_scratch() without the page for the uptime.
TEST_CASE("mount plan: with a virtual clock the uptime is a file of the scratch file system") {
  policy::Spec spec;
  CHECK_FALSE(has(fs::plan_mounts(spec), OpKind::scratch, "proc/uptime"));
  spec.clock.mode = policy::ClockMode::virtual_time;
  spec.limits.disk_bytes = 1 << 20;
  const std::vector<MountOp> ops = fs::plan_mounts(spec);
  const auto made = find(ops, OpKind::file, "proc/uptime");
  const auto shown = find(ops, OpKind::scratch, "proc/uptime");
  REQUIRE(made > find(ops, OpKind::tmpfs, "proc"));
  CHECK(made < find(ops, OpKind::proc, "proc"));
  REQUIRE(shown > find(ops, OpKind::proc, "proc"));
  CHECK((ops[static_cast<std::size_t>(shown)].attributes & MOUNT_ATTR_RDONLY) != 0);
  // What the program may write is as much as was asked for.
  CHECK(ops[static_cast<std::size_t>(find(ops, OpKind::tmpfs, "proc"))].text.starts_with(
      "size=1052672,"));
}

TEST_CASE("placements: the ground is that of the nearest mount above") {
  policy::Spec spec = with_mounts({{.source = "/u", .target = "/usr"}});
  spec.files.tmpfs = {"/usr/cache"};
  const fs::Placements placements(spec);
  CHECK(placements.ground_of("opt/x") == fs::Ground::root);
  CHECK(placements.ground_of("usr") == fs::Ground::root);
  CHECK(placements.ground_of("usr/lib") == fs::Ground::host);
  CHECK(placements.ground_of("usr/cache") == fs::Ground::host);
  CHECK(placements.ground_of("usr/cache/x") == fs::Ground::scratch);
  CHECK(placements.ground_of("workspace/x") == fs::Ground::scratch);
  CHECK(placements.ground_of("usrx/y") == fs::Ground::root);
}
