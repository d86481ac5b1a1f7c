#include "dataplane/dns/reply.h"

#include <algorithm>
#include <cstring>

#include "storage/base/bytes.h"
#include "storage/zone/rrtype.h"

namespace gatepost::dataplane {

namespace {

constexpr uint16_t kDoBitOut = 0x8000;

// RFC 8467 §4.1: the lengths of answers, all of them multiples of this, tell little about them.
constexpr size_t kPaddingBlock = 468;  // octets

// Fills the message up to the next block, where it has room.
uint16_t pad(uint8_t* message, uint8_t* option, size_t size_max) {
    size_t least = static_cast<size_t>(option - message) + kOptionHeaderSize;
    if (least > size_max) return 0;
    size_t padded = (least + kPaddingBlock - 1) / kPaddingBlock * kPaddingBlock;
    size_t octets = (padded < size_max ? padded : size_max) - least;
    store_be16(option, kOptionPadding);
    store_be16(option + 2, static_cast<uint16_t>(octets));
    std::memset(option + kOptionHeaderSize, 0, octets);
    return static_cast<uint16_t>(kOptionHeaderSize + octets);
}

uint16_t write_opt(uint8_t* p, const Exchange& exchange, const Query& query, const Reply& reply,
                   const ResponderOptions& options) {
    p[0] = 0;
    store_be16(p + 1, static_cast<uint16_t>(storage::RRType::OPT));
    store_be16(p + 3, options.udp_payload_max);
    p[5] = static_cast<uint8_t>(static_cast<uint8_t>(reply.rcode) >> 4);
    p[6] = 0;
    store_be16(p + 7, query.dnssec_ok ? kDoBitOut : 0);  // RFC 3225 §3: copied
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
    if (query.keepalive) {
        // RFC 7828 §3.1: in units of 100 ms.
        store_be16(option, kOptionTcpKeepalive);
        store_be16(option + 2, 2);
        store_be16(option + 4,
                   static_cast<uint16_t>(std::min(options.stream_idle_ms / 100, 65'535u)));
        option += kKeepaliveOptionSize;
    }
    // RFC 7830 §6: not where everybody can read it anyway.
    bool encrypted = exchange.transport == Transport::tls || exchange.transport == Transport::https;
    if (query.padding && encrypted) option += pad(exchange.reply, option, query.size_max);
    store_be16(p + 9, static_cast<uint16_t>(option - p - kOptSize));
    return static_cast<uint16_t>(option - p);
}

}  // namespace

uint16_t finish_reply(const Exchange& exchange, const Query& query, const Reply& reply,
                      const AnswerWriter& writer, const ResponderOptions& options) {
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
        end =
            static_cast<uint16_t>(end + write_opt(message + end, exchange, query, reply, options));
        ++additional;
    }
    store_be16(message + kArcountAt, additional);
    return end;
}

}  // namespace gatepost::dataplane
