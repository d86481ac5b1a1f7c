#include "tools/gatepost/config/config.h"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "dataplane/net/host_addresses.h"
#include "storage/arena/runtime_page.h"
#include "storage/base/check.h"
#include "tools/gatepost/config/units.h"

namespace gatepost::tools {

namespace {

// Values in the settings have passed check_value, so they parse.
template <typename T>
T must(Result<T> result) {
    GATEPOST_CHECK(result.has_value());
    return std::move(*result);
}

uint64_t number(const std::string& text) {
    uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

Status read_nics(const Settings& settings, Config& config) {
    std::set<std::string> seen;
    for (const NicTable& table : settings.nics()) {
        auto nic = nic_from_table(table);
        if (!nic) return tl::unexpected(std::move(nic).error());
        if (!seen.insert(nic->interface).second)
            return fail(ErrorCode::invalid, "{}: a second [[nic]] for interface {}", table.origin,
                        nic->interface);
        config.nics.push_back(std::move(*nic));
    }
    std::set<uint16_t> ports;
    for (const Endpoint& listen : config.listen) ports.insert(listen.port());
    if (!config.nics.empty() && ports.size() > dataplane::kHostPortsMax)
        return fail(ErrorCode::invalid,
                    "dns.listen has {} different ports; with a [[nic]] at most {} can be served",
                    ports.size(), dataplane::kHostPortsMax);
    if (config.nics.size() > storage::kNicsMax)
        return fail(ErrorCode::invalid, "{} [[nic]] tables; at most {}", config.nics.size(),
                    storage::kNicsMax);
    return {};
}

}  // namespace

Result<Config> config_from_settings(const Settings& settings) {
    const auto text = [&](std::string_view name) { return settings.get(name).values.at(0); };
    Config config;
    config.dsn = text("database.dsn");
    config.password_file = text("database.password_file");
    config.state_dir = text("paths.state_dir");
    config.run_dir = text("paths.run_dir");
    std::set<std::string> seen;
    for (const std::string& address : settings.get("dns.listen").values) {
        config.listen.push_back(must(endpoint_from_text(address, kDnsPort)));
        if (!seen.insert(config.listen.back().text()).second)
            return fail(ErrorCode::invalid, "{}: dns.listen names {} twice",
                        settings.get("dns.listen").origin, config.listen.back().text());
    }
    config.tcp_connections_max = number(text("dns.tcp_connections_max"));
    config.tcp_idle = must(duration_from_text(text("dns.tcp_idle")));
    config.rate_limit_per_second = number(text("dns.rate_limit.per_second"));
    config.rate_limit_burst = must(duration_from_text(text("dns.rate_limit.burst")));
    config.rate_limit_slip = number(text("dns.rate_limit.slip"));
    config.rate_limit_exempt = settings.get("dns.rate_limit.exempt").values;
    if (const std::string workers = text("dataplane.workers"); workers != "auto")
        config.workers = static_cast<unsigned>(number(workers));
    if (const std::string cores = text("dataplane.cores"); cores != "auto")
        config.cores = must(cores_from_text(cores));
    config.dataplane_user = text("dataplane.user");
    config.seccomp = text("dataplane.seccomp");
    config.controlplane_user = text("controlplane.user");
    config.arena_size_max = must(size_from_text(text("controlplane.arena_size_max")));
    config.checkpoint_interval = must(duration_from_text(text("controlplane.checkpoint_interval")));
    if (Status read = read_nics(settings, config); !read) return tl::unexpected(read.error());
    config.log_format = text("log.format");
    config.log_level = text("log.level");
    if (config.workers && config.cores && *config.workers > config.cores->size())
        return fail(
            ErrorCode::invalid,
            "dataplane.workers is {}, but dataplane.cores names only {} cores; one core per worker "
            "is needed",
            *config.workers, config.cores->size());
    return config;
}

std::vector<unsigned> usable_cores() {
    cpu_set_t set;
    CPU_ZERO(&set);
    std::vector<unsigned> cores;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        for (unsigned core = 0; core < CPU_SETSIZE; ++core)
            if (CPU_ISSET(core, &set)) cores.push_back(core);
    if (cores.empty()) cores.push_back(0);
    return cores;
}

std::vector<unsigned> worker_cores(const Config& config) {
    std::vector<unsigned> cores = config.cores ? *config.cores : usable_cores();
    const size_t available = cores.size();
    const size_t count = std::min<size_t>(config.workers.value_or(available), storage::kWorkersMax);
    // More workers than cores share them in turn.
    for (size_t i = available; i < count; ++i) cores.push_back(cores[i % available]);
    cores.resize(count);
    return cores;
}

}  // namespace gatepost::tools
