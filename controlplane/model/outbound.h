// The queue of mail for other systems: a row for each recipient of a message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controlplane/model/write.h"
#include "controlplane/pg/connection.h"
#include "storage/base/error.h"
#include "storage/message_log/blob.h"

namespace gatepost::controlplane {

struct OutboundMessage {
    int64_t id = 0;
    std::string blob_id;
    storage::BodyLocation body;
    std::string sender;  // the reverse-path; "": null
    std::string recipient;
    std::string address;   // what the client gave
    std::string original;  // ORCPT, "" without
    int notify = 0;        // storage::DsnNotify
    std::string envid;
    std::string ret;        // "", "FULL" or "HDRS"
    std::string body_kind;  // "7BIT", "8BITMIME", "BINARYMIME"
    bool smtputf8 = false;
    std::string state;  // held, ready, leased, delivered, failed
    std::string held_reason;
    int64_t attempts = 0;  // how often it was handed out
    std::string last_error;
    std::string created_at;  // RFC 3339, UTC, as the others
    std::string expires_at;
    std::string lease_expires_at;  // "": not leased
};

struct OutboundFilter {
    std::string state;      // "": all that is not done (held, ready, leased)
    std::string recipient;  // an address, or "@example.org"; "": all
    std::string sender;     // the same
    std::string blob_id;    // "": all
    int64_t after = 0;      // only larger ids: the last one of the previous page
    size_t limit = 100;
};
// Oldest first.
Result<std::vector<OutboundMessage>> outbound_list(Connection& connection,
                                                   const OutboundFilter& filter = {});
// Refused where there is none.
Result<OutboundMessage> outbound_get(Connection& connection, int64_t id);

struct OutboundState {
    std::string state;
    uint64_t recipients = 0;
    uint64_t messages = 0;
    uint64_t octets = 0;      // of the messages, each once
    std::string oldest_at;    // "" without any
    double oldest_age_s = 0;  // seconds
};
struct OutboundStat {
    std::vector<OutboundState> states;  // each of the five, also where it is empty
    bool auto_release = false;
};
Result<OutboundStat> outbound_stat(Connection& connection);

enum class OutboundAction : uint8_t { hold, release, remove };

// Which rows an action is about: those ids, or all that match the filter (its `limit` and `after`
// do not count).
struct OutboundSelection {
    std::vector<int64_t> ids;
    std::optional<OutboundFilter> matching;
};

// Gives the rows as they were before. hold: those that are ready; release: held and failed ones;
// remove: all but leased ones, the messages of which are lost. Ids that do not exist, or whose
// state does not allow it, are refused, and nothing changes; what merely matches is passed over.
Result<std::vector<OutboundMessage>> outbound_change(Connection& connection,
                                                     const OutboundSelection& selection,
                                                     OutboundAction action,
                                                     const std::string& reason,
                                                     const WriteOptions& options);

// Whether mail that comes is ready at once. Gives how it was.
Result<bool> outbound_set_auto_release(Connection& connection, bool auto_release,
                                       const WriteOptions& options);

}  // namespace gatepost::controlplane
