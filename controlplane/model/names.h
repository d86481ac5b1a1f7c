// Names and values as people write them, in the canonical form that the database holds.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/error.h"
#include "storage/zone/dname.h"
#include "storage/zone/rrtype.h"

namespace gatepost::controlplane {

// A zone, domain or host: absolute whether or not it has its final dot; lower-cased.
Result<storage::Dname> absolute_name(std::string_view text);

// An owner name in `zone`: "@" or "" is the apex; relative names are completed with the zone, but
// for one that ends in the zone's own name: "www.example.org" in example.org. lacks only its dot.
// Lower-cased. A name outside the zone is refused.
Result<storage::Dname> owner_name(std::string_view text, storage::DnameView zone);

// A person's mail address as RNAME: "ada.b@example.org" is ada\.b.example.org. (RFC 1035 §8). Text
// without @ is taken as a name already.
Result<storage::Dname> rname_from_text(std::string_view text);

// One record's data in canonical presentation form, relative names completed with `zone`. The data
// of TXT and SPF without any quotes is one text, spaces and all, cut into strings of 255 octets.
Result<std::string> canonical_value(storage::RRType type, std::string_view text,
                                    storage::DnameView zone);
// Several, in canonical order (RFC 4034 §6.3), as an import has them; what stands twice is kept
// once.
Result<std::vector<std::string>> canonical_values(storage::RRType type,
                                                  const std::vector<std::string>& texts,
                                                  storage::DnameView zone);

// A type that an RRset can have: no SOA, which is the zone's own row, and none of messages only.
Result<storage::RRType> rrset_type(std::string_view text);

}  // namespace gatepost::controlplane
