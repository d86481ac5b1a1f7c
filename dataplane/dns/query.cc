#include "dataplane/dns/query.h"

#include <algorithm>

#include "storage/zone/rrtype.h"

namespace gatepost::dataplane {

namespace {

using storage::RRType;

constexpr size_t kWireFixedSize = 10;  // type, class, TTL, RDLENGTH
constexpr uint16_t kDoBit = 0x8000;

Parsed error(Query& query, Rcode rcode) {
    query.rcode = rcode;
    return Parsed::error;
}

// The question's name: lower-cased, with the offset of each suffix. 0: malformed; else the offset
// behind it. `readable`: octets of the message's buffer, at least `length`.
size_t parse_name(const uint8_t* message, size_t length, size_t readable,
                  storage::HashedName& name) {
    uint8_t starts[storage::kLabelCountMax];
    size_t labels = 0;
    size_t at = kHeaderSize;
    while (true) {
        if (at >= length) return 0;
        size_t label = message[at];
        if (label == 0) break;
        // RFC 1035 §4.1.4: nothing stands before the first name that a pointer could refer to.
        if (label > storage::kLabelLengthMax) return 0;
        starts[labels++] = static_cast<uint8_t>(at - kHeaderSize);
        at += label + 1;
        if (at - kHeaderSize >= storage::kDnameLengthMax) return 0;  // the root's octet is to come
    }
    size_t octets = at + 1 - kHeaderSize;
    name.length = static_cast<uint8_t>(octets);
    name.labels = static_cast<uint8_t>(labels);
    uint8_t* offset = name.offsets;
    *offset = static_cast<uint8_t>(octets - 1);
    while (labels != 0) {
        *++offset = starts[--labels];
        __asm__ volatile("");  // names are short: vectorised, the loop would cost more
    }
    if (kHeaderSize + (octets + 7) / 8 * 8 <= readable) [[likely]] {
        storage::lower_copy(name.octets, message + kHeaderSize, octets);
    } else {
        uint8_t padded[storage::kDnameLengthMax + storage::kNamePadding];
        std::memcpy(padded, message + kHeaderSize, octets);
        std::memset(padded + octets, 0, storage::kNamePadding);
        storage::lower_copy(name.octets, padded, octets);
    }
    return at + 1;
}

// The options of an OPT record must fill it exactly (RFC 6891 §6.1.2).
bool read_options(const uint8_t* p, size_t length, const Exchange& exchange, Query& query) {
    while (length != 0) {
        if (length < 4) return false;
        size_t data = load_be16(p + 2);
        size_t option = 4 + data;
        if (option > length) return false;
        // RFC 7873 §5.2: of several, the first one counts. §5.2.2: one of a wrong length does not
        // fit either.
        switch (load_be16(p)) {
            case kOptionCookie:
                if (query.cookie.length != 0) break;
                if (!cookie_length_fits(data)) return false;
                read_cookie(p + 4, data, query.cookie);
                break;
            case kOptionPadding:
                query.padding = true;
                break;
            case kOptionTcpKeepalive:
                // RFC 7828 §3.2.1: empty in queries; §3.2.2: over UDP it is passed over. With HTTP
                // the connection is not DNS's.
                if (exchange.transport == Transport::udp || exchange.transport == Transport::https)
                    break;
                if (data != 0) return false;
                query.keepalive = true;
                break;
            default:
                break;
        }
        p += option;
        length -= option;
    }
    return true;
}

Parsed read_opt(const uint8_t* fixed, const Exchange& exchange, uint16_t udp_payload_max,
                Query& query) {
    query.edns = true;
    query.dnssec_ok = load_be16(fixed + 6) & kDoBit;
    if (exchange.transport == Transport::udp) {
        uint16_t offered = std::max(load_be16(fixed + 2), kUdpPayloadMin);
        query.size_max = std::min({offered, udp_payload_max, exchange.reply_capacity});
    }
    if (fixed[5] != 0) return error(query, Rcode::badvers);  // RFC 6891 §6.1.3
    if (!read_options(fixed + kWireFixedSize, load_be16(fixed + 8), exchange, query)) {
        query.cookie.length = 0;
        return error(query, Rcode::formerr);
    }
    return Parsed::ok;
}

// Steps over an owner name, which may be compressed. 0: malformed; else the offset behind it.
size_t skip_name(const uint8_t* message, size_t length, size_t at) {
    while (at < length) {
        uint8_t label = message[at];
        if (label == 0) return at + 1;
        if (label >= 0xc0) return at + 2 <= length ? at + 2 : 0;
        if (label > storage::kLabelLengthMax) return 0;
        at += size_t{label} + 1;
    }
    return 0;
}

// The records behind the question; only OPT matters here. Their count is bounded by the message's
// length.
Parsed read_records(const Exchange& exchange, size_t at, size_t count, size_t additional,
                    uint16_t udp_payload_max, Query& query) {
    const uint8_t* message = exchange.query;
    size_t length = exchange.query_length;
    Parsed outcome = Parsed::ok;
    for (size_t i = 0; i < count; ++i) {
        size_t fixed = skip_name(message, length, at);
        if (fixed == 0 || fixed + kWireFixedSize > length) return error(query, Rcode::formerr);
        size_t end = fixed + kWireFixedSize + load_be16(message + fixed + 8);
        if (end > length) return error(query, Rcode::formerr);
        bool is_opt = load_be16(message + fixed) == static_cast<uint16_t>(RRType::OPT);
        if (is_opt) {
            // RFC 6891 §6.1.1: one OPT, its owner the root, in the additional section.
            if (query.edns || message[at] != 0 || i < count - additional)
                return error(query, Rcode::formerr);
            outcome = read_opt(message + fixed, exchange, udp_payload_max, query);
        }
        at = end;
    }
    if (at != length) return error(query, Rcode::formerr);
    return outcome;
}

// A query without a question: one for a cookie (RFC 7873 §5.4), or malformed (RFC 9619 §4).
Parsed parse_cookie_query(const Exchange& exchange, uint16_t udp_payload_max, Query& query) {
    const uint8_t* message = exchange.query;
    if (load_be16(message + kQdcountAt) != 0 || load_be16(message + kAncountAt) != 0 ||
        load_be16(message + kNscountAt) != 0 || load_be16(message + kArcountAt) != 1)
        return error(query, Rcode::formerr);
    Parsed outcome = read_records(exchange, kHeaderSize, 1, 1, udp_payload_max, query);
    if (outcome != Parsed::ok) return outcome;
    return error(query, query.cookie.length != 0 ? Rcode::noerror : Rcode::formerr);
}

Parsed parse(const Exchange& exchange, uint16_t udp_payload_max, Query& query) {
    const uint8_t* message = exchange.query;
    size_t length = exchange.query_length;
    query.rcode = Rcode::noerror;
    query.edns = false;
    query.dnssec_ok = false;
    query.question = false;
    query.padding = false;
    query.keepalive = false;
    query.cookie.length = 0;
    query.question_end = kHeaderSize;
    query.size_max = exchange.transport == Transport::udp
                         ? std::min(exchange.reply_capacity, kUdpPayloadMin)
                         : exchange.reply_capacity;
    if (length < kHeaderSize) {
        query.drop = storage::Drop::runt;
        return Parsed::drop;
    }
    // Answering an answer is how two servers talk for ever.
    if (message[2] & kFlagQr) {
        query.drop = storage::Drop::not_a_query;
        return Parsed::drop;
    }
    uint8_t opcode = message[2] & kOpcodeMask;
    if (load_be16(message + kQdcountAt) != 1)
        return opcode == 0 ? parse_cookie_query(exchange, udp_payload_max, query)
                           : error(query, Rcode::notimp);
    // The buffer of an answer in place goes on behind the query.
    size_t readable = exchange.reply == message ? exchange.reply_capacity : length;
    size_t end = parse_name(message, length, std::max(readable, length), query.name);
    if (end == 0 || end + 4 > length)
        return error(query, opcode == 0 ? Rcode::formerr : Rcode::notimp);
    query.type = load_be16(message + end);
    uint16_t klass = load_be16(message + end + 2);
    query.question_end = static_cast<uint16_t>(end + 4);
    if (query.question_end + kOptSize + kExtendedErrorSize + kCookieOptionSize >
        exchange.reply_capacity) {
        query.drop = storage::Drop::reply_overflow;
        return Parsed::drop;
    }
    query.question = true;
    if (opcode != 0) return error(query, Rcode::notimp);
    size_t additional = load_be16(message + kArcountAt);
    size_t records =
        size_t{load_be16(message + kAncountAt)} + load_be16(message + kNscountAt) + additional;
    Parsed outcome =
        read_records(exchange, query.question_end, records, additional, udp_payload_max, query);
    if (outcome != Parsed::ok) return outcome;
    if (klass != storage::kClassIn) return error(query, Rcode::refused);
    RRType type{query.type};
    if (type == RRType::OPT) return error(query, Rcode::formerr);
    if (type == RRType::AXFR || type == RRType::IXFR) return error(query, Rcode::refused);
    return Parsed::ok;
}

}  // namespace

void parse_query(const Exchange& exchange, uint16_t udp_payload_max, Query& query) {
    query.parsed = parse(exchange, udp_payload_max, query);
}

}  // namespace gatepost::dataplane
