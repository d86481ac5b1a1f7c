#include "dataplane/dns/reply.h"

#include <cstring>

#include "storage/base/bytes.h"
#include "storage/zone/rrtype.h"

namespace gatepost::dataplane {

namespace {

constexpr uint16_t kDoBit = 0x8000;

uint16_t write_opt(uint8_t* p, const Query& query, const Reply& reply, uint16_t payload_max) {
    p[0] = 0;
    store_be16(p + 1, static_cast<uint16_t>(storage::RRType::OPT));
    store_be16(p + 3, payload_max);
    p[5] = static_cast<uint8_t>(static_cast<uint8_t>(reply.rcode) >> 4);
    p[6] = 0;
    store_be16(p + 7, query.dnssec_ok ? kDoBit : 0);  // RFC 3225 §3: copied
    uint8_t* option = p + kOptSize;
    if (reply.extended_error != ExtendedError::none) {
        store_be16(option, kOptionExtendedError);
        store_be16(option + 2, 2);
        store_be16(option + 4, static_cast<uint16_t>(reply.extended_error));
        option += kExtendedErrorSize;
    }
    if (reply.cookie.kind != CookieKind::none) {
        store_be16(option, kOptionCookie);
        store_be16(option + 2, kCookieSize);
        std::memcpy(option + 4, reply.cookie.reply, kCookieSize);
        option += kCookieOptionSize;
    }
    store_be16(p + 9, static_cast<uint16_t>(option - p - kOptSize));
    return static_cast<uint16_t>(option - p);
}

}  // namespace

uint16_t finish_reply(const Exchange& exchange, const Query& query, const Reply& reply,
                      const AnswerWriter& writer, uint16_t payload_max) {
    uint8_t* message = exchange.reply;
    bool empty = reply.truncated || reply.bare;
    uint16_t end = empty ? query.question_end : writer.position();
    // RFC 1035 §4.1.1: opcode and RD are copied; RFC 4035 §3.1.6: AD and CD are cleared.
    uint8_t flags = kFlagQr | (message[2] & (kOpcodeMask | kFlagRd));
    if (reply.authoritative) flags |= kFlagAa;
    if (reply.truncated) flags |= kFlagTc;
    message[2] = flags;
    message[3] = static_cast<uint8_t>(reply.rcode) & kRcodeMask;
    store_be16(message + kQdcountAt, query.question ? 1 : 0);
    uint16_t additional = empty ? 0 : writer.count(Section::additional);
    store_be16(message + kAncountAt, empty ? 0 : writer.count(Section::answer));
    store_be16(message + kNscountAt, empty ? 0 : writer.count(Section::authority));
    if (query.edns) {
        end = static_cast<uint16_t>(end + write_opt(message + end, query, reply, payload_max));
        ++additional;
    }
    store_be16(message + kArcountAt, additional);
    return end;
}

}  // namespace gatepost::dataplane
