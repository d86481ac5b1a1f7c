#include "controlplane/directory/filter_tables.h"

#include <algorithm>
#include <utility>

#include "controlplane/log/event_log.h"

namespace gatepost::controlplane {

using storage::EntryKind;
using storage::FilterManifest;

namespace {

const std::string kManifestKey{storage::kFilterManifestKey};

}  // namespace

void FilterTables::put(const FilterSettingsRow& row) {
    changed_ = changed_ || row != settings_;
    settings_ = row;
}

FilterSource FilterTables::source() const {
    FilterSource source{.settings = settings_};
    source.rules.reserve(rules_.size());
    for (const auto& [id, rule] : rules_) source.rules.push_back(rule);
    source.filing_rules.reserve(filing_rules_.size());
    for (const auto& [id, rule] : filing_rules_) source.filing_rules.push_back(rule);
    return source;
}

void FilterTables::finish(std::chrono::milliseconds patience) {
    if (!unplaced_.empty()) place(std::exchange(unplaced_, {}));
    if (std::exchange(changed_, false)) {
        if (rules_.empty() && filing_rules_.empty() && !builder_) return;
        if (!builder_) builder_ = std::make_unique<FilterBuilder>();
        builder_->submit(source());
    }
    if (!builder_) return;
    const auto result = builder_->take(patience);
    if (!result) return;
    if (!*result) {
        entries_.hold(EntryKind::filter_database, kManifestKey, result->error().message);
        return;
    }
    hold_rules(**result);
    if ((*result)->patterns == 0)
        clear();
    else
        place((*result)->image);
}

void FilterTables::hold_rules(const FilterCompilation& compiled) {
    std::set<std::string> now;
    for (const HeldFilterRule& rule : compiled.held) {
        now.insert(rule.what);
        if (entries_.held()->set(rule.what, rule.reason, false))
            log_warning("sync.entry_held")
                .field("entry", rule.what)
                .field("served", false)
                .field("reason", rule.reason);
    }
    for (const std::string& what : held_)
        if (!now.contains(what)) entries_.held()->clear(what);
    held_ = std::move(now);
}

// The manifest comes behind its chunks, and the chunks of the one before go behind it: a reader
// finds all chunks of the manifest that it finds, or finds another manifest.
void FilterTables::place(const std::vector<uint8_t>& image) {
    const FilterManifest manifest = storage::filter_manifest_of(image);
    if (manifest == manifest_) {
        entries_.release(EntryKind::filter_database, kManifestKey);
        return;
    }
    Status ok;
    for (size_t chunk = 0; chunk < manifest.chunks() && ok; ++chunk) {
        const size_t at = chunk * storage::kFilterChunkMax;
        const size_t size = std::min(image.size() - at, storage::kFilterChunkMax);
        ok = entries_.put(EntryKind::filter_database, manifest.chunk_key(chunk),
                          Bytes(image).subspan(at, size));
    }
    if (ok)
        ok = entries_.put(EntryKind::filter_database, kManifestKey,
                          storage::encode_filter_manifest(manifest));
    if (!ok) {
        remove_chunks(manifest);
        entries_.hold(EntryKind::filter_database, kManifestKey, ok.error().message);
        unplaced_ = image;
        return;
    }
    if (manifest_) remove_chunks(*manifest_);
    manifest_ = manifest;
    ++placements_;
}

void FilterTables::remove_chunks(const FilterManifest& manifest) {
    for (size_t chunk = 0; chunk < manifest.chunks(); ++chunk)
        entries_.remove(EntryKind::filter_database, manifest.chunk_key(chunk));
}

void FilterTables::clear() {
    entries_.remove(EntryKind::filter_database, kManifestKey);
    if (manifest_) remove_chunks(*manifest_);
    manifest_.reset();
    ++placements_;
}

}  // namespace gatepost::controlplane
