#include "tests/unit/imap/imap_world.h"

#include <errno.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "dataplane/mail/message_facts.h"
#include "dataplane/mail/mime_parser.h"

namespace gatepost::tests {

using dataplane::StoreStatus;
using dataplane::Task;

namespace {

class MemoryIncoming final : public dataplane::IncomingMessage {
  public:
    explicit MemoryIncoming(MemoryStore& store) : store_(store) { ++store_.under_way; }
    ~MemoryIncoming() override { --store_.under_way; }

    Task<StoreStatus> add(Bytes octets) override {
        if (store_.add_status != StoreStatus::ok) co_return store_.add_status;
        octets_.append(reinterpret_cast<const char*>(octets.data()), octets.size());
        co_return StoreStatus::ok;
    }
    uint64_t size() const override { return octets_.size(); }
    Task<StoreStatus> commit(Bytes, const storage::Envelope&) override {
        co_return StoreStatus::broken;
    }
    Task<StoreStatus> keep(const storage::BlobId&) override {
        if (store_.keep_status != StoreStatus::ok) co_return store_.keep_status;
        location_ = store_.put(octets_);
        co_return StoreStatus::ok;
    }
    storage::BodyLocation location() const override { return location_; }

  private:
    MemoryStore& store_;
    std::string octets_;
    storage::BodyLocation location_;
};

}  // namespace

storage::BodyLocation MemoryStore::put(std::string octets) {
    const uint32_t segment = bodies.empty() ? 1 : bodies.rbegin()->first + 1;
    const uint64_t size = octets.size();
    bodies[segment] = std::move(octets);
    return {segment, 0, size};
}

storage::BodyLocation MemoryStore::move(const storage::BodyLocation& body) {
    const storage::BodyLocation moved = put(bodies.at(body.segment));
    bodies.erase(body.segment);
    return moved;
}

std::unique_ptr<dataplane::IncomingMessage> MemoryStore::begin() {
    return std::make_unique<MemoryIncoming>(*this);
}

Task<Result<storage::Envelope>> MemoryStore::read_envelope(const dataplane::SpoolEntry&) {
    co_return fail(ErrorCode::refused, "a session reads no envelopes");
}

Task<int64_t> MemoryStore::read_body(const storage::BodyLocation& body, uint64_t offset,
                                     std::span<uint8_t> room) {
    if (on_read) on_read();
    if (!readable) co_return -EIO;
    const auto found = bodies.find(body.segment);
    if (found == bodies.end()) co_return -ENOENT;
    const uint64_t left = body.size > offset ? body.size - offset : 0;
    const size_t size = std::min<uint64_t>(left, room.size());
    std::memcpy(room.data(), found->second.data() + body.offset + offset, size);
    co_return static_cast<int64_t>(size);
}

ImapWorld::ImapWorld() {
    inbox = boxes.add_mailbox(kAda, "INBOX");
    boxes.add_mailbox(kAda, "Sent", storage::SpecialUse::sent);
    boxes.add_mailbox(kBob, "INBOX");
}

uint32_t ImapWorld::deliver(uint64_t mailbox_id, std::string octets, uint8_t flags,
                            std::vector<std::string> keywords) {
    dataplane::MimeParser parser(charsets_);
    parser.feed({reinterpret_cast<const uint8_t*>(octets.data()), octets.size()});
    dataplane::DeliveryFacts facts = dataplane::facts_of(parser.finish(), charsets_);
    storage::AppendedMessage message;
    message.blob = next_blob_id();
    message.body = bodies.put(std::move(octets));
    message.flags = flags;
    message.keywords = std::move(keywords);
    message.internal_date_us = now_us();
    message.summary = std::move(facts.summary);
    return boxes.add_message(mailbox_id, std::move(message));
}

Task<> ImapWorld::pause(uint32_t ms) {
    paused_ms += ms;
    if (on_pause) on_pause(ms);
    co_return;
}

std::string sample_message(std::string_view subject, size_t lines) {
    std::string octets = fmt::format(
        "From: Ada <ada@example.org>\r\nTo: bob@example.org\r\nSubject: {}\r\n"
        "Message-ID: <{}@example.org>\r\nDate: Sat, 21 Nov 2026 19:10:14 +0000\r\n\r\n",
        subject, subject);
    for (size_t i = 0; i < lines; ++i) octets += fmt::format("Line {} of {}\r\n", i + 1, subject);
    return octets;
}

}  // namespace gatepost::tests
