#include "dataplane/http/metrics_stream.h"

#include "dataplane/http/metrics_sum.h"

namespace gatepost::dataplane {

namespace {

using storage::RuntimePage;
using storage::StreamCounters;
using storage::StreamEnd;
using storage::TlsFailure;

constexpr std::string_view kTlsVersionNames[] = {"1.2", "1.3"};
constexpr std::string_view kHttpVersionNames[] = {"1.1", "2"};
constexpr std::string_view kClassNames[] = {"1xx", "2xx", "3xx", "4xx", "5xx"};
static_assert(std::size(kTlsVersionNames) == storage::kTlsVersions);
static_assert(std::size(kHttpVersionNames) == storage::kHttpVersions);
static_assert(std::size(kClassNames) == storage::kStatusClasses);

using StreamMember = std::atomic<uint64_t> StreamCounters::*;

uint64_t stream_sum(const RuntimePage& page, StreamMember member) {
    return sum_workers(
        page, [member](const RuntimePage& from, size_t i) -> const auto& {
            return from.streams[i].*member;
        });
}

void write_connections(const RuntimePage& page, MetricsWriter& out) {
    out.single("gatepost_streams_open", MetricKind::gauge, "Connections that are open",
               stream_sum(page, &StreamCounters::open));
    out.single("gatepost_streams_accepted", MetricKind::counter, "Connections accepted",
               stream_sum(page, &StreamCounters::total));
    out.family("gatepost_streams_ended", MetricKind::counter,
               "Connections that have ended, by who or what ended them");
    for (size_t end = 0; end < storage::kStreamEnds; ++end)
        out.sample({{"reason", storage::stream_end_name(static_cast<StreamEnd>(end))}},
                   sum_workers(
                       page, [=](const RuntimePage& from, size_t i) -> const auto& {
                           return from.streams[i].ends[end];
                       }));
    out.family("gatepost_streams_bytes", MetricKind::counter,
               "Octets of connections, TLS included, by direction");
    out.sample({{"direction", "received"}}, stream_sum(page, &StreamCounters::received_octets));
    out.sample({{"direction", "sent"}}, stream_sum(page, &StreamCounters::sent_octets));
    out.single("gatepost_streams_buffers_bytes", MetricKind::gauge,
               "Memory that holds what is on its way",
               stream_sum(page, &StreamCounters::buffers_octets));
    out.single("gatepost_streams_buffers_refused", MetricKind::counter,
               "Times that no such memory was left",
               stream_sum(page, &StreamCounters::buffers_refused));
    out.single("gatepost_streams_receive_starved", MetricKind::counter,
               "Times that no receive buffer was free",
               stream_sum(page, &StreamCounters::receive_starved));
}

void write_tls(const RuntimePage& page, MetricsWriter& out) {
    out.family("gatepost_tls_handshakes", MetricKind::counter,
               "TLS handshakes, by version and result; failed ones have no version");
    for (size_t version = 0; version < storage::kTlsVersions; ++version)
        for (size_t resumed = 0; resumed < 2; ++resumed)
            out.sample({{"version", kTlsVersionNames[version]},
                        {"result", resumed != 0 ? "resumed" : "full"}},
                       sum_workers(
                           page, [=](const RuntimePage& from, size_t i) -> const auto& {
                               return from.streams[i].handshakes[version][resumed];
                           }));
    uint64_t failures = 0;
    for (size_t reason = 1; reason < storage::kTlsFailures; ++reason)
        failures += sum_workers(
            page, [=](const RuntimePage& from, size_t i) -> const auto& {
                return from.streams[i].tls_failures[reason];
            });
    out.sample({{"version", ""}, {"result", "failed"}}, failures);
    out.family("gatepost_tls_failures", MetricKind::counter, "Failures of TLS, by reason");
    for (size_t reason = 1; reason < storage::kTlsFailures; ++reason)
        out.sample({{"reason", storage::tls_failure_name(static_cast<TlsFailure>(reason))}},
                   sum_workers(
                       page, [=](const RuntimePage& from, size_t i) -> const auto& {
                           return from.streams[i].tls_failures[reason];
                       }));
    out.family("gatepost_tls_identities_loaded", MetricKind::counter,
               "Certificate chains and keys loaded, by result");
    out.sample({{"result", "ok"}}, stream_sum(page, &StreamCounters::identities_loaded));
    out.sample({{"result", "failed"}}, stream_sum(page, &StreamCounters::identity_failures));
}

}  // namespace

void write_stream_metrics(const RuntimePage& page, MetricsWriter& out) {
    write_connections(page, out);
    write_tls(page, out);
    out.family("gatepost_http_requests", MetricKind::counter,
               "HTTP requests, by version and class of the status");
    for (size_t version = 0; version < storage::kHttpVersions; ++version)
        for (size_t status = 0; status < storage::kStatusClasses; ++status)
            out.sample({{"version", kHttpVersionNames[version]}, {"class", kClassNames[status]}},
                       sum_workers(
                           page, [=](const RuntimePage& from, size_t i) -> const auto& {
                               return from.streams[i].http_requests[version][status];
                           }));
}

}  // namespace gatepost::dataplane
