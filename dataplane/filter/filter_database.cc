#include "dataplane/filter/filter_database.h"

#include <hs/hs_runtime.h>

#include <algorithm>

#include "dataplane/mail/header_field.h"

namespace gatepost::dataplane {

void FilterDatabase::FreeDatabase::operator()(hs_database* database) const {
    ::hs_free_database(database);
}

Status FilterDatabase::open(Bytes serialized, Handle& database) {
    if (serialized.empty()) return {};
    hs_database_t* made = nullptr;
    switch (::hs_deserialize_database(reinterpret_cast<const char*>(serialized.data()),
                                      serialized.size(), &made)) {
        case HS_SUCCESS:
            database.reset(made);
            return {};
        case HS_DB_VERSION_ERROR:
            return fail(ErrorCode::invalid,
                        "the filter rules were compiled by another version of Hyperscan: both "
                        "programs have to be of one installation");
        case HS_DB_PLATFORM_ERROR:
            return fail(ErrorCode::invalid,
                        "the filter rules were compiled for another kind of processor");
        case HS_NOMEM:
            return fail(ErrorCode::refused, "no memory for filter rules of {} octets",
                        serialized.size());
        default:
            return fail(ErrorCode::invalid, "the compiled filter rules are damaged");
    }
}

Result<std::shared_ptr<const FilterDatabase>> FilterDatabase::create(std::vector<uint8_t> octets) {
    std::shared_ptr<FilterDatabase> database(new FilterDatabase);
    database->octets_ = std::move(octets);
    auto image = storage::decode_filter_image(database->octets_);
    if (!image) return tl::unexpected(std::move(image).error());
    Status ok = open(image->values, database->values_);
    if (ok) ok = open(image->bodies, database->bodies_);
    if (ok) ok = open(image->raws, database->raws_);
    if (!ok) return tl::unexpected(std::move(ok).error());
    std::vector<uint32_t>& names = database->header_names_;
    for (const storage::FilterPattern& pattern : image->patterns) {
        database->fields_ |= uint32_t{1} << static_cast<unsigned>(pattern.field);
        if (pattern.field == storage::FilterField::header)
            names.push_back(field_name_hash(pattern.header_name));
        if (pattern.field == storage::FilterField::recipients)
            names.insert(names.end(), {field_name_hash("to"), field_name_hash("cc")});
    }
    std::ranges::sort(names);
    names.erase(std::unique(names.begin(), names.end()), names.end());
    database->image_ = std::move(*image);
    return database;
}

bool FilterDatabase::uses_header(std::string_view name, bool of_message) const {
    if (uses(storage::FilterField::any_header)) return true;
    return of_message && std::ranges::binary_search(header_names_, field_name_hash(name));
}

FilterScratch::~FilterScratch() {
    ::hs_free_scratch(scratch_);
}

Status FilterScratch::fit(const FilterDatabase& database) {
    for (const hs_database* one : {database.values(), database.bodies(), database.raws()})
        if (one != nullptr && ::hs_alloc_scratch(one, &scratch_) != HS_SUCCESS)
            return fail(ErrorCode::refused, "no memory to scan with the filter rules");
    return {};
}

}  // namespace gatepost::dataplane
