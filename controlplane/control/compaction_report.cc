#include "controlplane/control/compaction_report.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace gatepost::controlplane {

namespace {

constexpr size_t kNamesMax = 200;  // of files; how many there are is told beside them

nlohmann::json names(const std::vector<std::string>& files) {
    return std::vector<std::string>(
        files.begin(), files.begin() + static_cast<ptrdiff_t>(std::min(files.size(), kNamesMax)));
}

}  // namespace

nlohmann::json compaction_report(const CompactionReport& report) {
    return {{"floor", report.floor},
            {"segments", report.segments},
            {"size_bytes", report.octets},
            {"live_bytes", report.live_octets},
            {"dead", report.dead.size()},
            {"dead_files", names(report.dead)},
            {"sparse", report.sparse.size()},
            {"sparse_files", names(report.sparse)},
            {"freed_bytes", report.freed},
            {"bodies_copied", report.bodies_copied},
            {"copied_bytes", report.octets_copied},
            {"messages_moved", report.messages_moved},
            {"more", report.more},
            {"waiting", report.waiting.size()},
            {"waiting_files", names(report.waiting)},
            {"waits_for", report.waits_for},
            {"findings", report.findings}};
}

}  // namespace gatepost::controlplane
