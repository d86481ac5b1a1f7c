#include "dataplane/filter/filter_loader.h"

#include "dataplane/log/log.h"

namespace gatepost::dataplane {

std::unique_ptr<FilterScan> FilterLoader::make_scan(const storage::DirectoryView& view) {
    refresh(view);
    if (database_ == nullptr || database_->rules().patterns.empty()) return nullptr;
    return std::make_unique<FilterScan>(database_, scratch_, charsets_, counters_);
}

void FilterLoader::refresh(const storage::DirectoryView& view) {
    const auto entry = view.find(storage::EntryKind::filter_database, storage::kFilterManifestKey);
    if (!entry) {
        database_.reset();
        manifest_.reset();
        seen_serial_ = 0;
        return;
    }
    if (entry->serial == seen_serial_) return;
    const Status ok = load(view, entry->value);
    // The chunks of a manifest that was replaced just now are gone: the next message gets the new.
    if (!ok && ok.error().code == ErrorCode::conflict) return;
    seen_serial_ = entry->serial;
    if (ok) return;
    storage::count(counters_.load_failures);
    log(LogLevel::error, "filter.load_failed", {{"reason", ok.error().message}});
}

Status FilterLoader::load(const storage::DirectoryView& view, Bytes value) {
    const auto manifest = storage::decode_filter_manifest(value);
    if (!manifest) return tl::unexpected(manifest.error());
    if (manifest_ == *manifest) return {};  // of another arena, with the same rules
    auto image = storage::assemble_filter_image(view, *manifest);
    if (!image) return tl::unexpected(std::move(image).error());
    auto database = FilterDatabase::create(std::move(*image));
    if (!database) return tl::unexpected(std::move(database).error());
    if (Status ok = scratch_.fit(**database); !ok) return ok;
    database_ = std::move(*database);
    manifest_ = *manifest;
    storage::count(counters_.loads);
    log(LogLevel::info, "filter.loaded",
        {{"rules", database_->rules().rules.size()},
         {"filing_rules", database_->rules().filing_rules.size()},
         {"patterns", database_->rules().patterns.size()}});
    return {};
}

}  // namespace gatepost::dataplane
