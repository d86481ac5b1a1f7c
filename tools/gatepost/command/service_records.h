// The records by which mail programs find the services of a domain (RFC 6186, RFC 8314 §5.1).
#pragma once

#include <string>
#include <vector>

#include "controlplane/model/domain.h"
#include "tools/gatepost/config/config.h"

namespace gatepost::tools {

// Host names that a domain has for its services; "": that of the server.
struct ServiceHosts {
    std::string imap;
    std::string pop;
    std::string smtp;

    bool operator==(const ServiceHosts&) const = default;
};

// SRV records of a domain whose mail this instance serves, "0 0 0 ." for what it does not. None of
// services whose host has no name that others know; none at all where no address is listened on
// that they can reach.
std::vector<controlplane::ExtraRecord> service_records(const MailConfig& mail,
                                                       const ServiceHosts& hosts = {});

}  // namespace gatepost::tools
