// Rows of the published tables, as the replication stream and the initial COPY bring them. Columns
// are found by name: their order in the table is the migrations' business.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "controlplane/sync/pgoutput.h"
#include "storage/base/error.h"

namespace gatepost::controlplane {

inline constexpr std::string_view kSchemaName = "gatepost";
inline constexpr std::string_view kZonesTable = "zones";
inline constexpr std::string_view kRRsetsTable = "rrsets";
inline constexpr std::string_view kCookieSecretsTable = "dns_cookie_secret";

using ZoneId = int64_t;  // gatepost.zones.id

// A zone with the fields of its SOA. Numbers are as the database has them: their ranges are checked
// where they are used, so that a bad one costs one zone and not the stream.
struct ZoneRow {
    ZoneId id = 0;
    std::string_view name;
    std::string_view mname;
    std::string_view rname;
    int64_t serial = 0;
    int64_t refresh = 0;  // seconds
    int64_t retry = 0;    // seconds
    int64_t expire = 0;   // seconds
    int64_t minimum = 0;  // seconds
    int64_t soa_ttl = 0;  // seconds
};

struct RRsetKey {
    ZoneId zone_id = 0;
    std::string_view name;
    std::string_view type;

    bool operator==(const RRsetKey&) const = default;
};

struct RRsetRow {
    RRsetKey key;
    int64_t ttl = 0;  // seconds
    Bytes rdata;      // text[] in PostgreSQL's binary form
    bool rdata_unchanged =
        false;  // not sent, because the UPDATE left it alone (FieldKind::unchanged)
};

struct CookieSecretRow {
    int64_t id = 0;
    Bytes secret;
    std::string_view state;
};

// Where the columns of a table stand in its tuples.
template <size_t N>
using ColumnIndexes = std::array<uint16_t, N>;

class ZoneColumns {
  public:
    static constexpr std::array<std::string_view, 10> kNames = {
        "id",      "name",  "mname",  "rname",   "serial",
        "refresh", "retry", "expire", "minimum", "soa_ttl"};

    // Refused (schema) where a column is missing.
    static Result<ZoneColumns> resolve(std::span<const std::string_view> columns);
    // The row refers to the tuple's octets.
    Result<ZoneRow> row(Tuple tuple) const;
    Result<ZoneId> key(Tuple tuple) const;

  private:
    ColumnIndexes<kNames.size()> index_{};
};

class RRsetColumns {
  public:
    static constexpr std::array<std::string_view, 5> kNames = {"zone_id", "name", "type", "ttl",
                                                               "rdata"};

    static Result<RRsetColumns> resolve(std::span<const std::string_view> columns);
    Result<RRsetRow> row(Tuple tuple) const;
    Result<RRsetKey> key(Tuple tuple) const;

  private:
    ColumnIndexes<kNames.size()> index_{};
};

class CookieSecretColumns {
  public:
    static constexpr std::array<std::string_view, 3> kNames = {"id", "secret", "state"};

    static Result<CookieSecretColumns> resolve(std::span<const std::string_view> columns);
    Result<CookieSecretRow> row(Tuple tuple) const;
    Result<int64_t> key(Tuple tuple) const;

  private:
    ColumnIndexes<kNames.size()> index_{};
};

// Rows in the compact form in which transactions and holds keep them. Reading one gives views into
// the octets, which must be whole rows written by append_row.
void append_row(std::vector<uint8_t>& out, const ZoneRow& row);
void append_row(std::vector<uint8_t>& out, const RRsetRow& row);
ZoneRow read_zone_row(Bytes octets);
RRsetRow read_rrset_row(Bytes octets);

}  // namespace gatepost::controlplane
