#include "tools/gatepost/supervisor/children.h"

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "tools/gatepost/config/units.h"
#include "tools/gatepost/supervisor/programs.h"

namespace gatepost::tools {

namespace {

std::string join(const std::vector<unsigned>& numbers) {
    std::string out;
    for (unsigned number : numbers) out += fmt::format("{}{}", out.empty() ? "" : ",", number);
    return out;
}

void add(std::vector<std::string>& argv, const std::string& option, const std::string& value) {
    argv.push_back(option);
    argv.push_back(value);
}

}  // namespace

Result<ChildPrograms> ChildPrograms::find() {
    auto dataplane = find_program("gatepost-dataplane");
    if (!dataplane) return tl::unexpected(std::move(dataplane).error());
    auto controlplane = find_program("gatepost-controlplane");
    if (!controlplane) return tl::unexpected(std::move(controlplane).error());
    return ChildPrograms{*dataplane, *controlplane};
}

ProcessSpec dataplane_spec(const ChildPrograms& programs, const Config& config,
                           const std::vector<dataplane::Listener>& listeners, int channel,
                           int runtime) {
    const std::vector<unsigned> cores = worker_cores(config);
    ProcessSpec spec;
    spec.argv = {programs.dataplane};
    spec.descriptors = {channel, runtime};
    spec.death_signal = SIGTERM;
    for (const dataplane::Listener& listener : listeners) {
        for (size_t worker = 0; worker < listener.udp.size(); ++worker) {
            const int udp = listener.udp[worker].get();
            const int tcp = listener.tcp[worker].get();
            add(spec.argv, "--socket", fmt::format("udp:{}:{}", worker, udp));
            add(spec.argv, "--socket", fmt::format("tcp:{}:{}", worker, tcp));
            spec.descriptors.insert(spec.descriptors.end(), {udp, tcp});
        }
    }
    add(spec.argv, "--workers", std::to_string(cores.size()));
    add(spec.argv, "--cores", join(cores));
    // The dataplane counts per worker.
    add(spec.argv, "--tcp-connections-max",
        std::to_string((config.tcp_connections_max + cores.size() - 1) / cores.size()));
    add(spec.argv, "--tcp-idle-ms", std::to_string(config.tcp_idle.count()));
    add_dataplane_options(spec, config, channel, runtime);
    return spec;
}

void add_dataplane_options(ProcessSpec& spec, const Config& config, int channel, int runtime) {
    add(spec.argv, "--channel-fd", std::to_string(channel));
    add(spec.argv, "--runtime-fd", std::to_string(runtime));
    add(spec.argv, "--checkpoint", config.checkpoint());
    add(spec.argv, "--seccomp", config.seccomp);
    add(spec.argv, "--rate-limit", std::to_string(config.rate_limit_per_second));
    add(spec.argv, "--rate-limit-burst-ms", std::to_string(config.rate_limit_burst.count()));
    add(spec.argv, "--rate-limit-slip", std::to_string(config.rate_limit_slip));
    for (const std::string& network : config.rate_limit_exempt)
        add(spec.argv, "--rate-limit-exempt", network);
    add(spec.argv, "--log-format", config.log_format);
    add(spec.argv, "--log-level", config.log_level);
    if (::geteuid() == 0)
        add(spec.argv, "--user", config.dataplane_user.empty() ? "nobody" : config.dataplane_user);
}

ProcessSpec controlplane_spec(const ChildPrograms& programs, const Config& config, int channel,
                              int runtime) {
    ProcessSpec spec;
    spec.argv = {programs.controlplane};
    spec.descriptors = {channel, runtime};
    spec.death_signal = SIGTERM;
    add(spec.argv, "--dsn", config.dsn);
    add(spec.argv, "--state-dir", config.state_dir);
    add(spec.argv, "--control-socket", config.control_socket());
    add(spec.argv, "--arena-size-max", std::to_string(config.arena_size_max));
    add(spec.argv, "--checkpoint-interval", std::to_string(config.checkpoint_interval.count()));
    add(spec.argv, "--channel-fd", std::to_string(channel));
    add(spec.argv, "--runtime-fd", std::to_string(runtime));
    add(spec.argv, "--log-format", config.log_format);
    add(spec.argv, "--log-level", config.log_level);
    if (::geteuid() == 0 && !config.controlplane_user.empty())
        add(spec.argv, "--user", config.controlplane_user);
    return spec;
}

Result<std::string> read_password(const Config& config) {
    if (config.password_file.empty()) return std::string();
    std::ifstream file(config.password_file);
    std::string line;
    if (!file || !std::getline(file, line))
        return fail(errno == EACCES ? ErrorCode::permission : ErrorCode::invalid,
                    "cannot read database.password_file {}: {}", config.password_file,
                    errno == 0 ? "it is empty" : std::strerror(errno));
    return line;
}

}  // namespace gatepost::tools
