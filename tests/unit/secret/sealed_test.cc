#include "storage/secret/sealed.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace gatepost::storage {
namespace {

const std::string kFirst = "00112233445566ff " + std::string(64, 'a');
const std::string kSecond = "0123456789ABCDEF\t" + std::string(62, '0') + "7f";

TEST(KeyRing, TheFirstKeySealsAndAllOpen) {
    const auto ring = KeyRing::parse("# keys of the example\n\n  " + kFirst + " \r\n" + kSecond);
    ASSERT_TRUE(ring.has_value()) << ring.error().message;
    ASSERT_NE(ring->sealing(), nullptr);
    EXPECT_EQ(ring->sealing()->id[7], 0xff);
    EXPECT_EQ(ring->sealing()->key[31], 0xaa);
    const SealingKey* second = ring->find({0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef});
    ASSERT_NE(second, nullptr);
    EXPECT_EQ(second->key[31], 0x7f);
    EXPECT_EQ(ring->find({}), nullptr);
    EXPECT_EQ(KeyRing().sealing(), nullptr);
}

TEST(KeyRing, FaultsAreToldByTheirLineAndWithoutTheKey) {
    const std::string key(64, 'b');
    for (const std::string& line :
         {std::string("nonsense"), "00112233445566 " + key, "00112233445566ff " + key + "00",
          "00112233445566fg " + key, "00112233445566ff" + key, "00112233445566ff " + key + " x"}) {
        const auto ring = KeyRing::parse("# one\n" + line + "\n");
        ASSERT_FALSE(ring.has_value()) << line;
        EXPECT_EQ(ring.error().code, ErrorCode::invalid);
        EXPECT_NE(ring.error().message.find("line 2"), std::string::npos) << ring.error().message;
        EXPECT_EQ(ring.error().message.find("bbbb"), std::string::npos) << ring.error().message;
    }
    EXPECT_FALSE(KeyRing::parse(kFirst + "\n" + kFirst).has_value());
    EXPECT_FALSE(KeyRing::parse("").has_value());
    EXPECT_FALSE(KeyRing::parse("# nothing\n").has_value());
}

class KeyFileTest : public testing::Test {
  protected:
    KeyFileTest() {
        path_ = std::filesystem::temp_directory_path() /
                ("gatepost-secret-" + std::to_string(::getpid()) + ".key");
        std::ofstream(path_) << kFirst << "\n";
    }
    ~KeyFileTest() override { std::filesystem::remove(path_); }
    std::string path_;
};

TEST_F(KeyFileTest, IsTakenOnlyWhereNobodyElseReadsIt) {
    ASSERT_EQ(::chmod(path_.c_str(), 0600), 0);
    const auto ring = KeyRing::load(path_);
    ASSERT_TRUE(ring.has_value()) << ring.error().message;
    EXPECT_FALSE(ring->empty());
    for (const mode_t mode : {0640u, 0604u, 0620u, 0601u}) {
        ASSERT_EQ(::chmod(path_.c_str(), mode), 0);
        const auto refused = KeyRing::load(path_);
        ASSERT_FALSE(refused.has_value()) << mode;
        EXPECT_EQ(refused.error().code, ErrorCode::permission);
        EXPECT_NE(refused.error().message.find("chmod 600"), std::string::npos);
    }
}

TEST_F(KeyFileTest, FaultsNameTheFile) {
    std::ofstream(path_) << "nonsense\n";
    ASSERT_EQ(::chmod(path_.c_str(), 0600), 0);
    EXPECT_NE(KeyRing::load(path_).error().message.find(path_), std::string::npos);
    const auto absent = KeyRing::load(path_ + ".not");
    EXPECT_NE(absent.error().message.find("No such file"), std::string::npos);
    EXPECT_EQ(KeyRing::load("/dev/null").error().code, ErrorCode::invalid);
}

TEST(Sealed, PartsPointIntoTheEnvelope) {
    std::vector<uint8_t> octets = {'G', 'P', 'S', '1'};
    for (uint8_t i = 0; i < 8; ++i) octets.push_back(i);
    octets.insert(octets.end(), kSealingNonceSize, 0x11);
    octets.insert(octets.end(), 5, 0x22);
    octets.insert(octets.end(), kSealingTagSize, 0x33);
    const auto parts = parse_sealed(octets);
    ASSERT_TRUE(parts.has_value()) << parts.error().message;
    EXPECT_EQ(parts->key_id, (SealingKeyId{0, 1, 2, 3, 4, 5, 6, 7}));
    EXPECT_EQ(parts->header.size(), kSealedHeaderSize);
    EXPECT_EQ(parts->nonce.front(), 0x11);
    EXPECT_EQ(parts->nonce.size(), kSealingNonceSize);
    EXPECT_EQ(parts->ciphertext.size(), 5u);
    EXPECT_EQ(parts->ciphertext.back(), 0x22);
    EXPECT_EQ(parts->tag.front(), 0x33);
    EXPECT_EQ(parts->tag.data() + parts->tag.size(), octets.data() + octets.size());
    for (size_t length = 0; length < kSealedHeaderSize + kSealingTagSize; ++length)
        EXPECT_FALSE(parse_sealed(Bytes(octets).first(length)).has_value()) << length;
    octets[0] = 'X';
    EXPECT_FALSE(parse_sealed(octets).has_value());
}

}  // namespace
}  // namespace gatepost::storage
