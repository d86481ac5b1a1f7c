// From rows of certificates, pins, redirects and challenges to entries of the directory.
#include "controlplane/directory/directory_store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "storage/arena/runtime_page.h"
#include "storage/directory/redirect.h"
#include "tests/unit/sync/test_certificates.h"

namespace gatepost::controlplane::tests {
namespace {

using storage::CertificateType;
using storage::EntryKind;
using storage::Service;

std::string octets(Bytes bytes) {
    return {bytes.begin(), bytes.end()};
}

class DirectoryStoreTest : public ::testing::Test {
  protected:
    void SetUp() override { open("mx.example.org"); }
    void open(const std::string& server_name, size_t size = size_t{32} << 20) {
        page = storage::RuntimeMapping::create().value();
        auto segment = storage::Segment::create("store-test", size, storage::PageKind::plain);
        auto writer = storage::DirectoryWriter::create(std::move(segment.value()), page->qsbr, 1);
        store = std::make_unique<DirectoryStore>(std::move(writer.value()), certificates.watched(),
                                                 server_name);
    }
    void apply(const DirectoryChange& change) {
        const Status ok = store->apply(change);
        ASSERT_TRUE(ok.has_value()) << ok.error().message;
    }
    void publish() { store->publish({++lsn, 7}); }
    void commit(const DirectoryChange& change) {
        apply(change);
        publish();
    }
    std::optional<storage::DirectoryEntry> entry(std::string_view name) const {
        return store->writer().view().find(EntryKind::tls_identity, name);
    }
    // "live staged"; "" where the name has no entry.
    std::string types(std::string_view name) const {
        const auto found = entry(name);
        return found ? types_of(found->value) : "";
    }
    storage::TlsIdentity identity(std::string_view name) const {
        const auto found = entry(name);
        EXPECT_TRUE(found.has_value()) << name;
        return found ? storage::decode_tls_identity(found->value).value() : storage::TlsIdentity();
    }
    std::optional<CertificateType> pin(std::string_view name, Service service) const {
        return identity(name).pinned[static_cast<size_t>(service)];
    }
    std::string reason() const {
        const auto held = store->held()->list(10);
        return held.size() == 1 ? held[0].reason : fmt::format("{} held", held.size());
    }

    TestCertificates certificates;
    storage::RuntimeMapping page;
    std::unique_ptr<DirectoryStore> store;
    uint64_t lsn = 100;
};

TEST_F(DirectoryStoreTest, ACertificatesLife) {
    commit(certificates.row(1, "example.org", "self-signed", {"example.org", "www.example.org"}));
    EXPECT_EQ(types("example.org"), "self-signed");
    EXPECT_EQ(types("www.example.org"), "self-signed");
    EXPECT_EQ(types("mail.example.org"), "");
    commit(certificates.row(2, "example.org", "live"));
    EXPECT_EQ(types("example.org"), "live self-signed");
    EXPECT_EQ(types("www.example.org"), "self-signed");
    const auto identity_now = identity("example.org");
    EXPECT_EQ(identity_now.candidates[0].chain.size(), 1u);
    EXPECT_GT(identity_now.candidates[0].sealed_key.size(), storage::kSealedHeaderSize);
    EXPECT_EQ(identity_now.candidates[0].not_after_s / 86400,
              TestCertificates::kBegin / 86400 + 365);
    // Renewed for another name.
    commit(certificates.row(1, "example.org", "self-signed", {"example.org", "new.example.org"}));
    EXPECT_EQ(types("www.example.org"), "");
    EXPECT_EQ(types("new.example.org"), "self-signed");
    commit(CertificateKey{2});
    EXPECT_EQ(types("example.org"), "self-signed");
    commit(CertificateKey{1});
    EXPECT_EQ(types("example.org"), "");
    EXPECT_EQ(types(""), "");
    EXPECT_EQ(store->writer().stats().entries, 0u);
}

TEST_F(DirectoryStoreTest, OnlyWhatChangedGetsAnotherSerial) {
    apply(certificates.row(1, "a.example"));
    commit(certificates.row(2, "b.example"));
    const uint64_t a = entry("a.example")->serial;
    const uint64_t b = entry("b.example")->serial;
    CertificateRow touched;
    touched.id = 2;
    touched.domain = "b.example";
    touched.type = "live";
    touched.key_type = "ecdsa";
    touched.ocsp_response = std::vector<uint8_t>{1, 2, 3};
    commit(touched);  // the other columns were not sent
    EXPECT_EQ(entry("a.example")->serial, a);
    EXPECT_NE(entry("b.example")->serial, b);
    EXPECT_EQ(identity("b.example").candidates[0].ocsp_response.size(), 3u);
    EXPECT_FALSE(identity("b.example").candidates[0].chain.empty());
}

TEST_F(DirectoryStoreTest, ColumnsThatWereNeverSentAskForALoad) {
    CertificateRow row = certificates.row(1, "example.org");
    row.chain.reset();
    const Status ok = store->apply(row);
    ASSERT_FALSE(ok.has_value());
    EXPECT_EQ(ok.error().code, ErrorCode::conflict);
    // Also where the row was there before, and went.
    commit(certificates.row(1, "example.org"));
    apply(CertificateKey{1});
    EXPECT_EQ(store->apply(row).error().code, ErrorCode::conflict);
}

TEST_F(DirectoryStoreTest, WhatCannotBeServedIsHeldAndTheOldStays) {
    commit(certificates.row(1, "example.org"));
    const uint64_t before = entry("example.org")->serial;
    CertificateRow broken = certificates.row(1, "example.org");
    broken.chain->replace(80, 8, "????????");
    commit(broken);
    EXPECT_EQ(entry("example.org")->serial, before);
    ASSERT_EQ(store->held()->count(), 1u);
    const HeldEntry held = store->held()->list(1)[0];
    EXPECT_EQ(held.what, "certificate 1 (example.org, live, ecdsa)");
    EXPECT_TRUE(held.served);
    EXPECT_NE(held.reason.find("its chain"), std::string::npos) << held.reason;
    // Another column changes: the reason is still there, and so is what is served.
    CertificateRow touched = broken;
    touched.chain.reset();
    touched.ocsp_response = std::vector<uint8_t>{1};
    commit(touched);
    EXPECT_EQ(entry("example.org")->serial, before);
    EXPECT_EQ(store->held()->count(), 1u);
    // Mended: what changed meanwhile is taken along.
    CertificateRow mended = certificates.row(1, "example.org");
    mended.ocsp_response.reset();
    commit(mended);
    EXPECT_EQ(store->held()->count(), 0u);
    EXPECT_EQ(identity("example.org").candidates[0].ocsp_response.size(), 1u);
}

TEST_F(DirectoryStoreTest, ReasonsForHolding) {
    CertificateRow row = certificates.row(1, "example.org");
    row.sealed_key = certificates.row(2, "example.org").sealed_key;
    commit(row);
    EXPECT_NE(reason().find("the key does not belong to the certificate"), std::string::npos)
        << reason();
    EXPECT_EQ(types("example.org"), "");
    row = certificates.row(1, "example.org");
    row.sealed_key->back() ^= 1;
    commit(row);
    EXPECT_NE(reason().find("does not open"), std::string::npos) << reason();
    row = certificates.row(1, "example.org");
    row.type = "dead";
    commit(row);
    EXPECT_NE(reason().find("'dead' is not a type"), std::string::npos) << reason();
    row = certificates.row(1, "example.org");
    row.key_type = "rsa";
    commit(row);
    EXPECT_NE(reason().find("of type rsa"), std::string::npos) << reason();
    commit(CertificateKey{1});
    EXPECT_EQ(store->held()->count(), 0u);
}

TEST_F(DirectoryStoreTest, ATransactionCountsAsAWhole) {
    commit(certificates.row(1, "example.org"));
    // The key first, the chain later: between the two they do not belong together.
    const CertificateRow next = certificates.row(1, "example.org");
    CertificateRow first = next;
    first.chain.reset();
    apply(first);
    CertificateRow second = next;
    second.sealed_key.reset();
    apply(second);
    publish();
    EXPECT_EQ(store->held()->count(), 0u);
    EXPECT_EQ(identity("example.org").candidates[0].sealed_key.size(), next.sealed_key->size());
    // Put and removed at once.
    apply(certificates.row(5, "gone.example"));
    apply(CertificateKey{5});
    publish();
    EXPECT_EQ(types("gone.example"), "");
}

TEST_F(DirectoryStoreTest, ANewKeyFileEndsTheHold) {
    const CertificateRow early = certificates.row(1, "example.org");
    const auto old_key = std::filesystem::path(certificates.key_path() + ".old");
    std::filesystem::copy(certificates.key_path(), old_key);
    certificates.replace_key();
    commit(early);
    EXPECT_NE(reason().find("which the key file does not have"), std::string::npos) << reason();
    // Both keys, as after a change of keys. The next certificate makes it known at once.
    std::ofstream(certificates.key_path(), std::ios::app) << std::ifstream(old_key).rdbuf();
    commit(certificates.row(2, "example.net"));
    EXPECT_EQ(store->held()->count(), 0u);
    EXPECT_EQ(types("example.org"), "live");
    EXPECT_EQ(types("example.net"), "live");
}

TEST_F(DirectoryStoreTest, AKeyFileThatCannotBeReadIsNamedInTheReason) {
    const CertificateRow row = certificates.row(1, "example.org");
    ASSERT_EQ(::chmod(certificates.key_path().c_str(), 0644), 0);
    open("mx.example.org");
    commit(row);
    EXPECT_NE(reason().find("chmod 600"), std::string::npos) << reason();
    // Seen without any transaction.
    ASSERT_EQ(::chmod(certificates.key_path().c_str(), 0600), 0);
    while (!store->look_after_keys()) ::usleep(10'000);
    EXPECT_EQ(types("example.org"), "live");
    EXPECT_EQ(store->held()->count(), 0u);
}

TEST_F(DirectoryStoreTest, PinsOfTheNameThenOfTheDomain) {
    apply(certificates.row(1, "example.org", "live", {"example.org", "mail.example.org"}));
    apply(certificates.row(2, "example.org", "staged"));
    commit(PinRow{{"https", "example.org"}, "staged"});
    EXPECT_EQ(pin("example.org", Service::https), CertificateType::staged);
    EXPECT_EQ(pin("example.org", Service::smtp), std::nullopt);
    EXPECT_EQ(pin("mail.example.org", Service::https), CertificateType::staged);
    commit(PinRow{{"*", "mail.example.org"}, "live"});
    EXPECT_EQ(pin("mail.example.org", Service::https), CertificateType::live);
    EXPECT_EQ(pin("mail.example.org", Service::imap), CertificateType::live);
    EXPECT_EQ(pin("example.org", Service::https), CertificateType::staged);
    commit(PinRow{{"imap", "mail.example.org"}, "self-signed"});
    EXPECT_EQ(pin("mail.example.org", Service::imap), CertificateType::self_signed);
    apply(PinKey{"*", "mail.example.org"});
    commit(PinKey{"imap", "mail.example.org"});
    EXPECT_EQ(pin("mail.example.org", Service::https), CertificateType::staged);
    commit(PinKey{"https", "example.org"});
    EXPECT_EQ(pin("mail.example.org", Service::https), std::nullopt);
    EXPECT_EQ(pin("example.org", Service::https), std::nullopt);
    // Of a later program.
    commit(PinRow{{"gopher", "example.org"}, "live"});
    commit(PinRow{{"https", "example.org"}, "dead"});
    EXPECT_EQ(pin("example.org", Service::https), std::nullopt);
}

TEST_F(DirectoryStoreTest, WhoeverNamesNone) {
    commit(certificates.row(3, "first.example"));
    commit(certificates.row(2, "older.example"));
    const auto same = [&](std::string_view name) {
        const auto by_default = entry("");
        const auto named = entry(name);
        return by_default && named &&
               std::equal(by_default->value.begin(), by_default->value.end(), named->value.begin(),
                          named->value.end());
    };
    EXPECT_TRUE(same("older.example")) << "the oldest, while the server's own name has none";
    commit(certificates.row(7, "example.org", "live", {"*.example.org"}));
    EXPECT_TRUE(same("*.example.org"));
    commit(certificates.row(8, "mx.example.org", "self-signed"));
    EXPECT_TRUE(same("mx.example.org"));
    commit(PinRow{{"smtp", "mx.example.org"}, "self-signed"});
    EXPECT_TRUE(same("mx.example.org")) << "pins as well";
    EXPECT_EQ(pin("", Service::smtp), CertificateType::self_signed);
    commit(CertificateKey{8});
    EXPECT_TRUE(same("*.example.org"));
    apply(CertificateKey{7});
    apply(CertificateKey{2});
    commit(CertificateKey{3});
    EXPECT_FALSE(entry("").has_value());
}

TEST_F(DirectoryStoreTest, NamesThatAreNoHostsAndTooManyCertificates) {
    const auto own =
        certificates.row(1, "example.org", "live", {"example.org", "Upper.example.org", "a b"});
    commit(own);
    EXPECT_EQ(store->writer().stats().entries, 2u) << "the name, and the default";
    for (int64_t id = 10; id < 30; ++id)
        apply(certificates.row(id, fmt::format("d{}.example", id), "live",
                               {fmt::format("d{}.example", id), "example.org"}));
    publish();
    const auto all = identity("example.org");
    EXPECT_EQ(all.candidates.size(), storage::kCandidatesMax);
    EXPECT_EQ(octets(all.candidates[0].sealed_key), octets(*own.sealed_key)) << "its own is kept";
    EXPECT_EQ(types("d29.example"), "live");
}

TEST_F(DirectoryStoreTest, RedirectsAndChallenges) {
    const auto redirect = [&](std::string_view host) -> std::string {
        const auto found = store->writer().view().find(EntryKind::redirect, host);
        if (!found) return "";
        const auto read = storage::decode_redirect(found->value).value();
        return fmt::format("{} {}{}", read.code, read.url, read.keep_path ? " +" : "");
    };
    const auto challenge = [&](std::string_view key) -> std::string {
        const auto found = store->writer().view().find(EntryKind::acme_challenge, key);
        return found ? std::string(found->value.begin(), found->value.end()) : "";
    };
    apply(RedirectRow{{"old.example"}, "https://new.example/", 301, true});
    commit(ChallengeRow{{"old.example", "tok"}, "tok.thumb"});
    EXPECT_EQ(redirect("old.example"), "301 https://new.example/ +");
    EXPECT_EQ(challenge("old.example/tok"), "tok.thumb");
    commit(RedirectRow{{"old.example"}, "https://new.example/x", 307, false});
    EXPECT_EQ(redirect("old.example"), "307 https://new.example/x");
    commit(RedirectRow{{"old.example"}, "https://new.example/y", 200, false});
    EXPECT_EQ(redirect("old.example"), "307 https://new.example/x") << "200 is no redirect";
    EXPECT_EQ(store->held()->count(), 1u);
    apply(RedirectKey{"old.example"});
    commit(ChallengeKey{"old.example", "tok"});
    EXPECT_EQ(redirect("old.example"), "");
    EXPECT_EQ(challenge("old.example/tok"), "");
    EXPECT_EQ(store->held()->count(), 0u);
}

TEST_F(DirectoryStoreTest, AFullDirectoryHoldsTheEntryUntilThereIsRoom) {
    open("mx.example.org", size_t{2} << 20);
    std::string filler(950'000, 'x');
    apply(ChallengeRow{{"a", "1"}, filler});
    commit(ChallengeRow{{"a", "2"}, filler});
    for (int64_t id = 1; id <= 400; ++id) {
        CertificateRow row = certificates.row(1000, "x.example");
        if (store->held()->count() != 0) break;
        row.id = id;
        row.domain = fmt::format("n{}.example", id);
        row.names = {{row.domain}};
        commit(row);
    }
    ASSERT_NE(store->held()->count(), 0u);
    EXPECT_NE(reason().find("full"), std::string::npos) << reason();
    apply(ChallengeKey{"a", "1"});
    publish();
    publish();  // the room is free once readers have let go
    EXPECT_EQ(store->held()->count(), 0u);
}

}  // namespace
}  // namespace gatepost::controlplane::tests
