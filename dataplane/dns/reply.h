// What frames the records of a reply: its header, and its OPT record with the options.
#pragma once

#include <cstdint>

#include "dataplane/dns/answer_writer.h"
#include "dataplane/dns/cookie.h"
#include "dataplane/dns/query.h"

namespace gatepost::dataplane {

struct Reply {
    Rcode rcode = Rcode::noerror;
    bool authoritative = false;
    bool truncated = false;  // TC, and no records
    bool bare = false;       // no records, whatever was written
    ExtendedError extended_error = ExtendedError::none;
    CookieVerdict cookie;
};

// Octets to be left free behind the records. A reply with an extended error has no records, and so
// room for that.
inline uint16_t opt_size(const Query& query, const Reply& reply) {
    if (!query.edns) return 0;
    return static_cast<uint16_t>(kOptSize +
                                 (reply.cookie.kind == CookieKind::none ? 0 : kCookieOptionSize) +
                                 (query.keepalive ? kKeepaliveOptionSize : 0));
}

// Puts header and OPT around what was written. Gives the reply's length.
uint16_t finish_reply(const Exchange& exchange, const Query& query, const Reply& reply,
                      const AnswerWriter& writer, const ResponderOptions& options);

}  // namespace gatepost::dataplane
