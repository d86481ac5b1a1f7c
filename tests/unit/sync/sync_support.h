// What the tests of the sync path share: replication messages built octet by octet, rows, and a
// look into the index as a reader has it.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/sync/change_batch.h"
#include "controlplane/sync/zone_store.h"
#include "storage/arena/runtime_page.h"
#include "storage/base/bytes.h"

namespace gatepost::controlplane::tests {

using Octets = std::vector<uint8_t>;
using Values = std::vector<std::string>;

// text[] in PostgreSQL's binary form.
Octets text_array(const Values& values);

// A row that owns what it refers to.
class OwnedRRset {
  public:
    OwnedRRset(ZoneId zone, std::string name, std::string type, int64_t ttl, const Values& values);
    operator RRsetRow() const { return {{zone_, name_, type_}, ttl_, rdata_, false}; }

  private:
    ZoneId zone_;
    std::string name_;
    std::string type_;
    int64_t ttl_;
    Octets rdata_;
};

ZoneRow zone_row(ZoneId id, std::string_view name, int64_t serial = 1);
RRsetKey rrset_key(ZoneId id, std::string_view name, std::string_view type);

// Builds pgoutput messages. A column is sent in binary form.
class MessageBuilder {
  public:
    explicit MessageBuilder(char type) { u8(static_cast<uint8_t>(type)); }
    MessageBuilder& u8(uint8_t value);
    MessageBuilder& u16(uint16_t value);
    MessageBuilder& u32(uint32_t value);
    MessageBuilder& u64(uint64_t value);
    MessageBuilder& text(std::string_view value);  // with its final zero
    MessageBuilder& binary(const Octets& value);
    MessageBuilder& binary(std::string_view value);
    MessageBuilder& int8(int64_t value);
    MessageBuilder& int4(int32_t value);
    const Octets& octets() const { return octets_; }
    operator Bytes() const { return octets_; }

  private:
    Octets octets_;
};

inline constexpr RelationId kZonesRelation = 101;
inline constexpr RelationId kRRsetsRelation = 102;
inline constexpr RelationId kCookieSecretsRelation = 103;

Octets begin_message(Lsn final_lsn = 0x100);
Octets commit_message(Lsn end_lsn = 0x120);
Octets relation_message(RelationId id, std::string_view schema, std::string_view table,
                        std::initializer_list<std::string_view> columns);
// The columns stand in another order than the programs', and with others between.
Octets zones_relation();
Octets rrsets_relation();
Octets cookie_secrets_relation();
Octets cookie_secret_tuple(int64_t id, uint8_t octet, std::string_view state);
Octets cookie_secret_key_tuple(int64_t id);
Octets zone_tuple(const ZoneRow& row);  // without message type and relation
Octets rrset_tuple(const RRsetRow& row);
Octets rrset_key_tuple(const RRsetKey& key);
Octets row_message(char type, RelationId relation, char kind, const Octets& tuple);

// A store with an arena of its own.
struct TestStore {
    TestStore();
    // The record data in answer form of what a reader finds; nullopt: no such RRset.
    struct Found {
        uint16_t count;
        Octets data;
    };
    std::optional<Found> find(std::string_view name, std::string_view type) const;
    // The number of records; 0: none.
    int count(std::string_view name, std::string_view type) const;
    // Of the zone's SOA; nullopt: no such zone.
    std::optional<uint32_t> serial(std::string_view zone) const;
    // The first octets of the cookie secrets that a reader finds, the active one first behind a
    // '!': "!1 2 3".
    std::string cookie_secrets() const;
    std::string hold_reason(std::string_view zone) const;

    storage::RuntimeMapping page;
    std::unique_ptr<ZoneStore> store;
};

}  // namespace gatepost::controlplane::tests
