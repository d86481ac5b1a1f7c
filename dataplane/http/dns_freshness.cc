#include "dataplane/http/dns_freshness.h"

#include <algorithm>

#include "dataplane/dns/message.h"
#include "dataplane/http/dns_records.h"
#include "storage/zone/rrtype.h"

namespace gatepost::dataplane {

namespace {

constexpr uint32_t kForever = UINT32_MAX;

// RFC 2181 §8: a TTL with the upper bit set is 0.
uint32_t sane(uint32_t ttl) {
    return ttl > INT32_MAX ? 0 : ttl;
}

}  // namespace

uint32_t freshness_s(Bytes reply) {
    DnsRecords records(reply);
    if (!records.ok()) return 0;
    uint8_t rcode = reply[3] & kRcodeMask;
    bool truncated = (reply[2] & kFlagTc) != 0;
    if (truncated || (rcode != static_cast<uint8_t>(Rcode::noerror) &&
                      rcode != static_cast<uint8_t>(Rcode::nxdomain)))
        return 0;
    uint32_t answer = kForever;
    uint32_t denial = kForever;
    DnsRecord record;
    while (records.next(record)) {
        // RFC 8484 §5.1: no longer than the smallest TTL of the answer section.
        if (record.section == DnsSection::answer) answer = std::min(answer, sane(record.ttl));
        // The same, and RFC 2308 §5: of a denial, the SOA's own TTL and its MINIMUM, which is the
        // last number of its data. An alias's end that does not exist is one as well.
        if (record.section == DnsSection::authority && record.rdata_length >= 4 &&
            record.type == static_cast<uint16_t>(storage::RRType::SOA)) {
            const uint8_t* end = reply.data() + record.rdata + record.rdata_length;
            denial = std::min({denial, sane(record.ttl), sane(load_be32(end - 4))});
        }
    }
    uint32_t freshness = std::min(answer, denial);
    return !records.ok() || freshness == kForever ? 0 : freshness;
}

}  // namespace gatepost::dataplane
