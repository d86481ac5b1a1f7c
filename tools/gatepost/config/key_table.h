// The rows of the table of configuration keys (keys.h), in the order in which people read them.
#pragma once

#include <span>

#include "tools/gatepost/config/keys.h"

namespace gatepost::tools {

std::span<const ConfigKey> config_key_table();
// Those of HTTP, TLS and connections.
std::span<const ConfigKey> stream_key_table();
// Those of mail.
std::span<const ConfigKey> mail_key_table();

}  // namespace gatepost::tools
