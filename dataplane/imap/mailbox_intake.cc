#include "dataplane/imap/mailbox_intake.h"

#include <utility>

#include "dataplane/mail/message_facts.h"

namespace gatepost::dataplane {

namespace {

// Octets that are gathered before the store gets them.
constexpr size_t kPiece = 16 << 10;

}  // namespace

Task<StoreStatus> MailboxIntake::add(Bytes octets) {
    parser_.feed(octets);
    pending_.insert(pending_.end(), octets.begin(), octets.end());
    if (pending_.size() < kPiece) co_return StoreStatus::ok;
    const StoreStatus status = co_await flush();
    co_return status;
}

Task<StoreStatus> MailboxIntake::flush() {
    const StoreStatus status = co_await incoming_->add(pending_);
    pending_.clear();
    co_return status;
}

Task<StoreStatus> MailboxIntake::keep(storage::BlobId id, storage::AppendedMessage& message) {
    StoreStatus status = co_await flush();
    if (status != StoreStatus::ok) co_return status;
    status = co_await incoming_->keep(id);
    if (status != StoreStatus::ok) co_return status;
    DeliveryFacts facts = facts_of(parser_.finish(), charsets_);
    message.blob = id;
    message.body = incoming_->location();
    message.summary = std::move(facts.summary);
    message.message_id = std::move(facts.message_id);
    message.subject = std::move(facts.subject);
    message.from = std::move(facts.from);
    co_return status;
}

}  // namespace gatepost::dataplane
