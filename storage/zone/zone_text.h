// Writes zones as master files (RFC 1035 §5) that read back to the very same zone: canonical order,
// one record a line with its owner, aligned columns, the SOA first and spread out for people.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "storage/base/error.h"
#include "storage/zone/dname.h"
#include "storage/zone/rrset.h"
#include "storage/zone/zone_data.h"

namespace gatepost::storage {

struct ZoneTextOptions {
    bool relative = true;  // owners relative to the apex; names inside the data are always absolute
};

// Writes RRset by RRset, for zones that are not in memory as a whole. Text is appended to `out`,
// which the caller may empty between two calls.
class ZoneTextWriter {
  public:
    // Begins with $ORIGIN and $TTL; records with the TTL `default_ttl` do not repeat it.
    ZoneTextWriter(DnameView apex, uint32_t default_ttl, const ZoneTextOptions& options,
                   std::string& out);

    // The zone's SOA is to come first.
    void write(const RRset& rrset);

  private:
    void write_owner(DnameView owner);
    void write_head(const RRset& rrset, Bytes rdata);
    void write_soa(Bytes rdata);
    void pad(size_t start, size_t columns);

    Dname apex_;
    uint32_t default_ttl_;
    ZoneTextOptions options_;
    std::string& out_;
    Dname owner_;             // the last one written
    std::string owner_text_;  // as it was written; empty: none yet
};

// `write` gets the text in pieces of some ten KiB; its error ends the writing.
Status write_zone_text(const ZoneData& zone, const ZoneTextOptions& options,
                       const std::function<Status(std::string_view)>& write);
std::string zone_to_text(const ZoneData& zone, const ZoneTextOptions& options = {});

}  // namespace gatepost::storage
