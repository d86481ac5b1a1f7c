// Whether a datagram is the answer to a query that was sent.
#pragma once

#include "storage/base/bytes.h"
#include "tools/load/engine/statistics.h"
#include "tools/load/engine/template_set.h"

namespace gatepost::tools {

// A header at all, of a response, to an ordinary query.
inline Verdict check_header(Bytes message) {
    constexpr uint16_t kQrAndOpcode = 0xf800;
    constexpr uint16_t kQr = 0x8000;
    if (message.size() < kDnsHeaderLength) return Verdict::no_message;
    if ((load_be16(&message[2]) & kQrAndOpcode) != kQr) return Verdict::no_response;
    return Verdict::right;
}

// The question comes back octet by octet as it was sent, its case included. It may be missing where
// the server refuses to look at the query (RFC 1035 §4.1.1, FORMERR and the like).
inline Verdict check_question(Bytes message, Bytes question) {
    uint16_t count = load_be16(&message[4]);
    if (count == 0 && (message[3] & 15) != 0) return Verdict::right;
    bool same = count == 1 && message.size() >= kDnsHeaderLength + question.size() &&
                std::memcmp(&message[kDnsHeaderLength], question.data(), question.size()) == 0;
    return same ? Verdict::right : Verdict::other_question;
}

}  // namespace gatepost::tools
