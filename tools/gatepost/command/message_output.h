// How messages are shown.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/model/stored_message.h"

namespace gatepost::tools {

nlohmann::ordered_json stored_message_json(const controlplane::StoredMessage& message);
std::string stored_message_table(const std::vector<controlplane::StoredMessage>& messages);

// The parts of a message, a line each: number, type, encoding, size, name.
std::string structure_text(std::string_view octets);
nlohmann::ordered_json structure_json(std::string_view octets);

// For a terminal: what could move its cursor becomes "?"; octets that are no UTF-8, too.
std::string printable(std::string_view text);

}  // namespace gatepost::tools
