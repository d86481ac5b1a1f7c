// $INCLUDE, and what can be wrong with files.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/base/unique_fd.h"
#include "storage/zone/master_file.h"
#include "tests/unit/zone/master_text.h"

namespace gatepost::storage {
namespace {

using Lines = std::vector<std::string>;

MasterFileOptions with_include() {
    MasterFileOptions options;
    options.allow_include = true;
    return options;
}

TEST(MasterFileInclude, IsRelativeToTheIncludingFile) {
    TemporaryFolder folder;
    std::string top = folder.write(
        "top.zone", "$TTL 60\na A 192.0.2.1\n$INCLUDE parts/one.zone\nd A 192.0.2.4\n");
    folder.write("parts/one.zone", "b A 192.0.2.2\n$INCLUDE \"two parts.zone\" sub\n");
    folder.write("parts/two parts.zone", "c A 192.0.2.3\n");
    MasterLines lines = read_file_lines(top, with_include());
    EXPECT_EQ(lines.errors, Lines());
    EXPECT_EQ(lines.records, (Lines{"a.example. 60 A 192.0.2.1", "b.example. 60 A 192.0.2.2",
                                    "c.sub.example. 60 A 192.0.2.3", "d.example. 60 A 192.0.2.4"}));
}

// RFC 1035 §5.1: "$INCLUDE never changes the relative origin of the parent file".
TEST(MasterFileInclude, RestoresOriginAndOwnerButNotTheTtl) {
    TemporaryFolder folder;
    std::string top = folder.write(
        "top.zone", "$TTL 60\na A 192.0.2.1\n$INCLUDE inner.zone\n MX 1 m\nx A 192.0.2.2\n");
    folder.write("inner.zone", "  TXT of-a\n$ORIGIN other.\n$TTL 61\nb A 192.0.2.3\n");
    EXPECT_EQ(
        read_file_lines(top, with_include()).records,
        (Lines{"a.example. 60 A 192.0.2.1", "a.example. 60 TXT \"of-a\"", "b.other. 61 A 192.0.2.3",
               "a.example. 61 MX 1 m.example.", "x.example. 61 A 192.0.2.2"}));
}

TEST(MasterFileInclude, CyclesAreRefused) {
    TemporaryFolder folder;
    std::string top = folder.write("a.zone", "$TTL 60\n$INCLUDE b.zone\nwww A 192.0.2.1\n");
    std::string b = folder.write("b.zone", "$INCLUDE ./link.zone\n");
    // By another name it is the same file.
    ASSERT_EQ(::symlink("a.zone", (folder.path() + "/link.zone").c_str()), 0);
    MasterLines lines = read_file_lines(top, with_include());
    EXPECT_EQ(
        lines.errors,
        Lines{b + ":1:10: $INCLUDE of '" + folder.path() +
              "/./link.zone', which is being read already, expected no file to include itself"});
    EXPECT_EQ(lines.records, Lines{"www.example. 60 A 192.0.2.1"});
}

TEST(MasterFileInclude, DepthAndCountAreBounded) {
    TemporaryFolder folder;
    for (int i = 0; i < 10; ++i)
        folder.write("f" + std::to_string(i),
                     "$INCLUDE f" + std::to_string(i + 1) + "\nw 60 A 192.0.2.1\n");
    MasterFileOptions options = with_include();
    options.include_depth_max = 3;
    MasterLines lines = read_file_lines(folder.path() + "/f0", options);
    EXPECT_EQ(
        lines.errors,
        Lines{folder.path() + "/f3:1:1: $INCLUDE nested more than 3 deep, expected fewer levels"});
    EXPECT_EQ(lines.records.size(), 4u);

    std::string many = folder.write("many", "$INCLUDE one\n$INCLUDE one\n$INCLUDE one\n");
    folder.write("one", "w 60 A 192.0.2.1\n");
    options.include_count_max = 2;
    lines = read_file_lines(many, options);
    EXPECT_EQ(lines.errors,
              Lines{many + ":3:1: more than 2 $INCLUDE lines in one reading, expected fewer"});
    EXPECT_EQ(lines.records.size(), 2u);
}

TEST(MasterFileInclude, ErrorsNameTheIncludedFile) {
    TemporaryFolder folder;
    std::string top = folder.write("top.zone", "$INCLUDE inner.zone\nx..y 60 A 192.0.2.1\n");
    std::string inner = folder.write("inner.zone", "\na..b 60 A 192.0.2.1\n");
    EXPECT_EQ(read_file_lines(top, with_include()).errors,
              (Lines{inner + ":2:1: 'a..b' is not a domain name: it has an empty label",
                     top + ":2:1: 'x..y' is not a domain name: it has an empty label"}));
}

TEST(MasterFileInclude, OnlyPlainFiles) {
    TemporaryFolder folder;
    ASSERT_EQ(::mkfifo((folder.path() + "/fifo").c_str(), 0600), 0);
    std::string top = folder.write("top.zone", "$INCLUDE missing\n$INCLUDE .\n$INCLUDE fifo\n");
    std::string at = folder.path();
    EXPECT_EQ(read_file_lines(top, with_include()).errors,
              (Lines{top + ":1:10: cannot read '" + at + "/missing': No such file or directory",
                     top + ":2:10: cannot read '" + at + "/.': Is a directory",
                     top + ":3:10: cannot read '" + at +
                         "/fifo': it is a pipe or a device, expected a plain file"}));
}

TEST(MasterFileInclude, TheFileItselfIsMissing) {
    MasterLines lines = read_file_lines("/no/such/file");
    ASSERT_FALSE(lines.status);
    EXPECT_EQ(lines.status.error().message,
              "cannot read '/no/such/file': No such file or directory");
    EXPECT_EQ(lines.status.error().code, ErrorCode::refused);
}

// Process substitution and the like give pipes, which tell no size.
TEST(MasterFileInclude, TheFileItselfMayBeAPipe) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    UniqueFd reading(ends[0]), writing(ends[1]);
    const std::string_view text = "www 60 A 192.0.2.1\n";
    ASSERT_EQ(::write(writing.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
    writing.reset();
    MasterLines lines = read_file_lines("/proc/self/fd/" + std::to_string(reading.get()));
    EXPECT_EQ(lines.records, Lines{"www.example. 60 A 192.0.2.1"});
}

}  // namespace
}  // namespace gatepost::storage
