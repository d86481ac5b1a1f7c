// A store of the directory, and rows of mail to put into it.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "controlplane/directory/directory_store.h"
#include "storage/arena/runtime_page.h"
#include "tests/unit/sync/test_certificates.h"

namespace gatepost::controlplane::tests {

using storage::CredentialKind;
using storage::EntryKind;

inline MailAccountRow account(int64_t id, std::string address, uint16_t flags = 0) {
    return {.id = id, .address = std::move(address), .flags = flags, .quota_bytes = 1000};
}

inline MailCredentialRow credential(int64_t id, int64_t account_id, std::string hash = "{X}h") {
    return {.id = id,
            .account_id = account_id,
            .kind = CredentialKind::password,
            .services = storage::kServiceAny,
            .hash = std::move(hash)};
}

class MailTablesTest : public ::testing::Test {
  protected:
    void SetUp() override { open(); }
    void open(size_t size = size_t{32} << 20) {
        page = storage::RuntimeMapping::create().value();
        auto segment = storage::Segment::create("mail-test", size, storage::PageKind::plain);
        auto writer = storage::DirectoryWriter::create(std::move(segment.value()), page->qsbr, 1);
        store = std::make_unique<DirectoryStore>(std::move(writer.value()), certificates.watched(),
                                                 "mx.example.org");
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
    std::optional<storage::DirectoryEntry> find(EntryKind kind, std::string_view key) const {
        return store->writer().view().find(kind, key);
    }
    // "7: 1 {X}h, 2 {Y}i"; "" where there is no such account.
    std::string about(std::string_view address) const {
        const auto entry = find(EntryKind::mail_account, address);
        if (!entry) return "";
        const auto account = storage::decode_mail_account(entry->value).value();
        std::string text = fmt::format("{}:", account.id);
        for (const storage::Credential& one : account.credentials)
            text += fmt::format(" {}{}", one.id, one.hash);
        return text;
    }
    std::string targets(std::string_view source) const {
        const auto entry = find(EntryKind::mail_alias, source);
        if (!entry) return "";
        const auto alias = storage::decode_mail_alias(entry->value).value();
        std::string text;
        for (const std::string_view target : alias.targets)
            text += (text.empty() ? "" : " ") + std::string(target);
        return text;
    }
    storage::MailDomain domain(std::string_view name) const {
        const auto entry = find(EntryKind::mail_domain, name);
        EXPECT_TRUE(entry.has_value()) << name;
        return entry ? storage::decode_mail_domain(entry->value).value() : storage::MailDomain();
    }
    std::string held() const {
        std::string text;
        for (const HeldEntry& entry : store->held()->list(10))
            text += fmt::format("{}({}) {};", entry.what, entry.served ? "served" : "not served",
                                entry.reason);
        return text;
    }
    uint64_t entries() const { return store->writer().stats().entries; }

    TestCertificates certificates;
    storage::RuntimeMapping page;
    std::unique_ptr<DirectoryStore> store;
    uint64_t lsn = 100;
};

}  // namespace gatepost::controlplane::tests
