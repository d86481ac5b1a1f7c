#include "tools/gatepost/config/nic_config.h"

#include <arpa/inet.h>
#include <net/if.h>

#include <charconv>

#include "storage/arena/runtime_page.h"

namespace gatepost::tools {

namespace {

constexpr uint64_t kQueuesMax = 32;

constexpr ConfigKey kKeys[] = {
    {.name = "nic.interface",
     .kind = KeyKind::name,
     .default_value = "",
     .since = "0.2",
     .description =
         "The network interface; required. With driver \"device\" any name to call it by.",
     .example = "eth1"},
    {.name = "nic.driver",
     .kind = KeyKind::choice,
     .default_value = "af_xdp",
     .choices = "af_xdp af_packet bifurcated device",
     .since = "0.2",
     .description =
         "How frames reach the workers. \"af_xdp\": the kernel keeps the interface, and an XDP "
         "program passes it all but the DNS queries. \"af_packet\": by a packet socket, for hosts "
         "without the right to load XDP programs; the addresses must not be the kernel's. "
         "\"bifurcated\": a DPDK driver that shares its device with the kernel (mlx5). \"device\": "
         "any "
         "device of DPDK, which then belongs to DNS alone.",
     .example = "af_xdp"},
    {.name = "nic.device",
     .kind = KeyKind::name,
     .default_value = "",
     .since = "0.2",
     .description = "The device as DPDK names it, for the drivers \"device\" and \"bifurcated\".",
     .example = "0000:03:00.0"},
    {.name = "nic.addresses",
     .kind = KeyKind::names,
     .default_value = "",
     .since = "0.2",
     .description =
         "The addresses that queries come to. Unset: what dns.listen says, 0.0.0.0 and :: being "
         "all "
         "addresses of the host, and followed as they change. Required for \"af_packet\" and "
         "\"device\".",
     .example = "192.0.2.53, 2001:db8::53"},
    {.name = "nic.queues",
     .kind = KeyKind::workers,
     .default_value = "auto",
     .minimum = 1,
     .maximum = kQueuesMax,
     .since = "0.2",
     .description = "Receive queues, each with a worker of its own. \"auto\": those that the "
                    "interface has, which for af_xdp is the only right number.",
     .example = "4"},
    {.name = "nic.cores",
     .kind = KeyKind::cores,
     .default_value = "auto",
     .since = "0.2",
     .description =
         "The cores that the queues' workers are pinned to, one each in this order. \"auto\": the "
         "cores that the process may use, in order, from the first again when they are used up.",
     .example = "2-5"},
    {.name = "nic.xdp_mode",
     .kind = KeyKind::choice,
     .default_value = "auto",
     .choices = "auto native generic",
     .since = "0.2",
     .description =
         "Where the XDP program runs: \"native\" in the interface's driver, \"generic\" in the "
         "kernel's stack (any interface, slower); \"auto\" takes the better one that works.",
     .example = "native"},
    {.name = "nic.idle",
     .kind = KeyKind::choice,
     .default_value = "adaptive",
     .choices = "adaptive spin",
     .since = "0.2",
     .description =
         "What a worker without queries does: \"adaptive\" sleeps, \"spin\" keeps its core "
         "busy for the last microseconds of latency.",
     .example = "spin"},
    {.name = "nic.hugepages",
     .kind = KeyKind::choice,
     .default_value = "auto",
     .choices = "auto off",
     .since = "0.2",
     .description = "\"auto\": packet buffers in 2 MiB pages where enough are free.",
     .example = "off"},
};

std::string text(const NicTable& table, const char* key) {
    const auto found = table.values.find(key);
    if (found != table.values.end() && !found->second.empty()) return found->second.front();
    for (const ConfigKey& known : kKeys)
        if (known.name.substr(4) == key) return std::string(known.default_value);
    return "";
}

NicDriver driver_from_text(std::string_view name) {
    if (name == "af_packet") return NicDriver::af_packet;
    if (name == "bifurcated") return NicDriver::bifurcated;
    if (name == "device") return NicDriver::device;
    return NicDriver::af_xdp;
}

Status check_addresses(const NicTable& table, const NicConfig& nic) {
    for (const std::string& address : nic.addresses) {
        unsigned char octets[16];
        if (::inet_pton(AF_INET, address.c_str(), octets) != 1 &&
            ::inet_pton(AF_INET6, address.c_str(), octets) != 1)
            return fail(ErrorCode::invalid, "{}: \"{}\" is not an IPv4 or IPv6 address",
                        table.origin, address);
    }
    const bool own = nic.driver == NicDriver::af_packet || nic.driver == NicDriver::device;
    if (own && nic.addresses.empty())
        return fail(
            ErrorCode::invalid,
            "{}: nic {} with driver \"{}\" needs `addresses`: the kernel does not answer for "
            "this interface",
            table.origin, nic.interface, text(table, "driver"));
    return {};
}

}  // namespace

std::span<const ConfigKey> nic_keys() {
    return kKeys;
}

Result<NicConfig> nic_from_table(const NicTable& table) {
    NicConfig nic;
    nic.interface = text(table, "interface");
    if (nic.interface.empty())
        return fail(ErrorCode::invalid, "{}: [[nic]] needs `interface`", table.origin);
    if (nic.interface.size() >= IF_NAMESIZE || nic.interface.find('/') != std::string::npos)
        return fail(ErrorCode::invalid, "{}: \"{}\" cannot be an interface's name", table.origin,
                    nic.interface);
    nic.driver = driver_from_text(text(table, "driver"));
    nic.device = text(table, "device");
    const bool wants_device =
        nic.driver == NicDriver::device || nic.driver == NicDriver::bifurcated;
    if (wants_device == nic.device.empty())
        return fail(
            ErrorCode::invalid,
            "{}: nic {}: `device` belongs to the drivers \"device\" and \"bifurcated\", and "
            "only to them",
            table.origin, nic.interface);
    if (const auto found = table.values.find("addresses"); found != table.values.end())
        nic.addresses = found->second;
    if (Status fine = check_addresses(table, nic); !fine) return tl::unexpected(fine.error());
    if (const std::string queues = text(table, "queues"); queues != "auto") {
        unsigned count = 0;
        std::from_chars(queues.data(), queues.data() + queues.size(), count);
        nic.queues = count;
    }
    if (const std::string cores = text(table, "cores"); cores != "auto") {
        auto list = cores_from_text(cores);
        if (!list) return tl::unexpected(std::move(list).error());
        nic.cores = std::move(*list);
        if (nic.queues && nic.cores->size() < *nic.queues)
            return fail(ErrorCode::invalid, "{}: nic {} has {} queues and only {} cores",
                        table.origin, nic.interface, *nic.queues, nic.cores->size());
    }
    nic.xdp_mode = text(table, "xdp_mode");
    nic.spin = text(table, "idle") == "spin";
    nic.hugepages = text(table, "hugepages") == "auto";
    return nic;
}

}  // namespace gatepost::tools
