// The filter of a worker: takes new rules over from the directory between two messages.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "dataplane/filter/filter_scan.h"
#include "storage/directory/directory_view.h"
#include "storage/filter/filter_manifest.h"

namespace gatepost::dataplane {

class FilterLoader {
  public:
    // Both outlive it.
    FilterLoader(const Charsets& charsets, FilterCounters& counters)
        : charsets_(charsets), counters_(counters) {}

    // For the next message; nullptr: there are no rules. One look-up where nothing is new; new
    // rules take milliseconds. Rules that cannot be loaded leave those before in force, which is
    // counted and logged. The caller is online while this runs (DirectoryView); the scan does not
    // outlive this object.
    std::unique_ptr<FilterScan> make_scan(const storage::DirectoryView& view);

  private:
    void refresh(const storage::DirectoryView& view);
    Status load(const storage::DirectoryView& view, Bytes manifest);

    const Charsets& charsets_;
    FilterCounters& counters_;
    FilterScratch scratch_;
    std::shared_ptr<const FilterDatabase> database_;
    std::optional<storage::FilterManifest> manifest_;  // of what is loaded
    uint64_t seen_serial_ = 0;  // of the manifest's entry that was dealt with; 0: none
};

}  // namespace gatepost::dataplane
