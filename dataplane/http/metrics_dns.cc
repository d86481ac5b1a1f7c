#include "dataplane/http/metrics_dns.h"

#include "dataplane/http/metrics_sum.h"
#include "storage/arena/drop_name.h"

namespace gatepost::dataplane {

namespace {

using storage::Drop;
using storage::RuntimePage;
using storage::WorkerCounters;

constexpr std::string_view kTransportNames[] = {"udp", "tcp", "tls", "https"};
constexpr std::string_view kFamilyNames[] = {"ipv4", "ipv6"};
static_assert(std::size(kTransportNames) == storage::kTransports);
// RFC 6895 §2.3; those without a name are not used.
constexpr std::string_view kRcodeNames[] = {
    "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN",  "NOTIMP",  "REFUSED", "YXDOMAIN", "YXRRSET",
    "NXRRSET", "NOTAUTH", "NOTZONE",  "DSOTYPENI", "12",      "13",      "14",       "15",
    "BADVERS", "BADKEY",  "BADTIME",  "BADMODE",   "BADNAME", "BADALG",  "BADTRUNC", "BADCOOKIE"};
static_assert(std::size(kRcodeNames) == storage::kRcodes);

using Member = std::atomic<uint64_t> WorkerCounters::*;

uint64_t sum(const RuntimePage& page, Member member) {
    return sum_workers(
        page, [member](const RuntimePage& from, size_t i) -> const auto& {
            return from.workers[i].*member;
        });
}

uint64_t dropped(const RuntimePage& page, Drop reason) {
    return sum_workers(
        page, [reason](const RuntimePage& from, size_t i) -> const auto& {
            return from.workers[i].dropped[static_cast<size_t>(reason)];
        });
}

void write_queries(const RuntimePage& page, MetricsWriter& out) {
    out.family("gatepost_dns_queries", MetricKind::counter,
               "DNS queries received, by transport and address family");
    for (size_t transport = 0; transport < storage::kTransports; ++transport)
        for (size_t family = 0; family < storage::kFamilies; ++family)
            out.sample(
                {{"transport", kTransportNames[transport]}, {"family", kFamilyNames[family]}},
                sum_workers(
                    page, [=](const RuntimePage& from, size_t i) -> const auto& {
                        return from.workers[i].queries[transport][family];
                    }));
    out.family("gatepost_dns_responses", MetricKind::counter, "DNS replies, by response code");
    for (size_t rcode = 0; rcode < storage::kRcodes; ++rcode) {
        uint64_t count = sum_workers(
            page, [=](const RuntimePage& from, size_t i) -> const auto& {
                return from.workers[i].rcodes[rcode];
            });
        // Of the codes that nobody here gives, nothing is said.
        if (count != 0 || rcode <= 5) out.sample({{"rcode", kRcodeNames[rcode]}}, count);
    }
}

}  // namespace

void write_dns_metrics(const RuntimePage& page, MetricsWriter& out) {
    write_queries(page, out);
    out.single("gatepost_dns_truncated", MetricKind::counter,
               "DNS replies with TC: too long for UDP, or cut short by rate limiting",
               sum(page, &WorkerCounters::truncated));
    out.family("gatepost_dns_dropped", MetricKind::counter,
               "Queries and frames without a reply, by reason");
    for (size_t reason = 0; reason <= static_cast<size_t>(Drop::transmit_full); ++reason)
        out.sample({{"reason", storage::drop_name(static_cast<Drop>(reason))}},
                   dropped(page, static_cast<Drop>(reason)));
    out.family("gatepost_dns_rrl", MetricKind::counter,
               "Replies over the rate limit, by what became of them");
    out.sample({{"action", "slip"}}, sum(page, &WorkerCounters::slipped));
    out.sample({{"action", "drop"}}, dropped(page, Drop::rate_limited));
    out.family("gatepost_dns_cookies", MetricKind::counter,
               "Queries with a DNS cookie, by what the server cookie was");
    out.sample({{"state", "valid"}}, sum(page, &WorkerCounters::cookies_valid));
    out.sample({{"state", "new"}}, sum(page, &WorkerCounters::cookies_new));
    out.sample({{"state", "bad"}}, sum(page, &WorkerCounters::cookies_bad));
    out.single("gatepost_dns_bursts", MetricKind::counter,
               "Bursts of queries that were answered together", sum(page, &WorkerCounters::bursts));
}

}  // namespace gatepost::dataplane
