// What the daemon writes to the disk, and begins with.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <thread>

#include "storage/directory/directory_image.h"
#include "storage/zone_index/image.h"
#include "tests/unit/sync/daemon_fixture.h"

namespace gatepost::controlplane::tests {
namespace {

TEST_F(DaemonTest, CheckpointOnRequestAndAtTheEnd) {
    start_and_load();
    const ControlReply reply = ask(R"({"op":"checkpoint"})");
    ASSERT_TRUE(reply.ok()) << reply.line();
    const std::string path = reply.at("/path");
    EXPECT_EQ(path, options.state_dir + "/zones.ckpt");
    struct stat about {};
    ASSERT_EQ(::stat(path.c_str(), &about), 0);
    EXPECT_EQ(about.st_size, reply.number("/size_bytes"));
    EXPECT_EQ(about.st_mode & 07777, 0600u);

    execute(
        "INSERT INTO gatepost.rrsets SELECT id, 'last.example.org.', 'A', 60, ARRAY['192.0.2.1'] "
        "FROM"
        " gatepost.zones");
    ASSERT_TRUE(wait_for(execute("SELECT 1")));
    const std::string names = ask(kStatus).at("/arena/names");
    stop();
    const auto image = storage::Image::load_checkpoint(path);
    ASSERT_TRUE(image.has_value()) << image.error().message;
    EXPECT_EQ(std::to_string(image->info().names), names);
    EXPECT_FALSE(std::filesystem::exists(socket_path));
    execute("DELETE FROM gatepost.rrsets WHERE name = 'last.example.org.'");
}

TEST_F(DaemonTest, CheckpointsByItself) {
    start_and_load();
    const std::string path = options.state_dir + "/zones.ckpt";
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(kPatienceMs);
    while (!std::filesystem::exists(path) && std::chrono::steady_clock::now() < until)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_TRUE(std::filesystem::exists(path));
}

// The keeper makes a certificate for the server's name: from the key file and the database it comes
// to the supervisor, and into a file of its own.
TEST_F(DaemonTest, DirectoryIsHandedOverAndKept) {
    execute("DELETE FROM gatepost.certificates");  // other tests' keys are gone
    options.server_name = "mx.example.org";
    start_and_load();
    ChannelMessage directory = message();
    ASSERT_EQ(directory.verb, ChannelVerb::directory);
    EXPECT_EQ(directory.number, arena.number);
    const auto image = storage::DirectoryImage::map(std::move(directory.fd));
    ASSERT_TRUE(image.has_value()) << image.error().message;
    EXPECT_EQ(image->info().generation, directory.number);
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(kPatienceMs);
    const auto entry = [&] {
        return image->view().find(storage::EntryKind::tls_identity, "mx.example.org");
    };
    while (!entry() && std::chrono::steady_clock::now() < until)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    ASSERT_TRUE(entry().has_value());
    EXPECT_TRUE(wait_for(execute("SELECT 1")));
    const ControlReply status = ask(kStatus);
    EXPECT_EQ(status.number("/directory/entries"), 2) << "the name, and the default";
    EXPECT_EQ(status.at("/held_certificates"), "[]");

    const ControlReply reply = ask(R"({"op":"checkpoint"})");
    ASSERT_TRUE(reply.ok()) << reply.line();
    const std::string path = reply.at("/directory/path");
    EXPECT_EQ(path, options.state_dir + "/directory.ckpt");
    struct stat about {};
    ASSERT_EQ(::stat(path.c_str(), &about), 0);
    EXPECT_EQ(about.st_size, reply.number("/directory/size_bytes"));
    EXPECT_EQ(about.st_mode & 07777, 0600u);
    const auto kept = storage::DirectoryImage::load_checkpoint(path);
    ASSERT_TRUE(kept.has_value()) << kept.error().message;
    EXPECT_EQ(kept->info().entries, 2u);
    const auto copy = kept->view().find(storage::EntryKind::tls_identity, "mx.example.org");
    ASSERT_TRUE(copy.has_value());
    EXPECT_TRUE(std::equal(copy->value.begin(), copy->value.end(), entry()->value.begin(),
                           entry()->value.end()));

    // Held, and told of.
    ASSERT_TRUE(wait_for(
        execute("UPDATE gatepost.certificates SET sealed_key = 'GPS1' || repeat('x', 60)::bytea")));
    const ControlReply held = ask(kStatus);
    EXPECT_EQ(held.number("/held_certificates_total"), 1);
    EXPECT_EQ(held.at("/held_certificates/0/served"), "true");
    EXPECT_TRUE(entry().has_value());
    execute("DELETE FROM gatepost.certificates");
}

// A change of certificates alone does not have the zones written again.
TEST_F(DaemonTest, OnlyTheFileThatChangedIsWritten) {
    options.server_name = "mx.example.org";
    options.checkpoint_interval = std::chrono::hours(1);
    start_and_load();
    ASSERT_TRUE(ask(R"({"op":"checkpoint"})").ok());
    const std::string directory = options.state_dir + "/directory.ckpt";
    const std::string zones = options.state_dir + "/zones.ckpt";
    // Written long before, however coarse the clock of the file system is.
    for (const std::string& path : {directory, zones})
        std::filesystem::last_write_time(
            path, std::filesystem::last_write_time(path) - std::chrono::hours(1));
    const auto directory_before = std::filesystem::last_write_time(directory);
    const auto zones_before = std::filesystem::last_write_time(zones);
    ASSERT_TRUE(
        wait_for(execute("INSERT INTO gatepost.redirects (host, url) VALUES"
                         " ('a.example', 'https://b.example/')")));
    stop();  // with a last checkpoint
    EXPECT_GT(std::filesystem::last_write_time(directory), directory_before);
    EXPECT_EQ(std::filesystem::last_write_time(zones), zones_before);
    execute("DELETE FROM gatepost.redirects");
}

TEST_F(DaemonTest, FailingCheckpointIsReportedAndNotFatal) {
    start_and_load();
    std::filesystem::remove_all(options.state_dir);
    EXPECT_FALSE(ask(R"({"op":"checkpoint"})").ok());
    EXPECT_NE(ask(kStatus).at("/checkpoint/error"), "null");
}

}  // namespace
}  // namespace gatepost::controlplane::tests
