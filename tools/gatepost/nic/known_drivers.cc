#include "tools/gatepost/nic/known_drivers.h"

namespace gatepost::tools {

namespace {

constexpr KnownDriver kDrivers[] = {
    {.name = "mlx5_core", .native = true, .zero_copy = true, .dpdk = "net_mlx5", .shares = true},
    {.name = "i40e", .native = true, .zero_copy = true, .dpdk = "net_i40e"},
    {.name = "ice", .native = true, .zero_copy = true, .dpdk = "net_ice"},
    {.name = "ixgbe", .native = true, .zero_copy = true, .dpdk = "net_ixgbe"},
    {.name = "igc", .native = true, .zero_copy = true, .dpdk = "net_igc"},
    {.name = "nfp", .native = true, .zero_copy = true},
    {.name = "stmmac", .native = true, .zero_copy = true},
    {.name = "igb", .native = true, .dpdk = "net_e1000_igb"},
    {.name = "e1000e", .dpdk = "net_e1000_em"},
    {.name = "iavf", .dpdk = "net_iavf"},
    {.name = "vmxnet3", .dpdk = "net_vmxnet3"},
    {.name = "virtio_net", .native = true, .dpdk = "net_virtio"},
    {.name = "ena", .native = true, .dpdk = "net_ena"},
    {.name = "bnxt_en", .native = true, .dpdk = "net_bnxt"},
    {.name = "ixgbevf", .native = true},
    {.name = "mlx4_core", .native = true},
    {.name = "hv_netvsc", .native = true},
    {.name = "qede", .native = true},
    {.name = "sfc", .native = true},
    {.name = "mvneta", .native = true},
    {.name = "mvpp2", .native = true},
    {.name = "atlantic", .native = true},
    {.name = "tun", .native = true},
    {.name = "veth", .native = true},
};

}  // namespace

const KnownDriver* find_known_driver(std::string_view name) {
    for (const KnownDriver& driver : kDrivers)
        if (driver.name == name) return &driver;
    return nullptr;
}

XdpFeatures features_of_driver(std::string_view name) {
    const KnownDriver* driver = find_known_driver(name);
    if (driver == nullptr) return {};
    return {driver->native, driver->zero_copy};
}

std::string zero_copy_drivers() {
    std::string out;
    for (const KnownDriver& driver : kDrivers)
        if (driver.zero_copy) out += (out.empty() ? "" : ", ") + std::string(driver.name);
    return out;
}

}  // namespace gatepost::tools
