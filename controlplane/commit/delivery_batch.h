// Requests of workers, as parameters of gatepost.deliver() (controlplane/schema/011_mailboxes.sql),
// and its rows as replies to them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "controlplane/commit/binary_params.h"
#include "controlplane/pg/result.h"
#include "storage/delivery/delivery_frames.h"
#include "storage/spool/envelope.h"

namespace gatepost::controlplane {

// A message that waits for its transaction.
struct PendingDelivery {
    uint64_t peer = 0;  // the connection that it came over
    storage::DeliveryRequest request;
    storage::Envelope envelope;
    // Octets that it puts into the transaction: each recipient's row has the summary.
    size_t weight = 0;
};

// Takes a request apart; refuses (invalid) an envelope that cannot be read.
Result<PendingDelivery> pending_delivery(uint64_t peer, storage::DeliveryRequest request);

extern const std::string kDeliverSql;

// `edge` numbers the host whose segments the bodies lie in; `held_reason` is why mail for other
// systems is not sent yet.
BinaryParams deliver_params(std::span<const PendingDelivery> batch, int32_t edge,
                            std::string_view held_reason);

struct BatchResult {
    std::vector<storage::DeliveryReply> replies;  // one for each message, in order
    uint64_t stored = 0;                          // rows put into mailboxes
    uint64_t undeliverable = 0;                   // recipients whose account is gone
};
BatchResult deliver_result(std::span<const PendingDelivery> batch, const PgResult& rows);

}  // namespace gatepost::controlplane
