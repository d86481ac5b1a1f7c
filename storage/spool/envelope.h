// The envelope of an accepted message (RFC 5321 §2.3.1), with all that delivery has to know and
// that is not in the message itself. It lies beside the body in the message log, and travels with
// it to the control plane.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "storage/base/bytes.h"
#include "storage/base/error.h"
#include "storage/message_log/blob.h"

namespace gatepost::storage {

enum class RecipientKind : uint8_t {
    account = 1,   // of this system
    external = 2,  // of somebody else's: goes to the outbound queue
};

// RFC 3461 §4.1, a set.
enum DsnNotify : uint8_t {
    kNotifyDefault = 0,
    kNotifyNever = 1,
    kNotifySuccess = 2,
    kNotifyFailure = 4,
    kNotifyDelay = 8,
};

struct EnvelopeRecipient {
    std::string address;   // as the client gave it, without <>
    std::string original;  // ORCPT (RFC 3461 §4.2), decoded "type;address"; "" without
    uint8_t notify = kNotifyDefault;
    RecipientKind kind = RecipientKind::account;
    uint64_t account_id = 0;  // of kind account
    std::string target;       // where the directory leads: an account's or an external address
    // The mailbox that it is filed into: a name, "/" between levels, or "\Junk" for a special use
    // (RFC 6154); "": INBOX. One that does not exist is made.
    std::string folder;

    bool operator==(const EnvelopeRecipient&) const = default;
};

enum class BodyKind : uint8_t { seven_bit = 0, eight_bit_mime = 1, binary_mime = 2 };
enum class DsnReturn : uint8_t { unspecified = 0, full = 1, headers = 2 };

struct Envelope {
    BlobId id;
    int64_t received_us = 0;   // microseconds since 1970; becomes INTERNALDATE
    std::string reverse_path;  // without <>; "": the null reverse-path
    BodyKind body = BodyKind::seven_bit;
    bool smtputf8 = false;  // RFC 6531
    std::string envid;      // RFC 3461 §4.4, decoded; "" without
    DsnReturn dsn_return = DsnReturn::unspecified;
    uint64_t sender_account_id = 0;  // who logged in; 0: nobody
    std::string client;              // address of the host that sent it, as text
    std::string helo;
    std::string session;             // in every log line about the connection
    int32_t score = 0;               // of the filter
    std::vector<std::string> rules;  // names of the filter's rules that matched
    std::vector<EnvelopeRecipient> recipients;

    bool operator==(const Envelope&) const = default;
};

// Octets of an envelope in its encoded form at most: what lies in the message log has to fit a
// segment with its message. Some 3,000 recipients with every field at its longest.
constexpr size_t kEnvelopeMax = size_t{4} << 20;

// Versioned; refuses (invalid) what is cut off, too long or of an unknown version.
std::vector<uint8_t> encode_envelope(const Envelope& envelope);
Result<Envelope> decode_envelope(Bytes octets);

}  // namespace gatepost::storage
