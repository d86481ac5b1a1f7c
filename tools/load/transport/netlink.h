// Requests to the kernel's routing socket (rtnetlink(7)).
#pragma once

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "storage/base/bytes.h"
#include "storage/base/error.h"

namespace gatepost::tools {

// A request under construction: header, the family's own structure, attributes.
class NetlinkRequest {
  public:
    NetlinkRequest(uint16_t type, uint16_t flags);

    template <typename Body>
    void body(const Body& body) {
        append(&body, sizeof body);
    }
    void attribute(uint16_t type, Bytes value);
    // What to send: its length filled in.
    Bytes finish();

  private:
    void append(const void* data, size_t length);
    std::vector<uint8_t> octets_;
};

// A message of the answer; attributes are read with netlink_attribute.
struct NetlinkMessage {
    uint16_t type = 0;
    Bytes body;  // behind the header
};

// The value of an attribute that follows a structure of `offset` octets; empty where it is missing.
Bytes netlink_attribute(const NetlinkMessage& message, size_t offset, uint16_t type);

// The error is the kernel's, without what was asked for.
Status netlink_ask(NetlinkRequest request, const std::function<void(const NetlinkMessage&)>& take);

}  // namespace gatepost::tools
