// --put with :extract of archives that another program packed: the host's bsdtar makes them plain
// in a sandbox of its own, and whatever they hold, nothing goes where it should not.
#include <doctest/doctest.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstdlib>

#include "harness.h"
#include "tar.h"

using namespace sbtest;

namespace {

// Written with Python, so that they can be as wrong as a test needs them; in its current directory.
constexpr const char* packing = R"(
import bz2, gzip, io, lzma, os, subprocess, sys, tarfile, zipfile
def put(name, data):
    with open(name, "wb") as file:
        file.write(data)
tar = open("plain.tar", "rb").read()
put("good.gz", gzip.compress(tar))
put("good.xz", lzma.compress(tar))
put("good.bz2", bz2.compress(tar))
subprocess.run(["bsdtar", "--zstd", "-cf", "good.zst", "@plain.tar"], check=True)
def zipped(name, entries, modes=()):
    with zipfile.ZipFile(name, "w", zipfile.ZIP_DEFLATED) as file:
        for number, (entry, data) in enumerate(entries):
            info = zipfile.ZipInfo(entry)
            info.create_system, info.compress_type = 3, zipfile.ZIP_DEFLATED
            info.external_attr = (modes[number] if number < len(modes) else 0o100644) << 16
            file.writestr(info, data)
def tarred(name, *members):
    with gzip.open(name, "wb") as out, tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as file:
        for entry, kind, link in members:
            info = tarfile.TarInfo(entry)
            info.type, info.linkname = kind, link
            file.addfile(info)
zipped("good.zip", [("d/script", "#!/bin/sh\necho ran\n"), ("new\nline", "n\n"), ("l", "d/script"),
                    ("n" * 200, "long\n")], (0o100755, 0o100644, 0o120777))
if sys.argv[1] == "few":
    sys.exit()
zipped("empty.zip", [])
zipped("names.zip", [("n%d" % number, "") for number in range(3000)])
zipped("up.zip", [("fine", "x"), ("../x", "x")])
zipped("absolute.zip", [("/tmp/x", "x")])
zipped("link.zip", [("l", "/tmp"), ("l/x", "x")], (0o120777,))
zipped("inner.zip", [("link", "d"), ("link/x", "x")], (0o120777,))
zipped("bomb.zip", [("zeros", b"\0" * (40 << 20))])
put("inner", open("bomb.zip", "rb").read())
zipped("nested.zip", [("a.zip", open("bomb.zip", "rb").read())])
zipped("secret.zip", [("secret", "x" * 100)])
data = bytearray(open("secret.zip", "rb").read())
data[6] |= 1
data[data.index(b"PK\x01\x02") + 8] |= 1
put("secret.zip", data)
put("cut.zip", open("good.zip", "rb").read()[:60])
put("cut.gz", open("good.gz", "rb").read()[:-30])
put("garbled.xz", open("good.xz", "rb").read()[:60] + b"\xff" * 40 + open("good.xz", "rb").read()[100:])
put("text.gz", gzip.compress(b"no archive at all\n" * 100))
os.truncate(os.open("zeros", os.O_CREAT | os.O_WRONLY), 40 << 20)
subprocess.run(["tar", "-czf", "bomb.gz", "zeros"], check=True)
tarred("up.gz", ("a/../../x", tarfile.REGTYPE, ""))
tarred("link.gz", ("l", tarfile.SYMTYPE, "../.."))
tarred("hard.gz", ("h", tarfile.LNKTYPE, "/etc/passwd"))
tarred("device.gz", ("c", tarfile.CHRTYPE, ""))
tarred("pipe.gz", ("p", tarfile.FIFOTYPE, ""))
tarred("long.gz", ("n" * 5000, tarfile.REGTYPE, ""))
tarred("deep.gz", ("d/" * 100 + "f", tarfile.REGTYPE, ""))
os.truncate(os.open("hole", os.O_CREAT | os.O_WRONLY), 1 << 20)
subprocess.run(["tar", "-Sczf", "hole.gz", "hole"], check=True)
os.truncate("hole", 1 << 40)
subprocess.run(["tar", "-Sczf", "abyss.gz", "hole"], check=True)
# What this format names is read where it is decoded: no file of the host's is there.
put("mtree.gz", gzip.compress(b"#mtree\n./f type=file contents=/etc/shadow\n./g type=file contents=%s\n" %
    os.path.abspath("hole").encode()))
)";

class Packed {
 public:
  explicit Packed(const std::string& how = "all") {
    require("bsdtar");
    require("python3");
    const std::string big(700001, 'B');
    host_.write("plain.tar", Tar()
                                 .add("d/script", '0', "#!/bin/sh\necho ran\n", "", -1, 0755)
                                 .file("new\nline", "n\n")
                                 .file("odd\xff", "o\n")
                                 .add("l", '2', "", "d/script")
                                 .gnu_name("g/" + std::string(150, 'l'))
                                 .file("short", "long\n")
                                 .file("big", big)
                                 .end());
    host_.write("pack.py", packing);
    REQUIRE(std::system(("cd '" + host_.path() + "' && python3 -B pack.py " + how).c_str()) == 0);
  }
  std::string path(const std::string& name) const { return host_.path() + "/" + name; }
  Run extract(const std::string& name, const Words& options = {},
              const std::string& script = "find .") const {
    Words words = {"--put", path(name) + ":/workspace/here:extract"};
    words.insert(words.end(), options.begin(), options.end());
    return run_target(words, {"sh", "-c", script});
  }

 private:
  TempDirectory host_;
};

}  // namespace

// Red: packer_of() knows no zstd.
TEST_CASE("files: extract unpacks what gzip xz zstd bzip2 and zip packed") {
  const Packed packed;
  for (const char* name : {"good.gz", "good.xz", "good.bz2", "good.zst"}) {
    CAPTURE(std::string(name));
    const Run run = packed.extract(name, {},
                                   "cd here; d/script; ./l; cat new* odd* g/l*; wc -c < big; "
                                   "stat -c %a d/script");
    expect_ok(run);
    CHECK(run.stdout_bytes() == "ran\nran\nn\no\nlong\n700001\n755\n");
  }
  const Run zip = packed.extract("good.zip", {}, "cd here; d/script; ./l; cat new* nnn*");
  expect_ok(zip);
  CHECK(zip.stdout_bytes() == "ran\nran\nn\nlong\n");
  CHECK(zip.document.at("time.wall_ns").integer() < zip.document.at("time.setup_ns").integer());
  expect_ok(packed.extract("empty.zip"));
  const Run nested = packed.extract("nested.zip", {}, "ls here");
  expect_ok(nested);
  CHECK(nested.stdout_bytes() == "a.zip\n");
  const Run hole = packed.extract("hole.gz", {}, "wc -c < here/hole");
  expect_ok(hole);
  CHECK(hole.stdout_bytes() == "1048576\n");
}

// Red: room_of() knows no ratio.
TEST_CASE("p3 a packed archive writes nothing outside of its directory and is no bomb") {
  const Packed packed;
  struct Row {
    const char* name;
    const char* tag;
    const char* part;
  };
  const Row rows[] = {
      {"up.zip", "files.archive", "../x"},          {"absolute.zip", "files.archive", "/tmp/x"},
      {"link.zip", "files.archive", "link"},        {"inner.zip", "files.put", "link/x"},
      {"secret.zip", "files.archive", "encrypted"}, {"cut.zip", "files.archive", "bsdtar: "},
      {"cut.gz", "files.archive", "cut off"},       {"garbled.xz", "files.archive", "bsdtar: "},
      {"text.gz", "files.archive", "bsdtar: "},     {"bomb.zip", "files.archive", "250 times"},
      {"bomb.gz", "files.archive", "250 times"},    {"up.gz", "files.archive", "a/../../x"},
      {"link.gz", "files.archive", "link"},         {"hard.gz", "files.archive", "hard link"},
      {"device.gz", "files.archive", "device"},     {"pipe.gz", "files.archive", "pipe"},
      {"long.gz", "files.archive", "too long"},     {"deep.gz", "files.archive", "deep"},
      {"abyss.gz", "files.archive", "250 times"},   {"mtree.gz", "files.archive", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(std::string(row.name));
    const Run run = packed.extract(row.name, {"--disk", "256M"});
    INFO(run.describe());
    CHECK(run.exit_status == 125);
    CHECK(run.document.at("error.tag").text() == row.tag);
    CHECK(contains(run.document.at("error.message").text(), row.part));
    CHECK(run.document.at("time.started").is_null());
  }
  const Run full = packed.extract("good.gz", {"--disk", "256K"});
  CHECK(full.document.at("error.tag").text() == "files.put");
  CHECK(contains(full.document.at("error.hint").text(), "--disk"));
  const Run names = packed.extract("names.zip", {"--disk", "1M"});
  CHECK(names.document.at("error.tag").text() == "files.put");
}

// Red: make_plain() does not call check_decoder().
TEST_CASE("p15 a packed archive is refused on a host that has no bsdtar") {
  require("root");
  const Packed packed("few");
  Options options;
  options.in_child = [] {
    if (unshare(CLONE_NEWNS) != 0 || mount("", "/", "", MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("/dev/null", "/usr/bin/bsdtar", nullptr, MS_BIND, nullptr) != 0) {
      _exit(99);
    }
  };
  const Run run =
      run_target({"--put", packed.path("good.zip") + ":/workspace:extract"}, {"true"}, options);
  INFO(run.describe());
  CHECK(run.document.at("error.tag").text() == "host.unsupported");
  CHECK(contains(run.document.at("error.hint").text(), "libarchive-tools"));
  const Run plain =
      run_target({"--put", packed.path("plain.tar") + ":/workspace:extract"}, {"true"}, options);
  expect_ok(plain);
}

// Red: Steps::run() does not call make_archives_plain().
TEST_CASE("files: a packed archive is put in before the first step and by serve") {
  const Packed packed("few");
  const std::string put = R"("files": {"put": [{"source": ")" + packed.path("good.zip") +
                          R"(", "target": "/workspace", "extract": true}]})";
  Options options;
  options.input = R"({"steps": [{"name": "one", "command": ["sh", "-c", "d/script > made"]},
                      {"name": "two", "command": ["cat", "made"]}], )" +
                  put + "}";
  const Run steps = run_sandbox({"run", "--request", "-"}, options);
  expect_ok(steps);
  CHECK(steps.stdout_bytes() == "ran\n");
  const TempDirectory host;
  const std::string asked =
      host.write("asked", R"({"id": "a", "command": ["/workspace/d/script"], )" + put + "}\n");
  const std::string answer = host.path() + "/answer";
  CHECK(std::system((binary() + " serve --stdio < " + asked + " > " + answer).c_str()) == 0);
  CHECK(contains(read_file(answer), R"("data":"ran\n")"));
}
