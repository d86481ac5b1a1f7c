// What a worker and the control plane say to one another about deliveries and logins.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/bytes.h"
#include "storage/base/error.h"
#include "storage/delivery/frame.h"
#include "storage/message_log/blob.h"

namespace gatepost::storage {

// A longer summary is left out: whoever needs it parses the message.
inline constexpr size_t kSummaryMax = size_t{256} << 10;  // octets
// RFC 5322 §2.1.1: a line has 998 characters. What is longer is cut for the database; the message
// itself has it whole.
inline constexpr size_t kHeaderTextMax = 998;  // octets
inline constexpr size_t kReasonMax = 500;      // octets, of a reply's reason
inline constexpr size_t kHashMax = 1024;       // octets, of a credential

// A message is to be delivered.
struct DeliveryRequest {
    uint64_t sequence = 0;  // the sender's number, which comes back with the reply
    BodyLocation body;
    std::vector<uint8_t> envelope;  // encode_envelope()
    std::vector<uint8_t> summary;   // of the message's structure; empty: none
    std::string message_id;         // as in the header; "" without
    std::string subject;
    std::string from;

    bool operator==(const DeliveryRequest&) const = default;
};

enum class DeliveryOutcome : uint8_t {
    stored = 1,
    duplicate = 2,    // was stored before
    retry_later = 3,  // not now: `reason`; whoever asked keeps it, and asks again
};

struct StoredRecipient {
    uint64_t account_id = 0;
    uint64_t mailbox_id = 0;
    uint32_t uid = 0;
    uint64_t modseq = 0;

    bool operator==(const StoredRecipient&) const = default;
};

struct DeliveryReply {
    uint64_t sequence = 0;
    DeliveryOutcome outcome = DeliveryOutcome::stored;
    std::string reason;
    std::vector<StoredRecipient> recipients;  // into whose mailboxes it was put

    bool operator==(const DeliveryReply&) const = default;
};

// Somebody logged in.
struct LoginNote {
    uint64_t account_id = 0;
    uint64_t credential_id = 0;
    std::string old_hash;  // the one that was verified, where it is to be replaced
    std::string new_hash;  // ""; else of a better scheme

    bool operator==(const LoginNote&) const = default;
};

// Somebody tried to, and failed.
struct AuthFailure {
    std::string service;  // "smtp"
    std::string name;     // as the client gave it
    std::string client;   // address of the host, as text
    std::string reason;

    bool operator==(const AuthFailure&) const = default;
};

// Each appends one frame. Texts are cut where they are too long. A request that is too long with
// all that cannot be left out is refused (invalid).
Status append_frame(std::vector<uint8_t>& out, const DeliveryRequest& request);
Status append_frame(std::vector<uint8_t>& out, const DeliveryReply& reply);
Status append_frame(std::vector<uint8_t>& out, const LoginNote& note);
Status append_frame(std::vector<uint8_t>& out, const AuthFailure& failure);

// The number of a request's frame that is put together already.
void set_sequence(std::vector<uint8_t>& request_frame, uint64_t sequence);
// The number of a request whose rest may be anything; 0 where it is too short for one.
uint64_t sequence_of(Bytes request_payload);

// Of frames' payloads; refuse (invalid) what is cut off, too long or goes on behind its end.
Result<DeliveryRequest> decode_delivery_request(Bytes payload);
Result<DeliveryReply> decode_delivery_reply(Bytes payload);
Result<LoginNote> decode_login_note(Bytes payload);
Result<AuthFailure> decode_auth_failure(Bytes payload);

// At most `octets_max` octets of it, cut between two characters of UTF-8.
std::string_view cut_text(std::string_view text, size_t octets_max);

}  // namespace gatepost::storage
