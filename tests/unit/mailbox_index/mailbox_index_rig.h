// An arena of mailboxes of a test, and short ways to say what a transaction did.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "storage/arena/runtime_page.h"
#include "storage/base/check.h"
#include "storage/mailbox_index/mailbox_index_writer.h"

namespace gatepost::tests {

inline Bytes octets_of(std::string_view text) {
    return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}
inline std::string text_of(Bytes octets) {
    return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}

inline storage::MailboxMessage message_of(uint32_t uid, uint64_t modseq, uint8_t flags = 0,
                                          std::vector<std::string_view> keywords = {},
                                          std::string_view summary = {}) {
    storage::MailboxMessage message;
    message.entry.uid = uid;
    message.entry.modseq = modseq;
    message.entry.flags = flags;
    message.entry.size = uid * 3;
    message.entry.blob = {uid, uid + uint64_t{1}};
    message.keywords = std::move(keywords);
    message.summary = octets_of(summary);
    return message;
}

inline storage::MailboxStatus status_of(uint64_t mailbox_id, uint64_t modseq, uint64_t messages) {
    return {.mailbox_id = mailbox_id,
            .account_id = 7,
            .uid_validity = 99,
            .uid_next = 1000,
            .highest_modseq = modseq,
            .messages = messages};
}

class MailboxIndexRig {
  public:
    explicit MailboxIndexRig(size_t size = size_t{64} << 20) {
        page_ = storage::RuntimeMapping::create().value();
        auto segment =
            storage::Segment::create("mailbox-index-test", size, storage::PageKind::plain);
        GATEPOST_CHECK(segment.has_value());
        auto writer = storage::MailboxIndexWriter::create(std::move(*segment), page_->qsbr, 3);
        GATEPOST_CHECK(writer.has_value());
        writer_ = std::move(*writer);
    }

    storage::Qsbr& qsbr() { return page_->qsbr; }
    storage::MailboxIndexWriter& writer() { return *writer_; }
    storage::MailboxView mailbox(uint64_t id) const { return *writer_->view().mailbox(id); }

    // UIDs 1 … count, each with its UID as modseq.
    Status load(uint64_t mailbox_id, uint32_t count) {
        storage::MailboxUpdate whole;
        whole.status = status_of(mailbox_id, count, count);
        for (uint32_t uid = 1; uid <= count; ++uid) whole.messages.push_back(message_of(uid, uid));
        return writer_->load(whole);
    }

  private:
    storage::RuntimeMapping page_;
    std::unique_ptr<storage::MailboxIndexWriter> writer_;
};

}  // namespace gatepost::tests
