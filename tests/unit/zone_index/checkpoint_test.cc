#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "storage/arena/runtime_page.h"
#include "storage/zone_index/view.h"
#include "tests/support/test_arena.h"

namespace gatepost::tests {
namespace {

using storage::HashedName;
using storage::Image;
using storage::ZoneView;

class CheckpointTest : public testing::Test {
  protected:
    CheckpointTest() {
        folder_ = std::filesystem::temp_directory_path() /
                  ("gatepost-checkpoint-" + std::to_string(::getpid()));
        std::filesystem::create_directory(folder_);
        path_ = folder_ / "zones.ckpt";
        arena_.add_zone("example.");
        for (int i = 0; i < 500; ++i)
            arena_.put("example.",
                       {"h" + std::to_string(i) + ".sub 60 A 192.0.2." + std::to_string(i % 250)});
        arena_.add_zone("sub.example.");
        arena_.publish(77);
    }
    ~CheckpointTest() override { std::filesystem::remove_all(folder_); }

    Result<uint64_t> write() {
        return storage::write_checkpoint(arena_.writer().segment(), arena_.qsbr(),
                                         arena_.qsbr().readers[storage::kCopierReader], path_);
    }
    std::string contents() {
        std::ifstream in(path_, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    void overwrite(const std::string& octets) {
        std::ofstream(path_, std::ios::binary | std::ios::trunc) << octets;
    }
    std::string refusal() {
        auto image = Image::load_checkpoint(path_);
        if (image) return "accepted";
        EXPECT_EQ(image.error().code, ErrorCode::invalid);
        return image.error().message;
    }

    TestArena arena_;
    std::filesystem::path folder_;
    std::string path_;
};

TEST_F(CheckpointTest, HoldsAllThatWasPublished) {
    arena_.put("example.", {"unpublished 60 A 192.0.2.1"});
    auto size = write();
    ASSERT_TRUE(size.has_value()) << size.error().message;
    struct stat about {};
    ASSERT_EQ(::stat(path_.c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777, 0600u);
    EXPECT_EQ(static_cast<uint64_t>(about.st_size), *size);
    auto image = Image::load_checkpoint(path_);
    ASSERT_TRUE(image.has_value()) << image.error().message;
    EXPECT_EQ(image->info().origin.commit_lsn, 77u);
    EXPECT_TRUE(image->info().from_checkpoint);
    EXPECT_EQ(image->info().zones, 2u);
    ZoneView live(arena_.image().base());
    ZoneView copy(image->base());
    for (int i = 0; i < 500; ++i) {
        HashedName name;
        name.assign(dname("h" + std::to_string(i) + ".sub.example."), copy.secret());
        const storage::Node* node = copy.find(name, name.labels);
        ASSERT_NE(node, nullptr) << i;
        const storage::Node* original = live.find(name, name.labels);
        EXPECT_EQ(node->size, original->size);
    }
    HashedName both;
    both.assign(dname("sub.example."), copy.secret());
    const storage::Node* apex = copy.find(both, both.labels);
    ASSERT_NE(apex, nullptr);
    EXPECT_TRUE(apex->has(storage::kNodeApex));
    ASSERT_NE(apex->shallower, 0u);
    EXPECT_EQ(copy.apex(apex->zone), apex);
    HashedName gone;
    gone.assign(dname("unpublished.example."), copy.secret());
    EXPECT_EQ(copy.find(gone, gone.labels), nullptr);
}

TEST_F(CheckpointTest, ATruncatedOneIsRefused) {
    ASSERT_TRUE(write().has_value());
    std::string whole = contents();
    for (size_t length :
         {size_t{0}, size_t{1}, size_t{4095}, size_t{4096}, whole.size() / 2, whole.size() - 1}) {
        overwrite(whole.substr(0, length));
        EXPECT_NE(refusal(), "accepted") << length;
    }
    overwrite(whole + "x");
    EXPECT_NE(refusal().find("its header says"), std::string::npos);
}

TEST_F(CheckpointTest, AFlippedBitIsRefusedWhereverItIs) {
    ASSERT_TRUE(write().has_value());
    std::string whole = contents();
    for (size_t at = 0; at < whole.size(); at += at < 256 ? 1 : 997) {
        std::string broken = whole;
        broken[at] = static_cast<char>(broken[at] ^ 0x10);
        overwrite(broken);
        EXPECT_NE(refusal(), "accepted") << "octet " << at;
    }
}

TEST_F(CheckpointTest, AnotherFormatVersionIsRefusedByName) {
    ASSERT_TRUE(write().has_value());
    std::string other = contents();
    other[offsetof(storage::ArenaHeader, format_version)] = 99;
    overwrite(other);
    EXPECT_NE(refusal().find("has format version 99, this program reads version"),
              std::string::npos);
}

TEST_F(CheckpointTest, AFailedWriteLeavesTheOldOne) {
    ASSERT_TRUE(write().has_value());
    std::string before = contents();
    std::filesystem::create_directory(path_ + ".new");  // the temporary file cannot be made
    auto second = write();
    ASSERT_FALSE(second.has_value());
    EXPECT_NE(second.error().message.find("the one before it stays"), std::string::npos);
    EXPECT_EQ(contents(), before);
}

}  // namespace
}  // namespace gatepost::tests
