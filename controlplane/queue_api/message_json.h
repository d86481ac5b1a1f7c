// Messages of a lease as JSON. Octets that are no UTF-8 cannot be in JSON: they go as base64.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "controlplane/model/outbound_lease.h"

namespace gatepost::controlplane {

bool is_utf8(std::string_view octets);

// With "text": the message in "text" where it is UTF-8, else (and without it) in "data" as base64.
// `octets` nullptr: too large for that; "href" says where it is.
nlohmann::ordered_json leased_message_json(const LeasedMessage& message, const std::string* octets,
                                           bool as_text, const std::string& lease_id);

// {"mail_from", "rcpt_tos", "subject", "body", "data", "timestamp"}; in a message that is no UTF-8,
// what is none is replaced by U+FFFD, and "data_base64" has the octets.
nlohmann::ordered_json legacy_message_json(const LeasedMessage& message, const std::string& octets);

}  // namespace gatepost::controlplane
