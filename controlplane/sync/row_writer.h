// Puts rows of the database into the zone index: text to wire form, then to the writer. An error of
// code invalid is about the row; of code refused, about the index (it is full).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "controlplane/sync/rows.h"
#include "storage/zone_index/writer.h"

namespace gatepost::controlplane {

// Checks names and numbers.
Result<storage::SoaFields> soa_from_row(const ZoneRow& row);

class RowWriter {
  public:
    explicit RowWriter(storage::ZoneIndexWriter& writer) : writer_(writer) {}

    // In the transaction that the writer has open.
    Status put(storage::ZoneIndex zone, const RRsetRow& row);
    Status remove(storage::ZoneIndex zone, const RRsetKey& key);

  private:
    Result<storage::RRType> type_of(std::string_view text);

    storage::ZoneIndexWriter& writer_;
    // Scratch, so that a row allocates nothing in the long run.
    std::vector<std::string_view> values_;
    std::vector<size_t> ends_;
    std::vector<uint8_t> wire_;
    std::vector<Bytes> rdatas_;
    std::string last_type_text_;
    storage::RRType last_type_{};
};

}  // namespace gatepost::controlplane
