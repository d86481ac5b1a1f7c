// The store over the kernel's files, with a ring that takes no more than it needs.
#include "dataplane/store/uring_directory.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <liburing.h>
#include <sys/stat.h>

#include <filesystem>

#include "dataplane/store/message_log_store.h"
#include "store_rig.h"

namespace gatepost::dataplane {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kSecond = 1'000'000'000;  // ns
constexpr uint8_t kOperations[] = {IORING_OP_OPENAT,  IORING_OP_READ,      IORING_OP_WRITE,
                                   IORING_OP_FSYNC,   IORING_OP_FALLOCATE, IORING_OP_UNLINKAT,
                                   IORING_OP_RENAMEAT};

// By the folder that it works in: a disk's file system, and one in memory.
class RealStore : public testing::TestWithParam<const char*> {
  protected:
    RealStore() {
        folder = fs::path(GetParam()) / ("gatepost-store-" + std::to_string(::getpid()));
        fs::remove_all(folder);
        fs::create_directories(folder);
        open();
    }
    ~RealStore() override {
        close();
        fs::remove_all(folder);
    }
    int open_folder() { return ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }
    void open() {
        auto made = Ring::create({.operations = kOperations});
        ASSERT_TRUE(made) << made.error().message;
        ring = std::move(*made);
        ASSERT_TRUE(ring->enable());
        const UniqueFd fd(open_folder());
        storage::DirectorySource source(fd.get());
        auto scanned = storage::scan_spool(source);
        ASSERT_TRUE(scanned) << scanned.error().message;
        scan = *scanned;
        auto cleaned = storage::spool_clean_up(fd.get(), scan);
        ASSERT_TRUE(cleaned) << cleaned.error().message;
        freed = *cleaned;
        timers.emplace();
        timers->advance(now_ms);
        numbers.emplace(scan.next_number, 1);
        directory.emplace(*ring, UniqueFd(open_folder()));
        store.emplace(*directory, *timers, *numbers, listener,
                      MessageLogOptions{.segment_octets = 1 << 20, .checkpoint_ms = 100});
        store->start();
        store->adopt(scan.messages);
    }
    void close() {
        tasks.clear();
        store.reset();
        // What is under way, and what that leads to, ends before its ring does.
        for (int quiet = 0; quiet < 20;) quiet = turn(5'000'000) == 0 ? quiet + 1 : 0;
        directory.reset();
        ring.reset();
    }
    size_t turn(uint64_t wait_ns) {
        EXPECT_TRUE(ring->submit_and_wait(1, wait_ns));
        return ring->reap();
    }
    void run(Task<> task) {
        tasks.push_back(std::move(task));
        tasks.back().start();
        for (int i = 0; i < 1000 && !tasks.back().is_done(); ++i) turn(kSecond);
        EXPECT_TRUE(tasks.back().is_done());
    }
    Task<> send(std::string octets, StoreStatus& status, storage::BodyLocation& location) {
        auto message = store->begin();
        co_await message->add(bytes_of(octets));
        storage::Envelope envelope;
        envelope.id = names.next(1000);
        const std::string prefix = "prefix ";
        status = co_await message->commit(bytes_of(prefix), envelope);
        location = message->location();
    }
    Task<> read(storage::BodyLocation body, std::string& octets) {
        octets.resize(body.size);
        int64_t got = co_await store->read_body(
            body, 0, {reinterpret_cast<uint8_t*>(octets.data()), octets.size()});
        EXPECT_EQ(got, static_cast<int64_t>(body.size));
    }

    fs::path folder;
    std::unique_ptr<Ring> ring;
    uint64_t now_ms = 1'000'000;
    storage::SpoolScan scan;
    uint64_t freed = 0;
    Spooled listener;
    std::optional<TimerWheel> timers;
    std::optional<LogNumbers> numbers;
    std::optional<UringDirectory> directory;
    std::optional<MessageLogStore> store;
    storage::BlobIdSource names;
    std::deque<Task<>> tasks;
};

TEST_P(RealStore, MessagesAreThereAfterARestart) {
    std::vector<std::pair<storage::BodyLocation, std::string>> sent;
    for (const size_t size :
         {size_t{10}, size_t{4096}, size_t{200'000}, size_t{700'000}, size_t{1}}) {
        StoreStatus status = StoreStatus::broken;
        storage::BodyLocation location;
        run(send(body_of(size), status, location));
        ASSERT_EQ(status, StoreStatus::ok) << size;
        sent.emplace_back(location, "prefix " + body_of(size));
    }
    for (const auto& [location, octets] : sent) {
        std::string got;
        run(read(location, got));
        EXPECT_EQ(got, octets);
    }
    store->done(listener.entries[0]);
    store->flush();
    for (int i = 0; i < 100 && !store->is_idle(); ++i) turn(kSecond);
    close();
    listener = {};
    open();
    EXPECT_EQ(scan.findings.size(), 0u);
    EXPECT_EQ(listener.entries.size(), 4u);
    EXPECT_GT(freed, 0u) << "the segment made ahead, and the end of the last";
    for (const auto& [location, octets] : sent) {
        std::string got;
        run(read(location, got));
        EXPECT_EQ(got, octets);
    }
    const fs::path body =
        folder / storage::segment_file_name(sent[3].first.segment, storage::SegmentKind::own);
    struct stat about {};
    ASSERT_EQ(::stat(body.c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777, 0640u) << "nobody else reads mail";
}

TEST_P(RealStore, ACheckpointIsWritten) {
    StoreStatus status = StoreStatus::broken;
    storage::BodyLocation location;
    run(send(body_of(100), status, location));
    ASSERT_EQ(status, StoreStatus::ok);
    for (int i = 0; i < 200 && store->counters().checkpoints == 0; ++i) {
        now_ms += 50;
        timers->advance(now_ms);
        turn(i < 10 ? 1'000'000 : kSecond);  // a disk may take its time
    }
    EXPECT_EQ(store->counters().checkpoints, 1u);
    const UniqueFd fd(open_folder());
    storage::DirectorySource source(fd.get());
    const auto octets = source.read_file(std::string(storage::kSpoolCheckpointName));
    ASSERT_TRUE(octets);
    const auto checkpoint = storage::decode_spool_checkpoint(*octets);
    ASSERT_TRUE(checkpoint);
    EXPECT_EQ(checkpoint->floor, location.segment);
    EXPECT_FALSE(fs::exists(folder / storage::kSpoolCheckpointNewName));
}

TEST_P(RealStore, SessionsThatGoInTheMiddleLeaveNothingBehind) {
    for (int turns = 0; turns < 12; ++turns) {
        StoreStatus status = StoreStatus::ok;
        storage::BodyLocation location;
        tasks.push_back(send(body_of(600'000), status, location));
        tasks.back().start();
        for (int i = 0; i < turns; ++i) turn(1'000'000);
        tasks.clear();
    }
    StoreStatus status = StoreStatus::broken;
    storage::BodyLocation location;
    run(send(body_of(100), status, location));
    EXPECT_EQ(status, StoreStatus::ok);
    EXPECT_LT(location.segment, numbers->next());
}

INSTANTIATE_TEST_SUITE_P(Folders, RealStore, testing::Values(".", "/dev/shm"),
                         [](const auto& each) { return each.param[0] == '/' ? "memory" : "disk"; });

}  // namespace
}  // namespace gatepost::dataplane
