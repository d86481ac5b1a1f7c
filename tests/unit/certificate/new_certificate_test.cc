#include "controlplane/certificate/new_certificate.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "controlplane/certificate/key_file.h"
#include "controlplane/certificate/self_signed.h"
#include "tests/unit/certificate/test_ca.h"

namespace gatepost::controlplane {
namespace {

namespace fs = std::filesystem;

CertificateChain chain_of(const std::string& pem) {
    auto chain = chain_from_pem(pem);
    EXPECT_TRUE(chain) << chain.error().message;
    return chain ? std::move(*chain) : CertificateChain();
}

std::string findings(const TestRequest& request, const std::string& domain = "example.org") {
    const TestCertificate root = test_root();
    const auto found =
        check_certificate(chain_of(issue(request, &root).pem() + root.pem()), domain, kTestNow);
    std::string out;
    for (const std::string& error : found.errors) out += "E: " + error + "\n";
    for (const std::string& warning : found.warnings) out += "W: " + warning + "\n";
    return out;
}

TEST(NewCertificate, WhatClientsWouldTurnAwayFrom) {
    EXPECT_EQ(findings({}), "");
    EXPECT_EQ(findings({}, "www.example.org"), "");
    EXPECT_EQ(findings({}, "mail.example.org"),
              "E: the certificate is not for mail.example.org; its names: example.org, "
              "www.example.org\n");
    EXPECT_EQ(findings({.alternative_names = "DNS:*.example.org"}, "mail.example.org"), "");
    EXPECT_NE(findings({.alternative_names = "DNS:*.example.org"}, "a.mail.example.org"), "");
    EXPECT_NE(findings({.alternative_names = "DNS:*.example.org"}), "");
    EXPECT_EQ(findings({.alternative_names = "DNS:*.example.org"}, "*.example.org"), "");
    EXPECT_EQ(findings({.not_after_s = kTestNow - 1}),
              "E: the certificate expired on 2027-01-15 07:59 UTC\n");
    EXPECT_EQ(findings({.not_after_s = kTestNow + 12 * kTestDay}),
              "W: the certificate expires in 12 days, on 2027-01-27 08:00 UTC\n");
    EXPECT_NE(findings({.not_before_s = kTestNow + 60}).find("W: the certificate is not valid"),
              std::string::npos);
    EXPECT_NE(findings({.extended_usage = "clientAuth"}).find("E: the certificate is not for TLS"),
              std::string::npos);
    const auto alone = check_certificate(chain_of([] {
                                             const TestCertificate root = test_root();
                                             return issue({}, &root).pem();
                                         }()),
                                         "example.org", kTestNow);
    ASSERT_EQ(alone.warnings.size(), 1u);
    EXPECT_NE(alone.warnings[0].find("fullchain"), std::string::npos);
}

TEST(NewCertificate, OcspResponses) {
    const TestCertificate root = test_root();
    const TestCertificate leaf = issue({}, &root);
    const CertificateChain chain = chain_of(leaf.pem() + root.pem());
    const auto problem = [&](const std::string& response, int64_t now = kTestNow) {
        const Bytes octets(reinterpret_cast<const uint8_t*>(response.data()), response.size());
        const Status good = check_ocsp_response(chain, octets, now);
        return good ? "" : good.error().message;
    };
    const auto has = [](const std::string& text, const std::string& part) {
        return text.find(part) != std::string::npos;
    };
    const std::string good = ocsp_response(leaf, root, root);
    EXPECT_EQ(problem(good), "");
    EXPECT_TRUE(has(problem(good, kTestNow + 2 * kTestDay), "it was good until 2027-01-16"));
    EXPECT_TRUE(has(problem(good, kTestNow - 2 * kTestDay), "a time to come"));
    EXPECT_TRUE(has(problem(ocsp_response(leaf, root, root, V_OCSP_CERTSTATUS_REVOKED)),
                    "the certificate is revoked"));
    EXPECT_TRUE(has(problem(ocsp_response(issue({}, &root), root, root)), "another certificate"));
    EXPECT_TRUE(has(problem(ocsp_response(leaf, root, test_root("Other"))), "not signed for"));
    EXPECT_TRUE(has(problem(""), "not an OCSP response"));
    EXPECT_TRUE(has(problem(good.substr(0, 100)), "not an OCSP response"));
    const TestCertificate delegate = issue(
        {.common_name = "Responder", .alternative_names = "", .extended_usage = "OCSPSigning"},
        &root);
    EXPECT_EQ(problem(ocsp_response(leaf, root, delegate)), "") << "RFC 6960 §4.2.2.2";
    const TestCertificate stranger = issue({.common_name = "Stranger"}, &root);
    EXPECT_TRUE(has(problem(ocsp_response(leaf, root, stranger)), "not signed for"));
    const CertificateChain alone = chain_of(leaf.pem());
    EXPECT_FALSE(check_ocsp_response(alone, {}, kTestNow));
}

TEST(SelfSigned, GoodForAYear) {
    auto key = PrivateKey::generate();
    auto chain = make_self_signed(*key, {"example.org", "*.example.org"}, kTestNow);
    ASSERT_TRUE(chain) << chain.error().message;
    EXPECT_TRUE(check_key_matches(*chain, *key));
    const CertificateFacts& leaf = chain->leaf;
    EXPECT_EQ(leaf.names, (std::vector<std::string>{"example.org", "*.example.org"}));
    EXPECT_EQ(leaf.subject, "CN=example.org");
    EXPECT_TRUE(leaf.is_self_signed);
    EXPECT_EQ(leaf.not_after_s, kTestNow + 365 * kTestDay);
    EXPECT_EQ(leaf.not_before_s, kTestNow - 3600);
    EXPECT_GE(leaf.serial_number.size(), 24u) << "128 random bits";
    EXPECT_NE(leaf.serial_number, make_self_signed(*key, {"a.org"}, kTestNow)->leaf.serial_number);
    const auto found = check_certificate(*chain, "mail.example.org", kTestNow);
    EXPECT_TRUE(found.errors.empty() && found.warnings.empty());
    const std::string long_name = std::string(60, 'a') + "." + std::string(60, 'b') + ".example";
    auto of_long = make_self_signed(*key, {long_name}, kTestNow);
    ASSERT_TRUE(of_long) << "longer than a common name may be";
    EXPECT_EQ(of_long->leaf.names.front(), long_name);
}

class KeyFile : public testing::Test {
  protected:
    void SetUp() override {
        char folder[] = "/tmp/gatepost-key-XXXXXX";
        ASSERT_NE(::mkdtemp(folder), nullptr);
        folder_ = folder;
        path_ = folder_ + "/secret.key";
    }
    void TearDown() override { fs::remove_all(folder_); }

    std::string folder_;
    std::string path_;
};

TEST_F(KeyFile, IsMadeOnceAndForItsOwnerOnly) {
    auto first = ensure_key_file(path_);
    ASSERT_TRUE(first) << first.error().message;
    struct stat about {};
    ASSERT_EQ(::stat(path_.c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 07777, 0600u);
    auto again = ensure_key_file(path_);
    ASSERT_TRUE(again);
    EXPECT_EQ(first->sealing()->key, again->sealing()->key);
    EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1)
        << "nothing is left beside it";
    auto other = ensure_key_file(folder_ + "/other.key");
    EXPECT_NE(first->sealing()->key, other->sealing()->key);
    EXPECT_NE(first->sealing()->id, other->sealing()->id);
}

TEST_F(KeyFile, ManyAtOnceAgreeOnOne) {
    // Threads of one process share its number in the temporary name, processes do not.
    std::vector<pid_t> children;
    for (int i = 0; i < 8; ++i) {
        const pid_t child = ::fork();
        if (child == 0) ::_exit(ensure_key_file(path_) ? 0 : 1);
        children.push_back(child);
    }
    for (const pid_t child : children) {
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        EXPECT_EQ(status, 0);
    }
    EXPECT_TRUE(ensure_key_file(path_));
    EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

TEST_F(KeyFile, BelongsToTheOwnerOfItsFolder) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root gives files away";
    ASSERT_EQ(::chown(folder_.c_str(), 65534, 65534), 0);
    ASSERT_TRUE(ensure_key_file(path_));
    struct stat about {};
    ASSERT_EQ(::stat(path_.c_str(), &about), 0);
    EXPECT_EQ(about.st_uid, 65534u);
}

TEST_F(KeyFile, OthersMayNotReadIt) {
    ASSERT_TRUE(ensure_key_file(path_));
    ASSERT_EQ(::chmod(path_.c_str(), 0640), 0);
    const auto open = ensure_key_file(path_);
    ASSERT_FALSE(open);
    EXPECT_EQ(open.error().code, ErrorCode::permission);
    EXPECT_NE(open.error().message.find("chmod 600"), std::string::npos);
}

TEST_F(KeyFile, ThatIsNoneIsNotReplaced) {
    std::ofstream(path_) << "hello\n";
    ASSERT_EQ(::chmod(path_.c_str(), 0600), 0);
    const auto damaged = ensure_key_file(path_);
    ASSERT_FALSE(damaged);
    EXPECT_EQ(damaged.error().code, ErrorCode::invalid);
    EXPECT_EQ(fs::file_size(path_), 6u);
    const auto nowhere = ensure_key_file(folder_ + "/missing/secret.key");
    ASSERT_FALSE(nowhere);
    EXPECT_NE(nowhere.error().message.find("its folder does not exist"), std::string::npos);
}

}  // namespace
}  // namespace gatepost::controlplane
