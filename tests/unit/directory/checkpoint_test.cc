// Checkpoints of the directory: what they hold, and that a damaged one is refused.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "storage/directory/directory_copier.h"
#include "tests/unit/directory/test_directory.h"

namespace gatepost::tests {
namespace {

using storage::DirectoryImage;

class DirectoryCheckpointTest : public testing::Test {
  protected:
    DirectoryCheckpointTest() {
        folder_ = std::filesystem::temp_directory_path() /
                  ("gatepost-directory-" + std::to_string(::getpid()));
        std::filesystem::create_directory(folder_);
        path_ = folder_ / "directory.ckpt";
        for (int i = 0; i < 500; ++i) put(i, "value " + std::to_string(i));
        directory_.writer().publish({77, 5});
    }
    ~DirectoryCheckpointTest() override { std::filesystem::remove_all(folder_); }

    void put(int key, const std::string& value) {
        EXPECT_TRUE(directory_.put("host" + std::to_string(key), value).has_value());
    }
    Result<uint64_t> write() {
        return storage::write_directory_checkpoint(
            directory_.writer().segment(), directory_.qsbr(),
            directory_.qsbr().readers[storage::kCopierReader], path_);
    }
    std::string contents() {
        std::ifstream in(path_, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    void overwrite(const std::string& octets) {
        std::ofstream(path_, std::ios::binary | std::ios::trunc) << octets;
    }
    std::string refusal() {
        const auto image = DirectoryImage::load_checkpoint(path_);
        if (image) return "accepted";
        EXPECT_EQ(image.error().code, ErrorCode::invalid);
        return image.error().message;
    }

    TestDirectory directory_;
    std::filesystem::path folder_;
    std::string path_;
};

TEST_F(DirectoryCheckpointTest, HoldsAllEntries) {
    directory_.writer().remove(EntryKind::tls_identity, "host3");
    put(4, "changed");
    directory_.writer().publish({88, 6});
    const auto size = write();
    ASSERT_TRUE(size.has_value()) << size.error().message;
    struct stat about {};
    ASSERT_EQ(::stat(path_.c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 07777, 0600u);
    EXPECT_EQ(static_cast<uint64_t>(about.st_size), *size);
    EXPECT_FALSE(std::filesystem::exists(path_ + ".new"));
    const auto image = DirectoryImage::load_checkpoint(path_);
    ASSERT_TRUE(image.has_value()) << image.error().message;
    EXPECT_EQ(image->info().generation, 7u);
    EXPECT_EQ(image->info().version, 2u);
    EXPECT_EQ(image->info().origin.commit_lsn, 88u);
    EXPECT_EQ(image->info().entries, 499u);
    EXPECT_TRUE(image->info().from_checkpoint);
    for (int i = 0; i < 500; ++i) {
        const std::string key = "host" + std::to_string(i);
        const auto live = directory_.writer().view().find(EntryKind::tls_identity, key);
        const auto kept = image->view().find(EntryKind::tls_identity, key);
        ASSERT_EQ(live.has_value(), kept.has_value()) << key;
        if (!live) continue;
        EXPECT_EQ(text_of(live->value), text_of(kept->value));
        EXPECT_EQ(live->serial, kept->serial);
    }
}

TEST_F(DirectoryCheckpointTest, ATruncatedOneIsRefused) {
    ASSERT_TRUE(write().has_value());
    const std::string whole = contents();
    for (const size_t length :
         {size_t{0}, size_t{1}, size_t{4095}, size_t{4096}, whole.size() / 2, whole.size() - 1}) {
        overwrite(whole.substr(0, length));
        EXPECT_NE(refusal(), "accepted") << length;
    }
    overwrite(whole + "x");
    EXPECT_NE(refusal().find("its header says"), std::string::npos);
}

TEST_F(DirectoryCheckpointTest, AFlippedBitIsRefusedWhereverItIs) {
    ASSERT_TRUE(write().has_value());
    const std::string whole = contents();
    for (size_t at = 0; at < whole.size(); at += at < 256 ? 1 : 499) {
        std::string broken = whole;
        broken[at] = static_cast<char>(broken[at] ^ 0x10);
        overwrite(broken);
        EXPECT_NE(refusal(), "accepted") << "octet " << at;
    }
}

TEST_F(DirectoryCheckpointTest, AnotherFormatVersionOrKindIsRefusedByName) {
    ASSERT_TRUE(write().has_value());
    const std::string whole = contents();
    std::string other = whole;
    other[offsetof(storage::ImagePreamble, format_version)] = 99;
    overwrite(other);
    EXPECT_NE(refusal().find("has format version 99, this program reads version"),
              std::string::npos);
    other = whole;
    const uint64_t zones = storage::kArenaMagic;
    std::memcpy(other.data(), &zones, sizeof zones);
    overwrite(other);
    EXPECT_NE(refusal().find("is not a Gatepost index image of that kind"), std::string::npos);
}

TEST_F(DirectoryCheckpointTest, AFailedWriteLeavesTheOldOne) {
    ASSERT_TRUE(write().has_value());
    const std::string before = contents();
    std::filesystem::create_directory(path_ + ".new");  // the temporary file cannot be made
    const auto second = write();
    ASSERT_FALSE(second.has_value());
    EXPECT_NE(second.error().message.find("the one before it stays"), std::string::npos);
    EXPECT_EQ(contents(), before);
}

// An entry that was put again elsewhere while the copier looked is in the copy once, newest.
TEST_F(DirectoryCheckpointTest, CopiesBesideTheWriterAreWhole) {
    std::atomic<bool> done{false};
    std::thread writer([&] {
        for (unsigned round = 0; !done.load(std::memory_order_relaxed); ++round) {
            const int key = static_cast<int>(round * 7 % 250);  // the others stay
            if (round % 3 == 0)
                directory_.writer().remove(EntryKind::tls_identity, "host" + std::to_string(key));
            else
                put(key, "value " + std::to_string(key));
            directory_.writer().publish({100 + round, 0});
        }
    });
    for (int copy = 0; copy < 200; ++copy) {
        const storage::OnlineReader online(directory_.qsbr().readers[storage::kCopierReader],
                                           directory_.qsbr());
        const storage::DirectoryCopier copier(directory_.writer().segment().data());
        std::vector<uint8_t> target(copier.size() + storage::kCacheLine);
        // As a mapping is aligned.
        auto* base = reinterpret_cast<uint8_t*>(
            (reinterpret_cast<uintptr_t>(target.data()) + storage::kCacheLine - 1) /
            storage::kCacheLine * storage::kCacheLine);
        copier.copy_to(base);
        const storage::DirectoryView view(base);
        uint64_t found = 0;
        for (int key = 0; key < 500; ++key) {
            const auto entry = view.find(EntryKind::tls_identity, "host" + std::to_string(key));
            if (entry) {
                ++found;
                ASSERT_EQ(text_of(entry->value), "value " + std::to_string(key));
            } else {
                ASSERT_LT(key, 250) << "in copy " << copy;
            }
        }
        ASSERT_EQ(view.size(), found) << "in copy " << copy;
    }
    done = true;
    writer.join();
}

}  // namespace
}  // namespace gatepost::tests
