// Parameters of a statement in PostgreSQL's binary form, arrays of one dimension among them: no
// quoting, and octets as they are.
#pragma once

#include <cstdint>
#include <deque>
#include <string_view>
#include <vector>

#include "storage/base/bytes.h"
#include "storage/message_log/blob.h"

namespace gatepost::controlplane {

// OIDs of element types (PostgreSQL's catalog/pg_type.dat), which never change.
enum class PgType : uint32_t {
    boolean = 16,
    bytea = 17,
    int8 = 20,
    int4 = 23,
    text = 25,
    timestamptz = 1184,
    uuid = 2950,
};

// An array's value (PostgreSQL's array_recv): add() for each element, then octets().
class BinaryArray {
  public:
    explicit BinaryArray(PgType element) : element_(element) {}

    void add(Bytes octets);
    void add_text(std::string_view text);
    void add_int4(int32_t value);
    void add_int8(int64_t value);
    void add_boolean(bool value);
    void add_uuid(const storage::BlobId& id);
    // Microseconds since 1970.
    void add_time(int64_t unix_us);
    void add_null();

    std::vector<uint8_t> octets() &&;

  private:
    PgType element_;
    uint32_t count_ = 0;
    bool has_null_ = false;
    std::vector<uint8_t> octets_ = std::vector<uint8_t>(kHead);

    static constexpr size_t kHead = 20;  // octets of an array of one dimension
};

// The parameters in their order.
class BinaryParams {
  public:
    void add(BinaryArray array) { values_.push_back(std::move(array).octets()); }
    void add_int4(int32_t value);
    void add_int8(int64_t value);
    void add_boolean(bool value) { values_.push_back({value ? uint8_t{1} : uint8_t{0}}); }
    void add_text(std::string_view text) { values_.emplace_back(text.begin(), text.end()); }

    const std::deque<std::vector<uint8_t>>& values() const { return values_; }

  private:
    std::deque<std::vector<uint8_t>> values_;
};

}  // namespace gatepost::controlplane
