// Compiled filter rules as a worker scans with them: an image and the databases in it. Immutable;
// whoever scans holds it, so that messages under way end with the rules they began with.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "storage/base/error.h"
#include "storage/filter/filter_image.h"

struct hs_database;
struct hs_scratch;

namespace gatepost::dataplane {

class FilterDatabase {
  public:
    // Takes the octets of an image over. Refuses (invalid) what is damaged, of another version of
    // Hyperscan, or for another kind of processor. Takes some milliseconds for 10,000 rules.
    static Result<std::shared_ptr<const FilterDatabase>> create(std::vector<uint8_t> octets);

    const storage::FilterImage& rules() const { return image_; }
    // nullptr: there are no patterns for it.
    const hs_database* values() const { return values_.get(); }
    const hs_database* bodies() const { return bodies_.get(); }
    const hs_database* raws() const { return raws_.get(); }

    // Whether a pattern is looked for there.
    bool uses(storage::FilterField field) const {
        return (fields_ >> static_cast<unsigned>(field) & 1) != 0;
    }
    // … in a field of that name, of the message's header or of one of its parts.
    bool uses_header(std::string_view name, bool of_message) const;

  private:
    struct FreeDatabase {
        void operator()(hs_database* database) const;
    };
    using Handle = std::unique_ptr<hs_database, FreeDatabase>;

    FilterDatabase() = default;
    static Status open(Bytes serialized, Handle& database);

    std::vector<uint8_t> octets_;
    storage::FilterImage image_;  // views into octets_
    Handle values_;
    Handle bodies_;
    Handle raws_;
    uint32_t fields_ = 0;                 // a bit for each FilterField
    std::vector<uint32_t> header_names_;  // field_name_hash() of each, sorted
};

// What Hyperscan works with during a call: one for each worker, large enough for all databases that
// it was fitted to.
class FilterScratch {
  public:
    FilterScratch() = default;
    ~FilterScratch();
    FilterScratch(const FilterScratch&) = delete;
    FilterScratch& operator=(const FilterScratch&) = delete;

    // Refused where memory is lacking.
    Status fit(const FilterDatabase& database);
    hs_scratch* get() const { return scratch_; }

  private:
    hs_scratch* scratch_ = nullptr;
};

}  // namespace gatepost::dataplane
