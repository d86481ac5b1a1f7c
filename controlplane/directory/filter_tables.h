// The tables of rules about what is in a message on their way into the directory: they are compiled
// (controlplane/filter), and the result goes there in chunks. What was there before stays until
// that is done, and where it fails.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

#include "controlplane/directory/directory_entries.h"
#include "controlplane/filter/filter_builder.h"
#include "storage/filter/filter_manifest.h"

namespace gatepost::controlplane {

class FilterTables {
  public:
    // Most sets of rules are compiled in that time, and are in force with the transaction that
    // brought them; nothing else is held up longer by those that are not.
    static constexpr auto kPatience = std::chrono::milliseconds(50);

    // `entries` outlives this.
    explicit FilterTables(DirectoryEntries& entries) : entries_(entries) {}

    // Note a row; the next finish() compiles.
    void put(const FilterRuleRow& row) { put(rules_, row); }
    void put(const FilingRuleRow& row) { put(filing_rules_, row); }
    void put(const FilterSettingsRow& row);
    void remove(const FilterRuleKey& key) { changed_ |= rules_.erase(key.id) != 0; }
    void remove(const FilingRuleKey& key) { changed_ |= filing_rules_.erase(key.id) != 0; }
    void remove(const FilterSettingsKey&) { put(FilterSettingsRow()); }

    // Begins to compile where something has changed, and waits for the result so long. Entries are
    // made of one that is there.
    void finish(std::chrono::milliseconds patience);
    // Counts what finish() has changed in the directory.
    uint64_t placements() const { return placements_; }
    // Readable where finish() may find a result; -1: nothing was compiled yet.
    int ready_fd() const { return builder_ ? builder_->ready_fd() : -1; }

  private:
    template <typename Row>
    void put(std::unordered_map<int64_t, Row>& rows, const Row& row) {
        const auto [place, is_new] = rows.try_emplace(row.id, row);
        if (!is_new && place->second == row) return;
        place->second = row;
        changed_ = true;
    }
    FilterSource source() const;
    void hold_rules(const FilterCompilation& compiled);
    void place(const std::vector<uint8_t>& image);
    void remove_chunks(const storage::FilterManifest& manifest);
    void clear();

    DirectoryEntries& entries_;
    std::unordered_map<int64_t, FilterRuleRow> rules_;
    std::unordered_map<int64_t, FilingRuleRow> filing_rules_;
    FilterSettingsRow settings_;
    bool changed_ = false;
    uint64_t placements_ = 0;
    std::unique_ptr<FilterBuilder> builder_;           // made with the first rule
    std::optional<storage::FilterManifest> manifest_;  // that is in the directory
    std::vector<uint8_t> unplaced_;  // an image that did not fit; tried again each time
    std::set<std::string> held_;     // rules that are held
};

}  // namespace gatepost::controlplane
