// The records by which mail programs find the services of a domain (RFC 6186, RFC 8314 §5.1).
#pragma once

#include <vector>

#include "controlplane/model/domain.h"
#include "tools/gatepost/config/config.h"

namespace gatepost::tools {

// SRV records of a domain whose mail this instance serves, "0 0 0 ." for what it does not. None
// where no address is listened on that others can reach, or this host has no name that they know.
std::vector<controlplane::ExtraRecord> service_records(const MailConfig& mail);

}  // namespace gatepost::tools
