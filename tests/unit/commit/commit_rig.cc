#include "tests/unit/commit/commit_rig.h"

#include <sys/socket.h>

#include <chrono>

namespace gatepost::controlplane {

using namespace gatepost::storage;

EnvelopeRecipient to_account(uint64_t account, std::string folder) {
    EnvelopeRecipient recipient;
    recipient.address = "user" + std::to_string(account) + "@example.org";
    recipient.target = recipient.address;
    recipient.account_id = account;
    recipient.folder = std::move(folder);
    return recipient;
}

EnvelopeRecipient to_other(const std::string& address) {
    EnvelopeRecipient recipient;
    recipient.address = address;
    recipient.target = address;
    recipient.kind = RecipientKind::external;
    return recipient;
}

PendingDelivery message(std::vector<EnvelopeRecipient> recipients, const std::string& subject,
                        uint64_t size) {
    static thread_local BlobIdSource ids;
    PendingDelivery pending;
    pending.envelope.id = ids.next(1'700'000'000'000);
    pending.envelope.received_us = 1'700'000'000'123'456;
    pending.envelope.reverse_path = "sender@example.net";
    pending.envelope.recipients = std::move(recipients);
    pending.request.sequence = 1;
    pending.request.body = {3, 4096, size};
    pending.request.summary = {1, 0, 2};
    pending.request.message_id = "<1@example.net>";
    pending.request.subject = subject;
    pending.request.from = "Sender <sender@example.net>";
    return pending;
}

DeliveryRequest request_of(const PendingDelivery& pending, uint64_t sequence) {
    DeliveryRequest request = pending.request;
    request.sequence = sequence;
    request.envelope = encode_envelope(pending.envelope);
    return request;
}

std::vector<DeliveryReply> deliver(Connection& connection,
                                   const std::vector<PendingDelivery>& batch) {
    const auto rows =
        run_statement(connection, kDeliverSql, deliver_params(batch, 0, "held by a test"),
                      {std::chrono::steady_clock::now() + std::chrono::seconds(30), -1, {}});
    EXPECT_TRUE(rows) << (rows ? "" : rows.error().error.message);
    return rows ? deliver_result(batch, *rows).replies : std::vector<DeliveryReply>();
}

std::string deliver_one(Connection& connection, const PendingDelivery& pending) {
    const auto replies = deliver(connection, {pending});
    if (replies.size() != 1) return "?";
    std::string text = replies[0].outcome == DeliveryOutcome::stored      ? "stored"
                       : replies[0].outcome == DeliveryOutcome::duplicate ? "duplicate"
                                                                          : "later";
    for (const StoredRecipient& recipient : replies[0].recipients) {
        const PgResult mailbox =
            must(connection, "SELECT name, account_id FROM gatepost.mailboxes WHERE id = " +
                                 std::to_string(recipient.mailbox_id));
        EXPECT_EQ(mailbox.unsigned_integer(0, 1), recipient.account_id);
        text += " " + mailbox.text(0, 0) + "/" + std::to_string(recipient.uid);
    }
    return text;
}

bool TestWorker::send(const DeliveryRequest& request) {
    std::vector<uint8_t> frame;
    EXPECT_TRUE(append_frame(frame, request));
    return send(frame);
}

bool TestWorker::send(Bytes octets) {
    while (!octets.empty()) {
        const ssize_t sent = ::send(socket_.get(), octets.data(), octets.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        octets = octets.subspan(static_cast<size_t>(sent));
    }
    return true;
}

DeliveryReply TestWorker::receive() {
    for (;;) {
        const auto frame = reader_.next();
        EXPECT_TRUE(frame);
        if (frame && *frame) return decode_delivery_reply((**frame).payload).value();
        const std::span<uint8_t> room = reader_.room();
        const ssize_t got = ::recv(socket_.get(), room.data(), room.size(), 0);
        if (got <= 0) {
            closed_ = true;
            return {.sequence = 0};
        }
        reader_.filled(static_cast<size_t>(got));
    }
}

}  // namespace gatepost::controlplane
