// All that sessions of IMAP ask of their worker, in memory and as a test wants it: ada@example.org
// (account 1) and bob@example.org (2), who log in with "secret", each with an INBOX.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "dataplane/imap_port/imap_environment.h"
#include "tests/unit/imap/memory_mailboxes.h"
#include "tests/unit/smtp/fake_environment.h"

namespace gatepost::tests {

class MemoryStore final : public dataplane::MessageStore {
  public:
    // A body that is there. Gives its place.
    storage::BodyLocation put(std::string octets);
    // As a compaction does it: the old place is no more.
    storage::BodyLocation move(const storage::BodyLocation& body);
    std::unique_ptr<dataplane::IncomingMessage> begin() override;
    void done(const dataplane::SpoolEntry&) override {}
    dataplane::Task<Result<storage::Envelope>> read_envelope(const dataplane::SpoolEntry&) override;
    dataplane::Task<int64_t> read_body(const storage::BodyLocation& body, uint64_t offset,
                                       std::span<uint8_t> room) override;
    dataplane::StoreStatus accepting() const override { return accepts; }

    std::map<uint32_t, std::string> bodies;  // by segment
    std::function<void()> on_read;           // before each
    dataplane::StoreStatus accepts = dataplane::StoreStatus::ok;
    dataplane::StoreStatus add_status = dataplane::StoreStatus::ok;
    dataplane::StoreStatus keep_status = dataplane::StoreStatus::ok;
    bool readable = true;
    size_t under_way = 0;  // messages begun, and not forgotten
};

class FakeDamping final : public dataplane::LoginDamping {
  public:
    uint32_t failed(const dataplane::PeerAddress&) override { return ++failures * 100; }
    void succeeded(const dataplane::PeerAddress&) override { ++successes; }

    uint32_t failures = 0;
    uint32_t successes = 0;
};

class ImapWorld final : public dataplane::ImapEnvironment {
  public:
    static constexpr uint64_t kAda = 1;
    static constexpr uint64_t kBob = 2;

    ImapWorld();

    // A message as delivery puts it into a mailbox. Gives its UID.
    uint32_t deliver(uint64_t mailbox_id, std::string octets, uint8_t flags = 0,
                     std::vector<std::string> keywords = {});

    dataplane::MailboxPort& mailboxes() override { return boxes; }
    dataplane::MessageStore& store() override { return bodies; }
    dataplane::LoginPort& login() override { return logins; }
    dataplane::LoginDamping& damping() override { return damper; }
    const dataplane::Charsets& charsets() override { return charsets_; }
    dataplane::ImapCounters& counters() override { return counts; }
    dataplane::Task<> pause(uint32_t ms) override;
    storage::BlobId next_blob_id() override { return {0x0192f0c47b1e7000, ++next_blob_}; }
    int64_t now_us() override { return boxes.now_s * 1'000'000; }

    MemoryMailboxes boxes;
    MemoryStore bodies;
    FakeLogin logins;
    FakeDamping damper;
    dataplane::ImapCounters counts;
    std::function<void(uint32_t ms)> on_pause;
    uint64_t paused_ms = 0;
    uint64_t inbox = 0;  // ada's

  private:
    dataplane::Charsets charsets_;
    uint64_t next_blob_ = 0;
};

// "From: …", a subject and so many lines of text.
std::string sample_message(std::string_view subject, size_t lines = 1);

}  // namespace gatepost::tests
