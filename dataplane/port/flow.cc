#include "dataplane/port/flow.h"

#include <rte_byteorder.h>
#include <rte_ethdev.h>
#include <rte_flow.h>

#include <cstring>
#include <numeric>

namespace gatepost::dataplane {

namespace {

Status create(uint16_t port, rte_flow_item_type network, uint16_t udp_port,
              const rte_flow_action_rss& spread) {
    rte_flow_attr attributes{};
    attributes.ingress = 1;
    rte_flow_item_udp wanted{};
    rte_flow_item_udp mask{};
    wanted.hdr.dst_port = rte_cpu_to_be_16(udp_port);
    mask.hdr.dst_port = 0xffff;
    rte_flow_item pattern[4] = {};
    pattern[0].type = RTE_FLOW_ITEM_TYPE_ETH;
    pattern[1].type = network;
    pattern[2].type = RTE_FLOW_ITEM_TYPE_UDP;
    pattern[2].spec = &wanted;
    pattern[2].mask = &mask;
    pattern[3].type = RTE_FLOW_ITEM_TYPE_END;
    rte_flow_action actions[2] = {};
    actions[0].type = RTE_FLOW_ACTION_TYPE_RSS;
    actions[0].conf = &spread;
    actions[1].type = RTE_FLOW_ACTION_TYPE_END;
    rte_flow_error error{};
    if (::rte_flow_create(port, &attributes, pattern, actions, &error) != nullptr) return {};
    return fail(ErrorCode::refused, "steering UDP port {} to our queues: {}", udp_port,
                error.message == nullptr ? "the device refused" : error.message);
}

}  // namespace

Status isolate_flows(uint16_t port, const std::string& driver) {
    rte_flow_error error{};
    if (driver.starts_with("mlx5") && ::rte_flow_isolate(port, 1, &error) == 0) return {};
    return fail(ErrorCode::usage,
                "driver {} cannot leave part of its traffic to the kernel{}{}; use the AF_XDP "
                "driver, or give the whole device to DNS",
                driver, error.message == nullptr ? "" : ": ",
                error.message == nullptr ? "" : error.message);
}

Status steer_flows(uint16_t port, unsigned queues, const std::vector<uint16_t>& udp_ports) {
    std::vector<uint16_t> numbers(queues);
    std::iota(numbers.begin(), numbers.end(), uint16_t{0});
    rte_flow_action_rss spread{};
    spread.types = RTE_ETH_RSS_IP | RTE_ETH_RSS_UDP;
    spread.queue_num = queues;
    spread.queue = numbers.data();
    for (uint16_t udp_port : udp_ports) {
        for (rte_flow_item_type network : {RTE_FLOW_ITEM_TYPE_IPV4, RTE_FLOW_ITEM_TYPE_IPV6}) {
            if (Status made = create(port, network, udp_port, spread); !made) return made;
        }
    }
    return {};
}

}  // namespace gatepost::dataplane
