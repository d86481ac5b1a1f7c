// A parsed query: everything that answering it needs, read once.
#pragma once

#include <cstdint>

#include "dataplane/dns/cookie.h"
#include "dataplane/dns/message.h"
#include "dataplane/dns/responder.h"
#include "storage/arena/arena_header.h"
#include "storage/zone_index/name_hash.h"

namespace gatepost::dataplane {

enum class Parsed : uint8_t {
    ok,     // look it up
    error,  // answer with `rcode` and no records
    drop,   // no answer; `drop` says why
};

struct Query {
    Parsed parsed = Parsed::drop;
    Rcode rcode = Rcode::noerror;
    storage::Drop drop = storage::Drop::runt;
    bool edns = false;
    bool dnssec_ok = false;
    bool question = false;   // there is one to echo
    bool padding = false;    // the client pads, and so do we where nobody may see the length
    bool keepalive = false;  // the client asks how long its connection may be idle
    uint16_t type = 0;
    uint16_t question_end = 0;  // offset behind the question
    uint16_t size_max = 0;      // octets that the reply may have, the OPT record included
    QueryCookie cookie;
    uint64_t network = 0;        // of the client, as rate limiting knows it
    storage::Ref candidate = 0;  // what the index has for the tag of the whole name
    storage::HashedName name;    // lower-cased; hashes are not yet computed
};

// Reads `exchange.query` into `query`. Never looks beyond query_length.
void parse_query(const Exchange& exchange, uint16_t udp_payload_max, Query& query);

}  // namespace gatepost::dataplane
