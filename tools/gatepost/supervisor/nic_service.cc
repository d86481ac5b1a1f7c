#include "tools/gatepost/supervisor/nic_service.h"

#include <net/if.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>

#include "controlplane/log/event_log.h"
#include "dataplane/net/host_addresses.h"

namespace gatepost::tools {

using controlplane::log_info;
using controlplane::log_warning;

namespace {

constexpr unsigned kQueuesMax = 32;  // as in the configuration's nic.queues

dataplane::XdpMode xdp_mode(const std::string& name) {
    if (name == "native") return dataplane::XdpMode::native;
    if (name == "generic") return dataplane::XdpMode::generic;
    return dataplane::XdpMode::any;
}

void add(std::vector<std::string>& argv, const std::string& option, const std::string& value) {
    argv.push_back(option);
    argv.push_back(value);
}

std::string join(const std::vector<std::string>& words) {
    std::string out;
    for (const std::string& word : words) out += (out.empty() ? "" : ",") + word;
    return out;
}

template <typename Number>
std::string join_numbers(const std::vector<Number>& numbers) {
    std::vector<std::string> words;
    for (Number number : numbers) words.push_back(std::to_string(number));
    return join(words);
}

}  // namespace

unsigned interface_queues(const std::string& interface) {
    std::error_code error;
    unsigned count = 0;
    std::filesystem::directory_iterator at("/sys/class/net/" + interface + "/queues", error);
    for (; !error && at != std::filesystem::directory_iterator(); at.increment(error))
        if (at->path().filename().string().starts_with("rx-")) ++count;
    return std::clamp(count, 1u, kQueuesMax);
}

NicService::NicService(const NicConfig& nic, size_t slot, unsigned first_worker)
    : nic_(nic),
      slot_(slot),
      first_worker_(first_worker),
      queues_(nic.queues.value_or(interface_queues(nic.interface))),
      process_("nic " + nic.interface, {0, SIGTERM, SIGKILL}) {}

Status NicService::prepare(const Config& config) {
    endpoints_ = served_endpoints(config, nic_);
    if (!uses_xdp()) return {};
    auto program = dataplane::XdpProgram::attach({.interface = nic_.interface,
                                                  .mode = xdp_mode(nic_.xdp_mode),
                                                  .queues = interface_queues(nic_.interface)});
    if (!program) return tl::unexpected(std::move(program).error());
    if (Status served = program->serve(endpoints_); !served) return served;
    program_ = std::move(*program);
    log_info("nic.attached")
        .field("interface", nic_.interface)
        .field("mode", program_->is_native() ? "native" : "generic")
        .field("queues", queues_)
        .field("addresses", join(served_addresses(endpoints_)));
    return {};
}

void NicService::refresh(const Config& config, TimePoint now) {
    if (!uses_xdp()) return;
    if (program_ && !program_->is_attached()) {
        log_warning("nic.gone").field("interface", nic_.interface);
        program_.reset();
        process_.unwant();
        process_.stop(now);
    }
    if (!program_) {
        // Until the old process is gone, the new program's queues have nobody.
        if (process_.is_running() || ::if_nametoindex(nic_.interface.c_str()) == 0) return;
        if (Status prepared = prepare(config); !prepared) {
            log_warning("nic.not_attached")
                .field("interface", nic_.interface)
                .field("error", prepared.error().message);
            return;
        }
        process_.want(now);
        return;
    }
    auto endpoints = served_endpoints(config, nic_);
    if (endpoints == endpoints_) return;
    endpoints_ = std::move(endpoints);
    if (Status served = program_->serve(endpoints_); !served)
        log_warning("nic.addresses_not_followed")
            .field("interface", nic_.interface)
            .field("error", served.error().message);
    else
        log_info("nic.addresses")
            .field("interface", nic_.interface)
            .field("addresses", join(served_addresses(endpoints_)));
}

// xdp_prog makes DPDK look for a map of sockets rather than attach a program of its own; which file
// it names does not matter (dataplane/port/af_xdp_program.h). busy_budget=0: no system call for an
// empty queue.
std::string NicService::devargs() const {
    switch (nic_.driver) {
        case NicDriver::af_xdp:
            return fmt::format(
                "net_af_xdp0,iface={},queue_count={},busy_budget=0,xdp_prog=/dev/null",
                nic_.interface, queues_);
        case NicDriver::af_packet:
            return fmt::format(
                "net_af_packet0,iface={},qpairs={},blocksz=4096,framesz=2048,framecnt=4096,"
                "qdisc_bypass=1",
                nic_.interface, queues_);
        case NicDriver::bifurcated:
        case NicDriver::device:
            return nic_.device;
    }
    return {};
}

ProcessSpec NicService::spec(const ChildPrograms& programs, const Config& config, int channel,
                             int runtime) const {
    ProcessSpec spec;
    spec.argv = {programs.dataplane};
    spec.descriptors = {channel, runtime};
    spec.death_signal = SIGTERM;
    add(spec.argv, "--device", devargs());
    add(spec.argv, "--queues", std::to_string(queues_));
    const std::vector<unsigned> usable = nic_.cores ? *nic_.cores : usable_cores();
    std::vector<unsigned> cores;
    for (unsigned i = 0; i < queues_; ++i) cores.push_back(usable[i % usable.size()]);
    add(spec.argv, "--queue-cores", join_numbers(cores));
    if (program_) {
        add(spec.argv, "--xsks-map-fd", std::to_string(program_->xsks_map()));
        spec.descriptors.push_back(program_->xsks_map());
    }
    size_t ipv4 = 0, ipv6 = 0;
    for (const std::string& address : served_addresses(endpoints_)) {
        // The XDP program knows them all; the process needs them to recognise its own as a source.
        size_t& count = address.find(':') == std::string::npos ? ipv4 : ipv6;
        if (count++ < dataplane::kHostAddressesMax) add(spec.argv, "--address", address);
    }
    add(spec.argv, "--port", join_numbers(served_ports(config)));
    if (nic_.driver == NicDriver::af_packet || nic_.driver == NicDriver::device)
        spec.argv.push_back("--all-frames");
    if (nic_.driver == NicDriver::bifurcated) spec.argv.push_back("--steer");
    if (nic_.spin) add(spec.argv, "--idle-us", "0");
    if (!nic_.hugepages) spec.argv.push_back("--no-hugepages");
    add(spec.argv, "--first-worker", std::to_string(first_worker_));
    add(spec.argv, "--nic-slot", std::to_string(slot_));
    add_dataplane_options(spec, config, channel, runtime);
    return spec;
}

}  // namespace gatepost::tools
