// What a run over IMAP says: a line each second, a table or JSON at the end.
#pragma once

#include <string>
#include <string_view>

#include "tools/load/imap/imap_engine.h"
#include "tools/load/imap/imap_options.h"
#include "tools/load/imap/imap_statistics.h"
#include "tools/load/report.h"

namespace gatepost::tools {

struct ImapReport {
    const ImapLoadOptions& options;
    ImapStatistics statistics;
    CpuSeconds cpu;  // of the time measured
};

// "measuring", for programs that look at the server from there on.
std::string_view imap_stage_name(ImapStage stage);
// "  3.0 s  commands 41,000  refused 0  connections 10  p50 200 us  p99 900 us"
std::string imap_interval_line(const ImapInterval& interval);
std::string imap_report_table(const ImapReport& report);
// One object, with a final newline.
std::string imap_report_json(const ImapReport& report);

}  // namespace gatepost::tools
