#include "tools/load/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "dataplane/net/host_addresses.h"
#include "tools/gatepost/config/units.h"
#include "tools/load/transport/route.h"
#include "tools/load/transport/socket_transport.h"

namespace gatepost::tools {

namespace {

constexpr uint64_t kInFlight = 100;         // closed loop, where nothing else is said
constexpr uint64_t kRateMax = 100'000'000;  // queries a second
constexpr uint64_t kInFlightMax = 1 << 22;
constexpr uint64_t kCountMax = 50'000'000;
constexpr uint64_t kDurationMsMax = 7 * 86'400'000;

// Words as CLI11 leaves them.
struct Texts {
    std::string target;
    std::string duration;
    std::string mix;
    std::string source;
    std::string gateway_mac;
    std::string cookie = "none";
    bool socket = false;
};

void declare_load(CLI::App& dns, LoadOptions& options, Texts& texts) {
    dns.add_option("TARGET", texts.target, "The server: address or address@port (53)")->required();
    auto* nic =
        dns.add_option("--nic", options.nic, "Over this interface, past the kernel (AF_XDP)")
            ->type_name("IFACE");
    auto* device = dns.add_option("--device", options.device, "Over a device as DPDK names it")
                       ->type_name("DEVARGS");
    auto* socket = dns.add_flag("--socket", texts.socket, "Over kernel UDP sockets (the default)");
    nic->excludes(device)->excludes(socket);
    device->excludes(socket);
    auto* rate = dns.add_option("--rate", options.rate, "Send this many a second, come what may")
                     ->type_name("QPS")
                     ->check(CLI::Range(uint64_t{1}, kRateMax));
    auto* closed = dns.add_option("--closed", options.in_flight, "Keep this many in flight (100)")
                       ->type_name("N")
                       ->check(CLI::Range(uint64_t{1}, kInFlightMax));
    rate->excludes(closed);
    dns.add_option("--duration", texts.duration, "How long to send (10s)")->type_name("TIME");
    dns.add_option("--source", texts.source, "First address to ask from")->type_name("IP");
    dns.add_option("--sources", options.sources, "Consecutive source addresses (1)")
        ->type_name("N")
        ->check(CLI::Range(size_t{1}, dataplane::kHostAddressesMax));
    dns.add_option("--ports", options.ports, "Source ports of each address (64; 4 with --socket)")
        ->type_name("N")
        ->check(CLI::Range(1, 16'384));
    dns.add_option("--first-port", options.first_port, "First source port (32768)")
        ->type_name("PORT")
        ->check(CLI::Range(1, 65'535));
    dns.add_option("--gateway-mac", texts.gateway_mac,
                   "Where frames go to; else the kernel's neighbor table tells")
        ->type_name("MAC");
    dns.add_option("--core", options.core, "Processor core to stay on")
        ->type_name("N")
        ->check(CLI::Range(0, CPU_SETSIZE - 1));
    dns.add_option("--json", options.json, "Write the report as JSON (- is standard output)")
        ->type_name("FILE");
    dns.add_flag("--quiet", options.quiet, "No line each second");
}

void declare_queries(CLI::App& dns, LoadOptions& options, Texts& texts) {
    auto* queries = dns.add_option("--queries", options.query_file,
                                   "File with a name and a type a line (- is standard input)")
                        ->type_name("FILE");
    auto* zone = dns.add_option("--zone", options.zone_file, "Draw the queries from a zone file")
                     ->type_name("FILE");
    queries->excludes(zone);
    dns.add_option("--origin", options.origin, "Of relative names in the zone file")
        ->type_name("NAME")
        ->needs(zone);
    dns.add_option("--mix", texts.mix,
                   "Weights of address, other, nodata, nxdomain, wildcard, referral")
        ->type_name("KIND=N,…")
        ->needs(zone);
    dns.add_option("--count", options.mix.count, "Queries to draw (1000000), asked round and round")
        ->type_name("N")
        ->needs(zone)
        ->check(CLI::Range(uint64_t{1}, kCountMax));
    dns.add_option("--expect", options.expect_file,
                   "File with the right answers: name type ADDRESS…")
        ->type_name("FILE");
    dns.add_option("--edns", options.message.udp_payload, "Add EDNS with this UDP payload size")
        ->type_name("SIZE")
        ->check(CLI::Range(size_t{512}, SocketTransport::kMessageMax));
    dns.add_flag("--do", options.message.dnssec_ok, "Ask for DNSSEC records");
    dns.add_flag("--rd", options.message.recursion_desired, "Ask for recursion");
    dns.add_option("--cookie", texts.cookie, "Send a DNS cookie: none (default) or client")
        ->type_name("KIND")
        ->check(CLI::IsMember({"none", "client"}));
    dns.add_option("--seed", options.mix.seed, "Of all that is drawn at random (1)")
        ->type_name("N");
}

Status read_addresses(LoadOptions& options, const Texts& texts) {
    auto target = endpoint_from_text(texts.target, 53);
    if (!target) return fail(ErrorCode::usage, "TARGET: {}", target.error().message);
    options.target = *target;
    if (target->is_wildcard() || target->port() == 0)
        return fail(ErrorCode::usage, "TARGET: nobody can be asked at {}", target->text());
    if (!texts.source.empty()) {
        auto source = ip_address_from_text(texts.source);
        if (!source) return fail(ErrorCode::usage, "--source: {}", source.error().message);
        if (source->ipv6 != ip_address_of(*target).ipv6)
            return fail(ErrorCode::usage, "--source {} and {} are of different IP versions",
                        texts.source, target->text());
        options.source = *source;
    }
    if (options.sources > 1 && !options.source)
        return fail(ErrorCode::usage, "--sources {} need the first of them: --source IP",
                    options.sources);
    if (!texts.gateway_mac.empty()) {
        auto mac = mac_address_from_text(texts.gateway_mac);
        if (!mac) return fail(ErrorCode::usage, "--gateway-mac: {}", mac.error().message);
        if (!options.frames())
            return fail(ErrorCode::usage, "--gateway-mac is for --nic and --device");
        options.gateway_mac = *mac;
    }
    return {};
}

Status complete(LoadOptions& options, const Texts& texts) {
    if (Status read = read_addresses(options, texts); !read) return read;
    if (options.query_file.empty() == options.zone_file.empty())
        return fail(ErrorCode::usage, "nothing to ask; give --queries FILE or --zone FILE");
    if (!texts.duration.empty()) {
        auto duration = duration_from_text(texts.duration);
        if (!duration) return fail(ErrorCode::usage, "--duration: {}", duration.error().message);
        if (duration->count() <= 0 || static_cast<uint64_t>(duration->count()) > kDurationMsMax)
            return fail(ErrorCode::usage, "--duration {}: from 1ms to 7d", texts.duration);
        options.duration_ms = static_cast<uint64_t>(duration->count());
    }
    if (!texts.mix.empty()) {
        auto mix = mix_from_text(texts.mix);
        if (!mix) return fail(ErrorCode::usage, "--mix: {}", mix.error().message);
        options.mix.weights = *mix;
    }
    options.cookie = texts.cookie == "client";
    if (options.rate == 0 && options.in_flight == 0) options.in_flight = kInFlight;
    if (options.ports == 0) options.ports = options.frames() ? 64 : 4;
    if (options.frames() && options.first_port == 0) options.first_port = 32'768;
    // The kernel picks each socket's port, unless one was named.
    if (options.first_port != 0 && options.first_port + options.ports > 65'536)
        return fail(ErrorCode::usage, "there are no {} ports from {} on", options.ports,
                    options.first_port);
    if (options.interface().empty() && !options.device.empty() &&
        (!options.source || !options.gateway_mac))
        return fail(ErrorCode::usage,
                    "--device {} names no interface, so that nobody tells the addresses; give "
                    "--source and --gateway-mac",
                    options.device);
    return {};
}

}  // namespace

std::string LoadOptions::devargs() const {
    return nic.empty() ? device : "net_af_xdp0,iface=" + nic + ",busy_budget=0";
}

std::string LoadOptions::interface() const {
    if (!nic.empty()) return nic;
    constexpr std::string_view kKey = "iface=";
    size_t begin = device.find(kKey);
    if (begin == std::string::npos || begin == 0 || device[begin - 1] != ',') return "";
    begin += kKey.size();
    return device.substr(begin, device.find(',', begin) - begin);
}

Result<std::optional<LoadCommand>> parse_load_options(const std::vector<std::string>& words) {
    CLI::App app("Load generator for the services of Gatepost, and for others.", "gatepost-load");
    app.set_version_flag("--version", "gatepost-load " GATEPOST_VERSION);
    app.require_subcommand(1);
    CLI::App& dns = *app.add_subcommand("dns", "Ask a DNS server over UDP");
    CLI::App& smtp = *app.add_subcommand("smtp", "Send mail to an SMTP or LMTP server");
    SmtpCommandLine smtp_line(smtp);
    CLI::App& imap = *app.add_subcommand("imap", "Work with mailboxes over IMAP");
    ImapCommandLine imap_line(imap);
    LoadOptions options;
    Texts texts;
    declare_load(dns, options, texts);
    declare_queries(dns, options, texts);
    // CLI11 reports by exception, and takes the words last first.
    try {
        std::vector<std::string> rest(words.rbegin(), words.rend());
        app.parse(rest);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() != 0)
            return fail(ErrorCode::usage, "{}\nsee: gatepost-load {}--help", error.what(),
                        smtp.parsed()   ? "smtp "
                        : imap.parsed() ? "imap "
                        : dns.parsed()  ? "dns "
                                        : "");
        app.exit(error);
        return std::nullopt;
    }
    if (smtp.parsed()) {
        auto read = smtp_line.options();
        if (!read) return tl::unexpected(std::move(read).error());
        return LoadCommand(std::move(*read));
    }
    if (imap.parsed()) {
        auto read = imap_line.options();
        if (!read) return tl::unexpected(std::move(read).error());
        return LoadCommand(std::move(*read));
    }
    if (Status completed = complete(options, texts); !completed)
        return tl::unexpected(std::move(completed).error());
    return LoadCommand(std::move(options));
}

}  // namespace gatepost::tools
