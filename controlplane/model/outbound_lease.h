// Leases of outbound mail: who fetches it has it for some time, and says what became of it. What
// nobody says anything about is handed out again, so that nothing is lost; it may then be sent
// twice.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "controlplane/model/outbound.h"
#include "controlplane/pg/connection.h"
#include "storage/base/error.h"

namespace gatepost::controlplane {

inline constexpr size_t kLeaseMessagesMax = 50;
// Recipients of one lease: a message with more comes in several.
inline constexpr size_t kLeaseRecipientsMax = 1000;

struct LeaseLimits {
    size_t messages = kLeaseMessagesMax;
    uint64_t octets = UINT64_MAX;  // of all messages; one message at least, however large
    std::chrono::seconds duration{300};
};

// The recipients of one message; never empty.
struct LeasedMessage {
    std::string blob_id;
    storage::BodyLocation body;
    std::vector<OutboundMessage> recipients;
};

struct OutboundLease {
    std::string id;  // "": there is nothing to fetch
    std::string expires_at;
    std::vector<LeasedMessage> messages;  // oldest first
};

// Those that are ready, and those whose lease is over. Several who fetch at once get different
// ones.
Result<OutboundLease> lease_take(Connection& connection, const LeaseLimits& limits);

enum class LeaseOutcome : uint8_t {
    delivered,
    retry,  // ready again
    hold,
    failed,
};

// What became of messages of a lease, by their blob ids. Gives those whose rows were still the
// lease's; the others were told of before, or are somebody else's by now. `reason` is kept beside
// them (not of `delivered`).
Result<std::vector<std::string>> lease_end(Connection& connection, const std::string& lease_id,
                                           const std::vector<std::string>& blob_ids,
                                           LeaseOutcome outcome, const std::string& reason = {});

// Where a message of the lease lies now; refused where it is not one.
Result<OutboundMessage> lease_message(Connection& connection, const std::string& lease_id,
                                      const std::string& blob_id);

}  // namespace gatepost::controlplane
