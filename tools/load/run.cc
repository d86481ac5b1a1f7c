#include "tools/load/run.h"

#include <cstdio>
#include <cstring>
#include <memory>
#include <random>

#include "tools/load/engine/engine.h"
#include "tools/load/report.h"
#include "tools/load/run_support.h"
#include "tools/load/transport/frame_transport.h"
#include "tools/load/transport/port_channel.h"
#include "tools/load/transport/route.h"
#include "tools/load/transport/socket_transport.h"

namespace gatepost::tools {

namespace {

constexpr uint64_t kNsPerMs = 1'000'000;

Engine* running = nullptr;  // for the signal handler

void stop_running(int) {
    if (running != nullptr) running->stop();
}

Result<QueryList> make_queries(const LoadOptions& options) {
    if (!options.query_file.empty()) return queries_from_file(options.query_file);
    storage::MasterFileOptions about;
    about.allow_include = true;
    if (!options.origin.empty()) {
        auto origin = storage::dname_from_text(options.origin);
        if (!origin)
            return fail(ErrorCode::usage, "--origin {}: {}", options.origin,
                        origin.error().message);
        about.origin = *origin;
    }
    auto zone = storage::read_zone_file(options.zone_file, about);
    if (!zone) return tl::unexpected(std::move(zone).error());
    return queries_from_zone(*zone, options.mix);
}

QueryMessageOptions message_options(const LoadOptions& options, std::mt19937_64& random) {
    QueryMessageOptions message = options.message;
    if (options.cookie) {
        message.client_cookie.emplace();
        for (uint8_t& octet : *message.client_cookie) octet = static_cast<uint8_t>(random());
    }
    return message;
}

// Everything that stands between the templates and the wire.
struct Connection {
    std::unique_ptr<PortChannel> channel;
    std::unique_ptr<Transport> transport;
};

// Before the device is opened: with AF_XDP the kernel does not hear its neighbors any more.
Status find_addresses(const LoadOptions& options, FrameAddresses& addresses, IpAddress& source) {
    IpAddress next_hop = addresses.target;
    if (options.source) source = *options.source;
    if (!options.source || !options.gateway_mac) {
        auto route = find_route(options.interface(), addresses.target);
        if (!route) return tl::unexpected(std::move(route).error());
        if (route->local)
            return fail(ErrorCode::usage, "{} is this host itself: use --socket",
                        ip_address_to_text(addresses.target));
        next_hop = route->next_hop;
        if (!options.source) source = route->source;
    }
    if (options.gateway_mac) {
        addresses.target_mac = *options.gateway_mac;
        return {};
    }
    auto mac = find_neighbor(options.interface(), next_hop, addresses.target);
    if (!mac) return tl::unexpected(std::move(mac).error());
    addresses.target_mac = *mac;
    return {};
}

Result<Connection> connect_frames(const LoadOptions& options, TemplateSet& templates) {
    FrameAddresses addresses;
    addresses.target = ip_address_of(options.target);
    addresses.target_port = options.target.port();
    IpAddress source;
    if (Status found = find_addresses(options, addresses, source); !found)
        return tl::unexpected(std::move(found).error());
    auto flows = SourceFlows::make(source, options.sources, options.first_port, options.ports);
    if (!flows) return tl::unexpected(std::move(flows).error());
    Connection connection;
    auto channel = PortChannel::open(options.devargs(), options.core);
    if (!channel) {
        if (options.nic.empty()) return tl::unexpected(std::move(channel).error());
        return fail(channel.error().code,
                    "{}\nAn XDP program that another process left on {} is taken away by: "
                    "ip link set dev {} xdp off",
                    channel.error().message, options.nic, options.nic);
    }
    connection.channel = std::move(*channel);
    std::memcpy(addresses.source_mac.data(), connection.channel->port().mac(),
                addresses.source_mac.size());
    write_frame_headers(templates, addresses);
    std::string name = fmt::format("{}, {} flows from {}@{}", options.devargs(), flows->size(),
                                   ip_address_to_text(source), options.first_port);
    connection.transport = std::make_unique<FrameTransport>(
        *connection.channel, templates, std::move(*flows), addresses, std::move(name));
    return connection;
}

Result<Connection> connect_sockets(const LoadOptions& options, const TemplateSet& templates) {
    SocketOptions about;
    about.server = options.target;
    about.source = options.source;
    about.addresses = options.sources;
    about.first_port = options.first_port;
    about.ports = options.ports;
    auto transport = SocketTransport::open(about, templates);
    if (!transport) return tl::unexpected(std::move(transport).error());
    return Connection{nullptr, std::move(*transport)};
}

}  // namespace

Result<int> run_dns_load(const LoadOptions& options) {
    auto queries = make_queries(options);
    if (!queries) return tl::unexpected(std::move(queries).error());
    Expectations expectations;
    if (!options.expect_file.empty()) {
        auto read = Expectations::from_file(options.expect_file, *queries);
        if (!read) return tl::unexpected(std::move(read).error());
        expectations = std::move(*read);
    }
    std::mt19937_64 random(options.mix.seed);
    size_t header_length =
        options.frames() ? frame_header_length(ip_address_of(options.target).ipv6) : 0;
    TemplateSet templates(*queries, message_options(options, random), header_length);
    auto connection =
        options.frames() ? connect_frames(options, templates) : connect_sockets(options, templates);
    if (!connection) return tl::unexpected(std::move(connection).error());
    if (Status pinned = pin_to_core(options.core); !pinned)
        return tl::unexpected(std::move(pinned).error());

    EngineOptions about;
    about.rate = options.rate;
    about.in_flight = options.in_flight;
    about.duration_ns = options.duration_ms * kNsPerMs;
    about.id_mask = static_cast<uint16_t>(random());
    MonotonicClock clock;
    auto engine = std::make_unique<Engine>(about, templates,
                                           expectations.count() > 0 ? &expectations : nullptr,
                                           *connection->transport, clock);
    if (!options.quiet)
        engine->watch = [](const Interval& interval) {
            std::fputs(interval_line(interval).c_str(), stderr);
        };
    running = engine.get();
    catch_stop_signals(stop_running);
    CpuSeconds before = cpu_seconds();
    RunReport report;
    report.statistics = engine->run();
    CpuSeconds after = cpu_seconds();
    running = nullptr;
    report.cpu = {after.user - before.user, after.system - before.system};
    report.target = options.target.text();
    report.transport = connection->transport->name();
    report.rate = options.rate;
    report.in_flight = options.in_flight;
    report.queries = templates.size();
    report.expected = expectations.count();
    report.transport_counters = connection->transport->counters();
    if (options.json != "-") std::fputs(report_table(report).c_str(), stdout);
    if (Status written = write_json(options.json, report_json(report)); !written)
        return tl::unexpected(std::move(written).error());
    const Counts& counts = report.statistics.total;
    return counts.answered == 0 || counts.wrong() > 0 ? 1 : 0;
}

}  // namespace gatepost::tools
