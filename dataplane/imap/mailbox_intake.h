// A message that a client puts into a mailbox, while it comes in.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "dataplane/mail/mime_parser.h"
#include "dataplane/reactor/task.h"
#include "dataplane/store/message_store.h"
#include "storage/mailbox_frames/mailbox_request.h"

namespace gatepost::dataplane {

class MailboxIntake {
  public:
    // Both outlive it.
    MailboxIntake(MessageStore& store, const Charsets& charsets)
        : charsets_(charsets), parser_(charsets), incoming_(store.begin()) {}

    // Copies them before it waits. Anything but `ok` is final.
    Task<StoreStatus> add(Bytes octets);
    uint64_t size() const { return parser_.size(); }
    // Makes it durable; `message` gets everything but flags, keywords and date.
    Task<StoreStatus> keep(storage::BlobId id, storage::AppendedMessage& message);
    // After keep(): as long as that lives, the store keeps the message.
    std::unique_ptr<IncomingMessage> release() { return std::move(incoming_); }

  private:
    Task<StoreStatus> flush();

    const Charsets& charsets_;
    MimeParser parser_;
    std::unique_ptr<IncomingMessage> incoming_;
    std::vector<uint8_t> pending_;  // octets that the store does not have yet
};

}  // namespace gatepost::dataplane
