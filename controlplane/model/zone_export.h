// Reads a zone out of the database, in one snapshot: for export, and for the checks of a whole
// zone.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/pg/connection.h"
#include "storage/base/error.h"
#include "storage/zone/zone_data.h"

namespace gatepost::controlplane {

// A record that only somebody who wrote past the control plane can have made: the database checks
// the data of few types. With `problems`, it is left out and described there; without, it is an
// error of code invalid.
Result<storage::ZoneData> zone_read(Connection& connection, std::string_view name,
                                    std::vector<std::string>* problems = nullptr);

// The RRsets in canonical order (RFC 4034 §6.1), the SOA first. An error that `sink` gives ends it.
Status zone_export(Connection& connection, std::string_view name,
                   const std::function<Status(const storage::RRset&)>& sink);

}  // namespace gatepost::controlplane
