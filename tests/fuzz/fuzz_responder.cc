// Messages to the responder: whatever comes, the reply is a well-formed one that fits, answers the
// same question, and is the same over and over, in place or not; and the queries beside it in a
// burst are answered.
//
// The first octet of the input says how the rest arrives: bit 0 over TCP, bit 1 over IPv6, bit 2
// before any index is there; bits 4 to 7 choose the room for the reply.
#include <algorithm>
#include <cstring>

#include "dataplane/dns/responder.h"
#include "storage/base/check.h"
#include "tests/support/dns_text.h"
#include "tests/support/test_arena.h"

using namespace gatepost;
using namespace gatepost::tests;
using dataplane::Exchange;

namespace {

constexpr uint16_t kCapacities[] = {512, 513, 600, 1231, 1232, 1233, 1452, 4096, 65535};

constexpr uint8_t kClientAddress[16] = {192, 0, 2, 1};
// Fixed, so that the same query has the same reply.
constexpr dataplane::BurstTime kTime = {.monotonic_ms = 1, .unix_s = 1'700'000'000};

const char* const kNs = "ns 60 A 192.0.2.53";

// Zones inside zones, and every kind of name that an answer can be made from.
TestArena& arena() {
    static TestArena* const kArena = [] {
        auto* made = new TestArena();
        made->add_zone("example.");
        made->put(
            "example.",
            {"@ 60 NS ns|ns.other.",
             kNs,
             "ns 60 AAAA 2001:db8::53",
             "@ 60 MX 10 mail|20 mx.other.",
             "mail 60 A 192.0.2.25",
             "www 60 A 192.0.2.80|192.0.2.81",
             "www 60 TXT \"text\"",
             "www 60 RRSIG A 8 2 60 20300101000000 20200101000000 1 example. AAAA",
             "www 60 NSEC x A RRSIG",
             "alias 60 CNAME www",
             "chain 60 CNAME alias",
             "out 60 CNAME a.b.c.",
             "dangling 60 CNAME nowhere",
             "across 60 CNAME host.other.",
             "loop 60 CNAME loop2",
             "loop2 60 CNAME loop",
             "a.b.ent 60 A 192.0.2.7",
             "*.wild 60 A 192.0.2.99",
             "*.wild 60 MX 5 mail.wild",
             "x.wild 60 TXT \"here\"",
             "*.walias 60 CNAME q.walias",
             "sub 60 NS ns.sub|ns",
             "ns.sub 60 A 192.0.2.54",
             "deep.glue.sub 60 A 192.0.2.55",
             "sub 60 DS 1 8 2 0000000000000000000000000000000000000000000000000000000000000000",
             "cut 60 NS ns.cut|ns.sub|ns.other.",
             "ns.cut 60 AAAA 2001:db8::54",
             "old 60 DNAME new.other.",
             "below.old 60 A 192.0.2.66",
             "dloop 60 DNAME x.dloop",
             "long 60 DNAME a-label-that-makes-names-longer.example.",
             "_sip._tcp 60 SRV 1 2 5060 www",
             "https 60 HTTPS 1 . alpn=h2",
             "https 60 A 192.0.2.44",
             "soa 60 PTR www"});
        std::string big = "big 60 TXT ";
        for (int i = 0; i < 40; ++i)
            big += (i == 0 ? "\"" : "|\"") + std::to_string(i) + std::string(90, 'x') + "\"";
        made->put("example.", {big});
        made->add_zone("zone.example.");
        made->put("zone.example.",
                  {"@ 60 NS ns", kNs, "up 60 CNAME www.example.", "* 60 TXT \"apex\""});
        made->add_zone("other.");
        made->put("other.", {"@ 60 NS ns", kNs, "host 60 A 198.51.100.1", "mx 60 A 198.51.100.2",
                             "h.new 60 A 198.51.100.3", "back 60 CNAME www.example."});
        made->publish();
        return made;
    }();
    return *kArena;
}

// The most that the reply may have (RFC 1035 §4.2.1, RFC 6891 §6.2.3): the responder's own bound
// where the query offers more.
size_t reply_max(const Exchange& exchange, const ReplyText& reply) {
    if (exchange.transport == dataplane::Transport::tcp) return exchange.reply_capacity;
    const size_t bound = reply.edns ? dataplane::kUdpPayloadMax : size_t{512};
    return std::min<size_t>(bound, exchange.reply_capacity);
}

void check_reply(const Exchange& exchange) {
    if (exchange.reply_length == 0) return;
    const ReplyText reply = read_reply({exchange.reply, exchange.reply_length});
    GATEPOST_CHECK(reply.error.empty());
    GATEPOST_CHECK(reply.size <= reply_max(exchange, reply));
    GATEPOST_CHECK(exchange.query_length >= 12 && (exchange.query[2] & 0x80) == 0);
    GATEPOST_CHECK(reply.flags.starts_with("qr") && reply.id == load_be16(exchange.query));
    // Opcode and RD come back (RFC 1035 §4.1.1), and the question octet by octet.
    GATEPOST_CHECK(((exchange.reply[2] ^ exchange.query[2]) & 0x79) == 0);
    const bool truncated = reply.flags.find("tc") != std::string::npos;
    if (truncated)
        GATEPOST_CHECK(reply.answer.empty() && exchange.transport == dataplane::Transport::udp);
    GATEPOST_CHECK(reply.cookie.empty() || reply.cookie.size() == 24);
    if (reply.question.empty()) {
        // RFC 7873 §5.4: without a question, for a cookie.
        GATEPOST_CHECK(reply.rcode != 0 ||
                       (load_be16(exchange.query + 4) == 0 && !reply.cookie.empty()));
        return;
    }
    size_t end = 12;
    while (exchange.query[end] != 0) end += size_t{exchange.query[end]} + 1;
    GATEPOST_CHECK(std::memcmp(exchange.reply + 12, exchange.query + 12, end + 5 - 12) == 0);
}

Exchange exchange_for(uint8_t how, const std::vector<uint8_t>& query, std::vector<uint8_t>& reply) {
    Exchange exchange;
    exchange.query = query.data();
    exchange.query_length = static_cast<uint16_t>(query.size());
    exchange.transport = how & 1 ? dataplane::Transport::tcp : dataplane::Transport::udp;
    exchange.family = how & 2 ? dataplane::Family::ipv6 : dataplane::Family::ipv4;
    exchange.reply_capacity =
        how & 1 ? uint16_t{65535}
                : kCapacities[static_cast<size_t>(how >> 4) % std::size(kCapacities)];
    // Exactly as large as it says, so that AddressSanitizer sees an octet too many.
    reply.assign(exchange.reply_capacity, 0xee);
    exchange.reply = reply.data();
    exchange.client = kClientAddress;
    return exchange;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0 || size > 65536) return 0;
    static storage::WorkerCounters counters{};
    static dataplane::Responder* const kResponder =
        new dataplane::Responder({.cookie_secret = storage::CookieSecret{1, 2, 3}});
    static const std::vector<uint8_t> kNeighbour =
        make_query({.name = "alias.example.", .edns = 1232});
    const storage::Image* image = data[0] & 4 ? nullptr : &arena().image();
    const std::vector<uint8_t> query(data + 1, data + size);

    std::vector<uint8_t> before, reply, behind;
    Exchange burst[] = {exchange_for(0x40, kNeighbour, before), exchange_for(data[0], query, reply),
                        exchange_for(0x40, kNeighbour, behind)};
    kResponder->answer_burst(image, burst, kTime, counters);
    for (const Exchange& exchange : burst) check_reply(exchange);
    before.resize(burst[0].reply_length);
    behind.resize(burst[2].reply_length);
    GATEPOST_CHECK(before == behind && !before.empty());

    std::vector<uint8_t> same(std::max<size_t>(burst[1].reply_capacity, query.size()));
    std::copy(query.begin(), query.end(), same.begin());
    Exchange in_place = burst[1];
    in_place.query = in_place.reply = same.data();
    kResponder->answer_burst(image, {&in_place, 1}, kTime, counters);
    GATEPOST_CHECK(in_place.reply_length == burst[1].reply_length);
    GATEPOST_CHECK(std::memcmp(same.data(), reply.data(), burst[1].reply_length) == 0);
    return 0;
}
